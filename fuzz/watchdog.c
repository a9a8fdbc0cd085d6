/* A thread that stops the machine when an input makes no progress. */
#include <time.h>

#include "fuzz/internal.h"

enum { DEFAULT_TIMEOUT = 1000, LOOKS = 8 };

static void sleep_until(struct watchdog *watchdog, uint32_t milliseconds)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    until.tv_sec += milliseconds / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&watchdog->ended, &watchdog->mutex, &until);
}

/* The mutex keeps the machine in being. */
static void *watch(void *context)
{
    struct sb_fuzz *fuzz = context;
    struct watchdog *watchdog = &fuzz->watchdog;
    uint64_t seen = 0;
    unsigned still = 0;
    pthread_mutex_lock(&watchdog->mutex);
    while (!watchdog->is_ending) {
        sleep_until(watchdog, fuzz->options.timeout / LOOKS + 1);
        uint64_t progress = __atomic_load_n(&fuzz->progress, __ATOMIC_RELAXED);
        bool is_busy = __atomic_load_n(&fuzz->is_busy, __ATOMIC_ACQUIRE);
        still = is_busy && progress == seen ? still + 1 : 0;
        seen = progress;
        if (still >= LOOKS && fuzz->rig.machine) {
            sb_machine_stop(fuzz->rig.machine);
            still = 0;
        }
    }
    pthread_mutex_unlock(&watchdog->mutex);
    return NULL;
}

bool watchdog_start(struct sb_fuzz *fuzz)
{
    if (!fuzz->options.timeout)
        fuzz->options.timeout = DEFAULT_TIMEOUT;
    pthread_cond_init(&fuzz->watchdog.ended, NULL);
    fuzz->watchdog.is_started = pthread_create(&fuzz->watchdog.thread, NULL, watch, fuzz) == 0;
    return fuzz->watchdog.is_started;
}

void watchdog_end(struct sb_fuzz *fuzz)
{
    struct watchdog *watchdog = &fuzz->watchdog;
    if (!watchdog->is_started)
        return;
    pthread_mutex_lock(&watchdog->mutex);
    watchdog->is_ending = true;
    pthread_cond_signal(&watchdog->ended);
    pthread_mutex_unlock(&watchdog->mutex);
    pthread_join(watchdog->thread, NULL);
    pthread_cond_destroy(&watchdog->ended);
}
