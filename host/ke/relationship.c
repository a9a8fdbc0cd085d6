/* How processors belong together: one package, one node, one group; each processor a core. */
#include "host/ke/schedule.h"

static KAFFINITY all_processors(const struct machine *machine)
{
    return ~(KAFFINITY)0 >> (64 - machine->processors);
}

/* What has been told so far; beyond the room it is only counted. */
struct told {
    PUCHAR buffer;
    ULONG room, used;
};

static PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX add(struct told *told,
                                                    LOGICAL_PROCESSOR_RELATIONSHIP relationship,
                                                    ULONG size)
{
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry =
        (PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX)(told->buffer + told->used);
    told->used += size;
    if (told->used > told->room)
        return NULL;
    RtlZeroMemory(entry, size);
    entry->Relationship = relationship;
    entry->Size = size;
    return entry;
}

static void add_processors(struct told *told, LOGICAL_PROCESSOR_RELATIONSHIP relationship,
                           KAFFINITY mask)
{
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry =
        add(told, relationship,
            FIELD_OFFSET(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, Processor) +
                (ULONG)sizeof(PROCESSOR_RELATIONSHIP));
    if (!entry)
        return;
    entry->Processor.GroupCount = 1;
    entry->Processor.GroupMask[0].Mask = mask;
}

static void add_node(struct told *told, KAFFINITY mask)
{
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry =
        add(told, RelationNumaNode,
            FIELD_OFFSET(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, NumaNode) +
                (ULONG)sizeof(NUMA_NODE_RELATIONSHIP));
    if (entry)
        entry->NumaNode.GroupMask.Mask = mask;
}

static void add_group(struct told *told, const struct machine *machine)
{
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry =
        add(told, RelationGroup,
            FIELD_OFFSET(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, Group) +
                (ULONG)sizeof(GROUP_RELATIONSHIP));
    if (!entry)
        return;
    entry->Group.MaximumGroupCount = entry->Group.ActiveGroupCount = 1;
    entry->Group.GroupInfo[0].MaximumProcessorCount = (UCHAR)machine->processors;
    entry->Group.GroupInfo[0].ActiveProcessorCount = (UCHAR)machine->processors;
    entry->Group.GroupInfo[0].ActiveProcessorMask = all_processors(machine);
}

/* Of one processor, or of all when number is NULL. */
NTSTATUS NTAPI KeQueryLogicalProcessorRelationship(
    PPROCESSOR_NUMBER number, LOGICAL_PROCESSOR_RELATIONSHIP relationship,
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX information, PULONG length)
{
    const struct machine *machine = current_machine();
    struct told told = {(PUCHAR)information, information ? *length : 0, 0};
    BOOLEAN is_all = relationship == RelationAll;
    if (number && (number->Group != 0 || number->Number >= machine->processors))
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < machine->processors; i++)
        if ((is_all || relationship == RelationProcessorCore) && (!number || number->Number == i))
            add_processors(&told, RelationProcessorCore, (KAFFINITY)1 << i);
    if (is_all || relationship == RelationProcessorPackage)
        add_processors(&told, RelationProcessorPackage, all_processors(machine));
    if (is_all || relationship == RelationNumaNode)
        add_node(&told, all_processors(machine));
    if (is_all || relationship == RelationGroup)
        add_group(&told, machine);
    *length = told.used;
    return told.used > told.room ? STATUS_INFO_LENGTH_MISMATCH : STATUS_SUCCESS;
}
SB_EXPORT(KeQueryLogicalProcessorRelationship)

/* There is no watchdog: no limits. Only a DPC may ask. */
NTSTATUS NTAPI KeQueryDpcWatchdogInformation(PKDPC_WATCHDOG_INFORMATION information)
{
    if (KeGetCurrentIrql() < DISPATCH_LEVEL)
        return STATUS_UNSUCCESSFUL;
    RtlZeroMemory(information, sizeof(*information));
    return STATUS_SUCCESS;
}
SB_EXPORT(KeQueryDpcWatchdogInformation)
