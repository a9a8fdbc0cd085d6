/* Null pointers that are the caller's: probing one is no mistake, nor is the fault that follows. */
#ifndef SYSBUF_HOST_VERIFIER_FAULT_USER_H
#define SYSBUF_HOST_VERIFIER_FAULT_USER_H

#include "host/verifier/before.h"

/* Before ProbeForRead and ProbeForWrite. */
BOOLEAN fault_note_probe(struct verifier_call *call);

/* TRUE when an address next to zero was probed by this thread, or is in a buffer that the request
 * names: a fault there is the caller's doing. */
BOOLEAN fault_is_callers_null(uint64_t address);

#endif
