#include "thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct sb_thread {
    pthread_t thread;
    void (*run)(void *context);
    void *context;
};

uint64_t sb_clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void sb_monitor_make(struct sb_monitor *monitor)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&monitor->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&monitor->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void sb_monitor_drop(struct sb_monitor *monitor)
{
    pthread_cond_destroy(&monitor->changed);
    pthread_mutex_destroy(&monitor->lock);
}

void sb_monitor_enter(struct sb_monitor *monitor)
{
    pthread_mutex_lock(&monitor->lock);
}

void sb_monitor_leave(struct sb_monitor *monitor)
{
    pthread_mutex_unlock(&monitor->lock);
}

bool sb_monitor_wait(struct sb_monitor *monitor, uint64_t deadline)
{
    const struct timespec until = {(time_t)(deadline / 1000), (long)(deadline % 1000) * 1000000};

    if (deadline == SB_NO_DEADLINE)
        return pthread_cond_wait(&monitor->changed, &monitor->lock) == 0;
    return pthread_cond_timedwait(&monitor->changed, &monitor->lock, &until) == 0;
}

void sb_monitor_tell(struct sb_monitor *monitor)
{
    pthread_cond_broadcast(&monitor->changed);
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
