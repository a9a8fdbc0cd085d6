/* Priorities are kept and told; Linux runs all threads alike. */
#include "host/ke/schedule.h"

KPRIORITY NTAPI KeQueryPriorityThread(PKTHREAD thread)
{
    return __atomic_load_n(&thread->priority, __ATOMIC_RELAXED);
}
SB_EXPORT(KeQueryPriorityThread)

KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD thread, KPRIORITY priority)
{
    struct machine *machine = current_machine();
    ke_dispatcher_lock(machine);
    KPRIORITY before = thread->priority;
    thread->priority_increment = 0;
    thread->base_priority = priority;
    __atomic_store_n(&thread->priority, priority, __ATOMIC_RELAXED);
    ke_dispatcher_unlock(machine);
    return before;
}
SB_EXPORT(KeSetPriorityThread)

enum { PROCESS_PRIORITY = 8, LEAST = 1, MOST_ORDINARY = 15 };

/* Relative to the process's, and never across the line to real time. */
LONG NTAPI KeSetBasePriorityThread(PKTHREAD thread, LONG increment)
{
    struct machine *machine = current_machine();
    KPRIORITY priority = PROCESS_PRIORITY + increment;
    if (priority < LEAST)
        priority = LEAST;
    if (priority > MOST_ORDINARY)
        priority = MOST_ORDINARY;
    ke_dispatcher_lock(machine);
    LONG before = thread->priority_increment;
    thread->priority_increment = increment;
    thread->base_priority = priority;
    __atomic_store_n(&thread->priority, priority, __ATOMIC_RELAXED);
    ke_dispatcher_unlock(machine);
    return before;
}
SB_EXPORT(KeSetBasePriorityThread)
