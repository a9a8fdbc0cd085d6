/*
 * Monitors, threads and the clock, as both systems have them. Times are milliseconds; a deadline is
 * a moment of sb_clock_now(), SB_NO_DEADLINE none.
 */
#ifndef SYSBUF_CLIENT_THREAD_H
#define SYSBUF_CLIENT_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#ifdef _WIN32
#include "win32.h"

struct sb_monitor {
    SRWLOCK lock;
    CONDITION_VARIABLE changed;
};
#else
#include <pthread.h>

struct sb_monitor {
    pthread_mutex_t lock;
    pthread_cond_t changed;
};
#endif

#define SB_NO_DEADLINE UINT64_MAX

uint64_t sb_clock_now(void);

void sb_monitor_make(struct sb_monitor *monitor);
void sb_monitor_drop(struct sb_monitor *monitor);
void sb_monitor_enter(struct sb_monitor *monitor);
void sb_monitor_leave(struct sb_monitor *monitor);
/* Entered: leaves, waits for sb_monitor_tell() or the deadline, and enters again. False: late. */
bool sb_monitor_wait(struct sb_monitor *monitor, uint64_t deadline);
void sb_monitor_tell(struct sb_monitor *monitor);

struct sb_thread;

/* Runs run(context) in a thread of its own; NULL if there is none to be had. */
struct sb_thread *sb_thread_start(void (*run)(void *context), void *context);
/* Waits for its end and frees it. */
void sb_thread_join(struct sb_thread *thread);

#endif
