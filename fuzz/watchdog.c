/* A thread that stops the machine when an input makes no progress. */
#include <stdio.h>
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

/* For how long the program's first thread could have run and had no processor, in ns; 0: Linux does
 * not say. */
static uint64_t starved_time(void)
{
    unsigned long long ran, waited = 0;
    FILE *file = fopen("/proc/self/schedstat", "re");
    if (file && fscanf(file, "%llu %llu", &ran, &waited) != 2)
        waited = 0;
    if (file)
        fclose(file);
    return waited;
}

/* A busy machine makes no input a slow one: looks in which the input hardly ran do not count. */
static bool was_starved(struct watchdog *watchdog, uint32_t interval)
{
    uint64_t starved = starved_time(), before = watchdog->starved;
    watchdog->starved = starved;
    return starved - before > interval * 1000000ull / 2;
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
        uint32_t interval = fuzz->options.timeout / LOOKS + 1;
        sleep_until(watchdog, interval);
        bool is_starved = was_starved(watchdog, interval);
        uint64_t progress = __atomic_load_n(&fuzz->progress, __ATOMIC_RELAXED);
        bool is_busy = __atomic_load_n(&fuzz->is_busy, __ATOMIC_ACQUIRE);
        still = is_busy && progress == seen ? still + !is_starved : 0;
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
