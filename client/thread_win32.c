#include "thread.h"

#include <process.h>
#include <stdint.h>
#include <stdlib.h>

struct sb_thread {
    HANDLE handle;
    void (*run)(void *context);
    void *context;
};

uint64_t sb_clock_now(void)
{
    return GetTickCount64();
}

void sb_monitor_make(struct sb_monitor *monitor)
{
    InitializeSRWLock(&monitor->lock);
    InitializeConditionVariable(&monitor->changed);
}

void sb_monitor_drop(struct sb_monitor *monitor)
{
    (void)monitor;
}

void sb_monitor_enter(struct sb_monitor *monitor)
{
    AcquireSRWLockExclusive(&monitor->lock);
}

void sb_monitor_leave(struct sb_monitor *monitor)
{
    ReleaseSRWLockExclusive(&monitor->lock);
}

bool sb_monitor_wait(struct sb_monitor *monitor, uint64_t deadline)
{
    uint64_t now = sb_clock_now();
    uint64_t left = deadline > now ? deadline - now : 0;
    DWORD timeout = deadline == SB_NO_DEADLINE ? INFINITE
                    : left < INFINITE - 1      ? (DWORD)left
                                               : INFINITE - 1;

    return SleepConditionVariableSRW(&monitor->changed, &monitor->lock, timeout, 0) != 0;
}

void sb_monitor_tell(struct sb_monitor *monitor)
{
    WakeAllConditionVariable(&monitor->changed);
}

static unsigned __stdcall run(void *context)
{
    struct sb_thread *thread = context;

    thread->run(thread->context);
    return 0;
}

struct sb_thread *sb_thread_start(void (*routine)(void *context), void *context)
{
    struct sb_thread *thread = calloc(1, sizeof(*thread));

    if (thread == NULL)
        return NULL;
    thread->run = routine;
    thread->context = context;
    thread->handle = (HANDLE)_beginthreadex(NULL, 0, run, thread, 0, NULL);
    if (thread->handle != NULL)
        return thread;
    free(thread);
    return NULL;
}

void sb_thread_join(struct sb_thread *thread)
{
    WaitForSingleObject(thread->handle, INFINITE);
    CloseHandle(thread->handle);
    free(thread);
}
