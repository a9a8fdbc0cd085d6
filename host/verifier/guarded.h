/* Whether an exception at some place would find a handler. */
#ifndef SYSBUF_HOST_VERIFIER_GUARDED_H
#define SYSBUF_HOST_VERIFIER_GUARDED_H

#include "host/nt.h"

/* TRUE when a driver's frame of the current thread has an __except around where it is. Handlers of
 * a kind that is not known count as one, and so does a
 * compiler that has none. context NULL: the caller's place. */
BOOLEAN verifier_is_guarded(const CONTEXT *context, BOOLEAN is_exact);

#endif
