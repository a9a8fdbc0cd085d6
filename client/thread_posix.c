#include "thread.h"

#include <pthread.h>
#include <stdlib.h>

struct sb_lock {
    pthread_mutex_t mutex;
};

struct sb_thread {
    pthread_t thread;
    void (*run)(void *context);
    void *context;
};

struct sb_lock *sb_lock_create(void)
{
    struct sb_lock *lock = malloc(sizeof(*lock));

    if (lock != NULL)
        pthread_mutex_init(&lock->mutex, NULL);
    return lock;
}

void sb_lock_acquire(struct sb_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
}

void sb_lock_release(struct sb_lock *lock)
{
    pthread_mutex_unlock(&lock->mutex);
}

void sb_lock_delete(struct sb_lock *lock)
{
    pthread_mutex_destroy(&lock->mutex);
    free(lock);
}

static void *run(void *context)
{
    struct sb_thread *thread = context;

    thread->run(thread->context);
    return NULL;
}

struct sb_thread *sb_thread_start(void (*routine)(void *context), void *context)
{
    struct sb_thread *thread = calloc(1, sizeof(*thread));

    if (thread == NULL)
        return NULL;
    thread->run = routine;
    thread->context = context;
    if (pthread_create(&thread->thread, NULL, run, thread) == 0)
        return thread;
    free(thread);
    return NULL;
}

void sb_thread_join(struct sb_thread *thread)
{
    pthread_join(thread->thread, NULL);
    free(thread);
}
