#include <sys/random.h>
#include <time.h>

#include "host/linux/linux.h"

int64_t linux_monotonic_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

int64_t linux_system_time(void)
{
    const int64_t seconds_1601_to_1970 = 11644473600ll;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (now.tv_sec + seconds_1601_to_1970) * 10000000ll + now.tv_nsec / 100;
}

int64_t linux_thread_cpu_time(uint32_t thread_id)
{
    /* As the kernel makes clocks of threads: CPUCLOCK_SCHED and the bit that says thread. */
    clockid_t clock = (clockid_t)(~thread_id << 3 | 2 | 4);
    struct timespec used;
    if (thread_id == 0 || clock_gettime(clock, &used) != 0)
        return 0;
    return used.tv_sec * 1000000000ll + used.tv_nsec;
}

int32_t linux_time_zone_bias(void)
{
    struct tm local;
    time_t now = time(NULL);
    localtime_r(&now, &local);
    return (int32_t)(-local.tm_gmtoff / 60);
}

void linux_random(void *buffer, size_t length)
{
    uint8_t *bytes = buffer;
    while (length > 0) {
        ssize_t got = getrandom(bytes, length, 0);
        if (got <= 0)
            continue; /* interrupted by a signal */
        bytes += got;
        length -= (size_t)got;
    }
}
