#include "cli/run/watch.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/exit_codes.h"

#define SECOND INT64_C(1000000000)

static struct {
    pthread_mutex_t mutex;
    sigset_t signals;
    int64_t limit;
    const char *script_name;
    unsigned line;
    const char *what;
    struct sb_trace_file *trace;
    int64_t begin;    /* of the step */
    bool interrupted; /* atomic */
} watch = {.mutex = PTHREAD_MUTEX_INITIALIZER};

int64_t watch_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

/* A debugger stops the run for as long as it likes. */
static bool is_traced(void)
{
    char line[128];
    bool traced = false;
    FILE *status = fopen("/proc/self/status", "re");

    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "TracerPid:", 10) == 0)
            traced = atoi(line + 10) != 0;
    if (status)
        fclose(status);
    return traced;
}

/* The main thread may hold any lock of the C library for good: nothing is flushed that it may be
 * writing, and no exit handler runs. */
static _Noreturn void end(enum exit_code code, const char *why)
{
    char text[400];
    int length;

    if (watch.line)
        length = snprintf(text, sizeof text, "%s:%u: %s: %s\n", watch.script_name, watch.line,
                          watch.what, why);
    else
        length = snprintf(text, sizeof text, "sysbuf: %s: %s\n", watch.what, why);
    if (length > (int)sizeof text - 1)
        length = sizeof text - 1;
    if (watch.trace)
        (void)sb_trace_file_finish(watch.trace);
    ssize_t written = write(STDERR_FILENO, text, (size_t)length);
    (void)written;
    _exit(code);
}

static void look_at_time(int64_t interrupted_at)
{
    pthread_mutex_lock(&watch.mutex);
    int64_t now = watch_time();
    if (interrupted_at && now - interrupted_at > SECOND)
        end(EXIT_INTERRUPTED, "interrupted; it did not come back");
    if (watch.limit && now - watch.begin > watch.limit && !is_traced())
        end(EXIT_TIME_LIMIT, "it did not come back within --timeout");
    pthread_mutex_unlock(&watch.mutex);
}

static void *run(void *unused)
{
    const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    int64_t interrupted_at = 0;

    (void)unused;
    for (;;) {
        if (sigtimedwait(&watch.signals, NULL, &pause) > 0 && !interrupted_at) {
            interrupted_at = watch_time();
            __atomic_store_n(&watch.interrupted, true, __ATOMIC_RELEASE);
        }
        look_at_time(interrupted_at);
    }
    return NULL;
}

bool watch_start(unsigned limit, const char *script_name, struct sb_trace_file *trace)
{
    pthread_t thread;

    watch.limit = (int64_t)limit * SECOND;
    watch.script_name = script_name;
    watch.trace = trace;
    watch_step(0, "start");
    sigemptyset(&watch.signals);
    sigaddset(&watch.signals, SIGINT);
    sigaddset(&watch.signals, SIGTERM);
    /* Inherited by every thread that is started from here on, the host's too. */
    if (pthread_sigmask(SIG_BLOCK, &watch.signals, NULL) != 0 ||
        pthread_create(&thread, NULL, run, NULL) != 0)
        return false;
    pthread_detach(thread);
    return true;
}

void watch_step(unsigned line, const char *what)
{
    pthread_mutex_lock(&watch.mutex);
    watch.line = line;
    watch.what = what;
    watch.begin = watch_time();
    pthread_mutex_unlock(&watch.mutex);
}

bool watch_was_interrupted(void)
{
    return __atomic_load_n(&watch.interrupted, __ATOMIC_ACQUIRE);
}
