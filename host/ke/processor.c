/*
 * Processors as drivers see them: numbers. There is one group and one node. A thread carries the
 * number of the processor it is said to run on; an affinity that leaves that out moves it.
 */
#include "host/ke/schedule.h"

static KAFFINITY all_processors(void)
{
    return ~(KAFFINITY)0 >> (64 - current_machine()->processors);
}

static BOOLEAN has_group(USHORT group)
{
    return group == 0 || group == ALL_PROCESSOR_GROUPS;
}

KAFFINITY NTAPI KeQueryActiveProcessors(VOID)
{
    return all_processors();
}
SB_EXPORT(KeQueryActiveProcessors)

ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY active)
{
    if (active)
        *active = all_processors();
    return current_machine()->processors;
}
SB_EXPORT(KeQueryActiveProcessorCount)

ULONG NTAPI KeQueryMaximumProcessorCount(VOID)
{
    return current_machine()->processors;
}
SB_EXPORT(KeQueryMaximumProcessorCount)

ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT group)
{
    return has_group(group) ? current_machine()->processors : 0;
}
SB_EXPORT(KeQueryActiveProcessorCountEx)
SB_EXPORT_AS("KeQueryMaximumProcessorCountEx", KeQueryActiveProcessorCountEx)

USHORT NTAPI KeQueryActiveGroupCount(VOID)
{
    return 1;
}
SB_EXPORT(KeQueryActiveGroupCount)
SB_EXPORT_AS("KeQueryMaximumGroupCount", KeQueryActiveGroupCount)

KAFFINITY NTAPI KeQueryGroupAffinity(USHORT group)
{
    return group == 0 ? all_processors() : 0;
}
SB_EXPORT(KeQueryGroupAffinity)

USHORT NTAPI KeQueryHighestNodeNumber(VOID)
{
    return 0;
}
SB_EXPORT(KeQueryHighestNodeNumber)
SB_EXPORT_AS("KeGetCurrentNodeNumber", KeQueryHighestNodeNumber)

VOID NTAPI KeQueryNodeActiveAffinity(USHORT node, PGROUP_AFFINITY affinity, PUSHORT count)
{
    if (affinity)
        *affinity = (GROUP_AFFINITY){.Mask = node == 0 ? all_processors() : 0};
    if (count)
        *count = node == 0 ? (USHORT)current_machine()->processors : 0;
}
SB_EXPORT(KeQueryNodeActiveAffinity)

USHORT NTAPI KeQueryNodeMaximumProcessorCount(USHORT node)
{
    return node == 0 ? (USHORT)current_machine()->processors : 0;
}
SB_EXPORT(KeQueryNodeMaximumProcessorCount)

ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER number)
{
    ULONG index = current_kpcr()->number;
    if (number)
        *number = (PROCESSOR_NUMBER){.Number = (UCHAR)index};
    return index;
}
SB_EXPORT(KeGetCurrentProcessorNumberEx)

ULONG NTAPI nt_KeGetCurrentProcessorNumber(VOID)
{
    return current_kpcr()->number;
}
SB_EXPORT_AS("KeGetCurrentProcessorNumber", nt_KeGetCurrentProcessorNumber)

NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG index, PPROCESSOR_NUMBER number)
{
    if (index >= current_machine()->processors)
        return STATUS_INVALID_PARAMETER;
    *number = (PROCESSOR_NUMBER){.Number = (UCHAR)index};
    return STATUS_SUCCESS;
}
SB_EXPORT(KeGetProcessorNumberFromIndex)

ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER number)
{
    BOOLEAN valid = number->Group == 0 && number->Number < current_machine()->processors;
    return valid ? number->Number : INVALID_PROCESSOR_INDEX;
}
SB_EXPORT(KeGetProcessorIndexFromNumber)

/* Moves the current thread to the lowest processor it may run on, unless it is on one. */
static void obey(PKTHREAD thread)
{
    struct kpcr *kpcr = thread->kpcr;
    KAFFINITY allowed = thread->system_affinity ? thread->system_affinity : thread->affinity;
    if (!(allowed >> kpcr->number & 1))
        ke_set_processor(kpcr, (ULONG)__builtin_ctzll(allowed));
}

