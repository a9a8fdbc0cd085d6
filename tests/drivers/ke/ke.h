/*
 * Ke from inside a driver: DriverEntry checks and refuses to load when a check fails, so that
 * loading it is the test, on any runtime. Each failure is told by DbgPrint.
 */
#ifndef KE_TEST_H
#define KE_TEST_H

#include <ntifs.h>

#include "check.h"

/* An export that the import library of the compiler lacks. */
PVOID ke_routine(PCWSTR name);

static inline LARGE_INTEGER milliseconds(LONG count)
{
    LARGE_INTEGER time;
    time.QuadPart = -10000ll * count;
    return time;
}

/* The system time. Not inline: the header reads the page shared with applications, which a runtime
 * may emulate for plain moves only. */
LARGE_INTEGER ke_now(void);

/* Starts a system thread and gives a reference to its object. */
PKTHREAD ke_start(PKSTART_ROUTINE routine, PVOID context);
/* Waits for its end and drops the reference. */
void ke_join(PKTHREAD thread);

/* The groups, in their order. */
#define KE_GROUPS(X)          \
    X(irql)                   \
    X(regions)                \
    X(spin_lock)              \
    X(queued_spin_lock)       \
    X(spin_lock_for_dpc)      \
    X(event_states)           \
    X(event_resets)           \
    X(two_threads)            \
    X(signal_and_wait)        \
    X(many_events)            \
    X(delays)                 \
    X(mutex)                  \
    X(mutex_state)            \
    X(mutant)                 \
    X(semaphore)              \
    X(semaphore_state)        \
    X(timer_waits)            \
    X(timer_due_now)          \
    X(timer_state)            \
    X(periodic_timer)         \
    X(timer_cancel)           \
    X(timer_race)             \
    X(dpc_order)              \
    X(dpc_targets)            \
    X(ipi)                    \
    X(generic_dpc)            \
    X(queue)                  \
    X(queue_workers)          \
    X(apcs_of_own_thread)     \
    X(apcs_of_waiting_thread) \
    X(user_apc)               \
    X(processor_numbers)      \
    X(affinity)               \
    X(stack_callout)          \
    X(extended_state)         \
    X(priority)               \
    X(stall)                  \
    X(clocks)                 \
    X(interrupt_time)         \
    X(thread_notify)          \
    X(system_thread)          \
    X(process_handle) X(system_stays) X(timer_object) X(system_information) X(version)
KE_GROUPS(CHECK_GROUP_DECLARATION)

#endif
