/* Completion ports by handle, processors' relations, buses that are not there, auditing. */
#include "services.h"

typedef NTSTATUS(NTAPI *create_port)(PHANDLE handle, ACCESS_MASK access,
                                     POBJECT_ATTRIBUTES attributes, ULONG threads);
typedef NTSTATUS(NTAPI *set_port)(HANDLE handle, PVOID key, PVOID context, NTSTATUS status,
                                  ULONG_PTR information);
typedef NTSTATUS(NTAPI *remove_port)(HANDLE handle, PVOID *key, PVOID *context,
                                     PIO_STATUS_BLOCK result, PLARGE_INTEGER timeout);
typedef ULONG(NTAPI *get_bus_data)(BUS_DATA_TYPE type, ULONG bus, ULONG slot, PVOID buffer,
                                   ULONG offset, ULONG length);

void check_completion_port(void)
{
    create_port create = routine(L"ZwCreateIoCompletion");
    set_port set = routine(L"ZwSetIoCompletion");
    remove_port remove = routine(L"ZwRemoveIoCompletion");
    OBJECT_ATTRIBUTES attributes;
    LARGE_INTEGER no_time = {.QuadPart = 0};
    IO_STATUS_BLOCK result;
    PVOID key = NULL, context = NULL;
    HANDLE port;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS, create(&port, 0x1F0003, &attributes, 0));
    CHECK_STATUS(STATUS_TIMEOUT, remove(port, &key, &context, &result, &no_time));
    CHECK_STATUS(STATUS_SUCCESS, set(port, (PVOID)1, (PVOID)2, STATUS_CANCELLED, 3));
    CHECK_STATUS(STATUS_SUCCESS, set(port, (PVOID)4, NULL, STATUS_SUCCESS, 0));
    CHECK_STATUS(STATUS_SUCCESS, remove(port, &key, &context, &result, NULL));
    CHECK(key == (PVOID)1 && context == (PVOID)2);
    CHECK(result.Status == STATUS_CANCELLED && result.Information == 3);
    CHECK_STATUS(STATUS_SUCCESS, remove(port, &key, &context, &result, &no_time));
    CHECK(key == (PVOID)4);
    ZwClose(port);
}

/* The kinds come in any order, each as often as there is such a thing. */
void check_relations(void)
{
    ULONG count = KeQueryActiveProcessorCount(NULL), length = 0, cores = 0, groups = 0, nodes = 0;
    KAFFINITY mask = 0;
    PUCHAR buffer;

    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH,
                 KeQueryLogicalProcessorRelationship(NULL, RelationAll, NULL, &length));
    buffer = ExAllocatePoolWithTag(PagedPool, length, TAG);
    CHECK(buffer != NULL);
    if (!buffer)
        return;
    CHECK_STATUS(STATUS_SUCCESS,
                 KeQueryLogicalProcessorRelationship(
                     NULL, RelationAll, (PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX)buffer, &length));
    for (ULONG at = 0; at < length;) {
        PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry =
            (PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX)(buffer + at);
        if (entry->Relationship == RelationProcessorCore) {
            cores++;
            mask |= entry->Processor.GroupMask[0].Mask;
        }
        nodes += entry->Relationship == RelationNumaNode;
        if (entry->Relationship == RelationGroup)
            groups += entry->Group.ActiveGroupCount;
        at += entry->Size;
    }
    CHECK(cores >= 1 && cores <= count && mask == KeQueryActiveProcessors());
    CHECK(nodes >= 1 && groups == KeQueryActiveGroupCount());
    ExFreePool(buffer);
}

void check_watchdog(void)
{
    KDPC_WATCHDOG_INFORMATION information;
    KIRQL irql;

    CHECK_STATUS(STATUS_UNSUCCESSFUL, KeQueryDpcWatchdogInformation(&information));
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK_STATUS(STATUS_SUCCESS, KeQueryDpcWatchdogInformation(&information));
    KeLowerIrql(irql);
    CHECK(information.DpcTimeCount <= information.DpcTimeLimit);
}

void check_no_bus(void)
{
    get_bus_data get = routine(L"HalGetBusDataByOffset");
    UCHAR byte = 77;

    CHECK(get(PCIConfiguration, 255, 0, &byte, 0, sizeof byte) == 0);
}
