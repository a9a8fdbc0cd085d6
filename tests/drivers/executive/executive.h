#ifndef EXECUTIVE_H
#define EXECUTIVE_H

#include <ntifs.h>

#include "check.h"
#include "raises.h"

enum { TAG = 0x74736554 };

/* Runs routine on a system thread of its own; join waits for its end. */
PKTHREAD start_thread(PKSTART_ROUTINE routine, void *context);
void join(PKTHREAD thread);
void sleep_a_moment(void);
/* A routine that mingw's import library lacks. */
void *routine(const wchar_t *name);

/* The groups, in their order. */
#define EXECUTIVE_GROUPS(X)  \
    X(pool_alignment)        \
    X(pool_sizes)            \
    X(pool2)                 \
    X(pool_execution)        \
    X(pool_raises)           \
    X(pool2_raises)          \
    X(slist)                 \
    X(slist_between_threads) \
    X(interlocked_lists)     \
    X(lookaside)             \
    X(lookaside_ex)          \
    X(resource_recursion)    \
    X(resource_exclusion)    \
    X(resource_conversion)   \
    X(resource_writer)       \
    X(resource_readers)      \
    X(resource_owner)        \
    X(fast_mutex)            \
    X(guarded_mutex)         \
    X(mutexes)               \
    X(push_lock)             \
    X(spin_lock)             \
    X(rundown)               \
    X(work_queue)            \
    X(blocked_worker)        \
    X(callbacks)             \
    X(timer)                 \
    X(timer_object)          \
    X(time)                  \
    X(timer_resolution)      \
    X(uuid)                  \
    X(variables)             \
    X(tick_count)            \
    X(features)
EXECUTIVE_GROUPS(CHECK_GROUP_DECLARATION)

#endif
