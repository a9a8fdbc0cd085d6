/*
 * Ke from inside a driver: DriverEntry checks and refuses to load when a check fails, so that
 * loading it is the test, on any runtime. Each failure is told by DbgPrint.
 */
#ifndef KE_TEST_H
#define KE_TEST_H

#include <ntifs.h>

#define CHECK(condition) ke_check(!!(condition), #condition, __FILE__, __LINE__)
void ke_check(BOOLEAN condition, const char *text, const char *file, int line);

/* An export that the import library of the compiler lacks. */
PVOID ke_routine(PCWSTR name);

static inline LARGE_INTEGER milliseconds(LONG count)
{
    LARGE_INTEGER time;
    time.QuadPart = -10000ll * count;
    return time;
}

/* Starts a system thread and gives a reference to its object. */
PKTHREAD ke_start(PKSTART_ROUTINE routine, PVOID context);
/* Waits for its end and drops the reference. */
void ke_join(PKTHREAD thread);

void check_irql(void);
void check_locks(void);
void check_events(void);
void check_mutexes(void);
void check_timers(void);
void check_dpcs(void);
void check_queues(void);
void check_apcs(void);
void check_processors(void);
void check_times(void);
void check_threads(void);

#endif
