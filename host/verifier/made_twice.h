/* Before lookaside lists and resources are initialised and deleted. */
#ifndef SYSBUF_HOST_VERIFIER_MADE_TWICE_H
#define SYSBUF_HOST_VERIFIER_MADE_TWICE_H

#include "host/nt.h"

struct verifier_call;

BOOLEAN lookaside_initialized(struct verifier_call *call);
BOOLEAN lookaside_deleted(struct verifier_call *call);
BOOLEAN resource_initialized(struct verifier_call *call);
BOOLEAN resource_deleted(struct verifier_call *call);

#endif
