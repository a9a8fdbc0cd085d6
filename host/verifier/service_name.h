/* Names that drivers give to system services. */
#ifndef SYSBUF_HOST_VERIFIER_SERVICE_NAME_H
#define SYSBUF_HOST_VERIFIER_SERVICE_NAME_H

#include "host/nt.h"

struct verifier_call;

/* Before a service whose second argument is a UNICODE_STRING; whose third are OBJECT_ATTRIBUTES. */
BOOLEAN service_string(struct verifier_call *call);
BOOLEAN service_attributes(struct verifier_call *call);

#endif
