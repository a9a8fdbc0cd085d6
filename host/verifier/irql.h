/* IRQLs in sentences. */
#ifndef SYSBUF_HOST_VERIFIER_IRQL_H
#define SYSBUF_HOST_VERIFIER_IRQL_H

#include "host/nt.h"

const char *verifier_irql_name(KIRQL irql);

#endif