/* 0 when the thread had no system affinity yet, as KeRevertToUserAffinityThreadEx wants it. */
static KAFFINITY exchange_system_affinity(KAFFINITY affinity)
{
    PKTHREAD thread = &current_thread()->Tcb;
    KAFFINITY before = thread->system_affinity;
    thread->system_affinity = affinity & all_processors();
    obey(thread);
    return before;
}

KAFFINITY NTAPI KeSetSystemAffinityThreadEx(KAFFINITY affinity)
{
    if (!(affinity & all_processors()))
        return 0; /* documented: an affinity without an active processor changes nothing */
    return exchange_system_affinity(affinity);
}
SB_EXPORT(KeSetSystemAffinityThreadEx)

VOID NTAPI KeSetSystemAffinityThread(KAFFINITY affinity)
{
    if (!(affinity & all_processors()))
        KeBugCheckEx(INVALID_AFFINITY_SET, affinity, all_processors(), 0, 0);
    exchange_system_affinity(affinity);
}
SB_EXPORT(KeSetSystemAffinityThread)

VOID NTAPI KeRevertToUserAffinityThreadEx(KAFFINITY affinity)
{
    exchange_system_affinity(affinity);
}
SB_EXPORT(KeRevertToUserAffinityThreadEx)

VOID NTAPI KeRevertToUserAffinityThread(VOID)
{
    exchange_system_affinity(0);
}
SB_EXPORT(KeRevertToUserAffinityThread)

VOID NTAPI KeSetSystemGroupAffinityThread(PGROUP_AFFINITY affinity, PGROUP_AFFINITY previous)
{
    BOOLEAN valid = affinity->Group == 0 && (affinity->Mask & all_processors());
    KAFFINITY before = valid ? exchange_system_affinity(affinity->Mask) : 0;
    if (previous)
        *previous = (GROUP_AFFINITY){.Mask = before};
}
SB_EXPORT(KeSetSystemGroupAffinityThread)

VOID NTAPI KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY previous)
{
    exchange_system_affinity(previous->Mask);
}
SB_EXPORT(KeRevertToUserGroupAffinityThread)

/* Of any thread: it is on an allowed processor when it is seen next. */
KAFFINITY NTAPI nt_KeSetAffinityThread(PKTHREAD thread, KAFFINITY affinity)
{
    KAFFINITY before = thread->affinity;
    if (!(affinity & all_processors()))
        KeBugCheckEx(INVALID_AFFINITY_SET, affinity, all_processors(), 0, 0);
    thread->affinity = affinity & all_processors();
    if (thread->kpcr)
        obey(thread);
    return before;
}
SB_EXPORT_AS("KeSetAffinityThread", nt_KeSetAffinityThread)

/* A wish of the scheduler's; threads run where Linux puts them. Returns the one before. */
UCHAR NTAPI KeSetIdealProcessorThread(PKTHREAD thread, UCHAR processor)
{
    UCHAR before = thread->ideal_processor;
    if (processor < current_machine()->processors)
        thread->ideal_processor = processor;
    return before;
}
SB_EXPORT(KeSetIdealProcessorThread)

/* Ticks that the thread spent on a processor. Linux does not tell a driver's from an application's,
 * so all of a thread that has entered the machine counts as the kernel's. */
ULONG NTAPI KeQueryRuntimeThread(PKTHREAD thread, PULONG user_time)
{
    enum { NANOSECONDS_PER_UNIT = 100 };
    uint32_t id = __atomic_load_n(&((PETHREAD)thread)->linux_id, __ATOMIC_ACQUIRE);
    int64_t spent = id ? linux_thread_cpu_time(id) : 0;
    *user_time = 0;
    return spent > 0 ? (ULONG)(spent / NANOSECONDS_PER_UNIT / KeQueryTimeIncrement()) : 0;
}
SB_EXPORT(KeQueryRuntimeThread)
