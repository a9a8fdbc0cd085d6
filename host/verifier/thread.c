#include "host/verifier/thread.h"

struct verifier_thread *verifier_thread(void)
{
    PETHREAD thread = current_thread();
    struct verifier_thread *verified = thread->verified;
    if (SB_UNLIKELY(!verified)) {
        verified = linux_allocate(sizeof(*verified));
        __atomic_store_n(&thread->verified, verified, __ATOMIC_RELEASE); /* the watchman looks */
    }
    return verified;
}

void verifier_thread_free(PETHREAD thread)
{
    linux_free(thread->verified);
    thread->verified = NULL;
}
