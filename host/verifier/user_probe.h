/* Which user memory was probed. */
#ifndef SYSBUF_HOST_VERIFIER_USER_PROBE_H
#define SYSBUF_HOST_VERIFIER_USER_PROBE_H

#include "host/verifier/exchange.h"

/* The range is vouched for, for the current request and process. */
void verifier_probe_note(uint64_t address, SIZE_T length);

#endif
