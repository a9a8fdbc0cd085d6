#include "thread.h"

#include <process.h>
#include <stdint.h>
#include <stdlib.h>
#include <windows.h>

struct sb_lock {
    SRWLOCK lock;
};

struct sb_thread {
    HANDLE handle;
    void (*run)(void *context);
    void *context;
};

struct sb_lock *sb_lock_create(void)
{
    struct sb_lock *lock = malloc(sizeof(*lock));

    if (lock != NULL)
        InitializeSRWLock(&lock->lock);
    return lock;
}

void sb_lock_acquire(struct sb_lock *lock)
{
    AcquireSRWLockExclusive(&lock->lock);
}

void sb_lock_release(struct sb_lock *lock)
{
    ReleaseSRWLockExclusive(&lock->lock);
}

void sb_lock_delete(struct sb_lock *lock)
{
    free(lock);
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
