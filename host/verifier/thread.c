#include "host/verifier/thread.h"

struct verifier_thread *verifier_thread(void)
{
    PETHREAD thread = current_thread();
    if (SB_UNLIKELY(!thread->verified))
        thread->verified = linux_allocate(sizeof(*thread->verified));
    return thread->verified;
}

void verifier_thread_free(PETHREAD thread)
{
    linux_free(thread->verified);
    thread->verified = NULL;
}
