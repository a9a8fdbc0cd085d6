/* Copies of user memory by the host's routines on behalf of drivers. */
#include "host/crt/crt.h"
#include "host/ps/ps.h"

/* A fault in the copy leaves what is opened for it open, until the next request. */
void *crt_move_user(void *destination, const void *source, size_t length, void *caller)
{
    const struct verifier_hooks *verifier = ps_thread_inside() ? current_machine()->verifier : NULL;

    if (SB_LIKELY(!verifier) || !verifier->user_copy)
        return crt_move(destination, source, length);
    verifier->user_copy(destination, source, length, caller);
    crt_move(destination, source, length);
    verifier->user_copied();
    return destination;
}
