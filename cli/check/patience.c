#include "cli/check/patience.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Who sleeps may wake to look around: the host's clock does. */
enum { LOOK_INTERVAL = 250 /* ms */, LOOKING_AROUND = 5 /* ms of it */, SECOND = 1000 /* ms */ };

/* What was seen of the child, in milliseconds. */
struct sight {
    unsigned beat;
    int64_t busy_since; /* its processor time when the beat was first seen */
    int64_t busy;       /* its processor time at the last look */
    int64_t asleep;     /* for how long it has been */
};

static int64_t processor_time(pid_t child)
{
    struct timespec time = {0};
    clockid_t clock;

    if (clock_getcpuclockid(child, &clock) != 0 || clock_gettime(clock, &time) != 0)
        return 0;
    return time.tv_sec * (int64_t)SECOND + time.tv_nsec / 1000000;
}

/* A thread that waits for a processor or for a disk is not asleep. */
static bool thread_sleeps(pid_t child, const char *thread)
{
    char path[320], text[512];
    snprintf(path, sizeof path, "/proc/%d/task/%s/stat", (int)child, thread);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;

    if (file)
        fclose(file);
    text[length] = 0;
    const char *state = strrchr(text, ')'); /* behind the name */
    return state && strncmp(state, ") S", 3) == 0;
}

static bool sleeps(pid_t child)
{
    char path[64];
    bool all = true;

    snprintf(path, sizeof path, "/proc/%d/task", (int)child);
    DIR *threads = opendir(path);
    if (!threads)
        return false;
    for (struct dirent *each; all && (each = readdir(threads)) != NULL;)
        if (each->d_name[0] != '.')
            all = thread_sleeps(child, each->d_name);
    closedir(threads);
    return all;
}

/* True: patience is at its end. */
static bool look(pid_t child, struct sight *sight, int64_t limit, unsigned beat)
{
    int64_t busy = processor_time(child);

    bool is_idle = busy - sight->busy <= LOOKING_AROUND && sleeps(child);

    sight->asleep = is_idle ? sight->asleep + LOOK_INTERVAL : 0;
    sight->busy = busy;
    if (beat != sight->beat) {
        sight->beat = beat;
        sight->busy_since = busy;
    }
    return busy - sight->busy_since >= limit || sight->asleep >= limit;
}

static bool ends_in_time(pid_t child, unsigned seconds, const volatile unsigned *beat)
{
    struct pollfd poller = {.fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN};
    struct sight sight = {.beat = *beat};
    bool is_over = false, is_late = false;

    while (poller.fd >= 0 && seconds && !is_over && !is_late) {
        int ready = poll(&poller, 1, LOOK_INTERVAL);
        is_over = ready > 0 || (ready < 0 && errno != EINTR);
        is_late = ready == 0 && look(child, &sight, seconds * (int64_t)SECOND, *beat);
    }
    if (poller.fd >= 0)
        close(poller.fd);
    return !is_late;
}

bool patience_wait(pid_t child, unsigned seconds, const volatile unsigned *beat)
{
    bool in_time = ends_in_time(child, seconds, beat);

    if (!in_time)
        kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return in_time;
}
