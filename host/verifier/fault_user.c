/* Faults on a user's addresses: those that a probe or the request itself explains are the caller's
 * doing, and a handler is expected to take them. */
#include "host/verifier/fault_place.h"
#include "host/verifier/watch.h"

BOOLEAN verifier_user_fault(const struct linux_fault *fault, const CONTEXT *context)
{
    return fault_is_request_buffer(fault->address);
}
