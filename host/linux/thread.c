/* Threads, GS base and the one thread-local slot the NT side uses. */
#include <asm/prctl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/linux/linux.h"
#include "host/linux/shadow.h"
#include "host/linux/stack.h"

struct linux_thread {
    pthread_t handle;
    void (*start)(void *);
    void *context;
};

_Thread_local void *linux_thread_slot __attribute__((tls_model("initial-exec")));
static pthread_key_t exit_key;
static bool gs_instructions; /* the kernel lets us use wrgsbase */

int linux_threads_initialize(void (*at_exit)(void *))
{
    const unsigned long hwcap2_fsgsbase = 1ul << 1;
    gs_instructions = getauxval(AT_HWCAP2) & hwcap2_fsgsbase;
    return -pthread_key_create(&exit_key, at_exit);
}

void linux_thread_slot_set(void *value)
{
    linux_thread_slot = value;
    pthread_setspecific(exit_key, value);
}

static void *thread_main(void *argument)
{
    struct linux_thread *thread = argument;
    linux_faults_attach_thread();
    linux_shadow_allow_whole_stack(); /* the stack may have been another thread's */
    thread->start(thread->context);
    return NULL;
}

struct linux_thread *linux_thread_start(void (*start)(void *), void *context)
{
    struct linux_thread *thread = malloc(sizeof(*thread));
    if (!thread)
        return NULL;
    thread->start = start;
    thread->context = context;
    /* A host thread must not take the embedding program's signals. */
    sigset_t all, faults, before;
    sigfillset(&all);
    linux_fault_signals(&faults);
    for (int signal = 1; signal < NSIG; signal++)
        if (sigismember(&faults, signal) == 1)
            sigdelset(&all, signal);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread->handle, NULL, thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        free(thread);
        return NULL;
    }
    return thread;
}

void linux_thread_join(struct linux_thread *thread)
{
    pthread_join(thread->handle, NULL);
    free(thread);
}

uint32_t linux_thread_id(void)
{
    return (uint32_t)gettid();
}

void linux_gs_base_set(uint64_t base)
{
    if (gs_instructions)
        __asm__ volatile("wrgsbase %0" : : "r"(base) : "memory");
    else
        syscall(SYS_arch_prctl, ARCH_SET_GS, base);
}
