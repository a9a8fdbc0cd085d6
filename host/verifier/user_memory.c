/* Faults at user addresses. */
#include "host/verifier/user_memory.h"

enum verifier_user_fault verifier_user_fault(const struct linux_fault *fault, CONTEXT *context)
{
    return VERIFIER_FAULT_UNKNOWN; /* no page is watched yet */
}
