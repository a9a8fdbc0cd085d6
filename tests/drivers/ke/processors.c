#include "ke.h"

static VOID NTAPI on_more_stack(PVOID parameter)
{
    volatile char room[3000];
    room[0] = room[2999] = 1;
    *(LONG *)parameter += room[0] + room[2999];
}

void check_processor_numbers(void)
{
    ULONG count = KeQueryActiveProcessorCount(NULL);
    PROCESSOR_NUMBER number;
    KAFFINITY active;
    CHECK(count == 4 && KeQueryMaximumProcessorCount() == 4);
    CHECK(KeQueryActiveProcessors() == 0xF && KeQueryGroupAffinity(0) == 0xF);
    CHECK(KeQueryActiveProcessorCount(&active) == 4 && active == 0xF);
    CHECK(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS) == 4);
    CHECK(KeQueryActiveProcessorCountEx(1) == 0 && KeQueryMaximumProcessorCountEx(0) == 4);
    CHECK(KeQueryActiveGroupCount() == 1 && KeQueryHighestNodeNumber() == 0);
    CHECK(KeGetProcessorNumberFromIndex(3, &number) == STATUS_SUCCESS);
    CHECK(number.Group == 0 && number.Number == 3);
    CHECK(KeGetProcessorNumberFromIndex(4, &number) == STATUS_INVALID_PARAMETER);
    CHECK(KeGetProcessorIndexFromNumber(&number) == 3);
    CHECK(KeGetCurrentProcessorNumber() == KeGetCurrentProcessorNumberEx(&number));
    CHECK(number.Number == KeGetCurrentProcessorNumber());
}

void check_affinity(void)
{
    GROUP_AFFINITY affinity = {.Mask = 2}, before;
    for (ULONG i = 0; i < 4; i++) {
        KeSetSystemAffinityThread((KAFFINITY)1 << i);
        CHECK(KeGetCurrentProcessorNumberEx(NULL) == i);
    }
    KeRevertToUserAffinityThread();
    CHECK(KeSetSystemAffinityThreadEx(4) == 0 && KeGetCurrentProcessorNumberEx(NULL) == 2);
    CHECK(KeSetSystemAffinityThreadEx(8) == 4 && KeGetCurrentProcessorNumberEx(NULL) == 3);
    KeRevertToUserAffinityThreadEx(4);
    CHECK(KeGetCurrentProcessorNumberEx(NULL) == 2);
    KeRevertToUserAffinityThreadEx(0);
    KeSetSystemGroupAffinityThread(&affinity, &before);
    CHECK(before.Mask == 0 && KeGetCurrentProcessorNumberEx(NULL) == 1);
    KeRevertToUserGroupAffinityThread(&before);
}

void check_stack_callout(void)
{
    LONG sum = 0;
    CHECK(KeExpandKernelStackAndCallout(on_more_stack, &sum, 40000) == STATUS_SUCCESS && sum == 2);
    CHECK(KeExpandKernelStackAndCallout(on_more_stack, &sum, MAXIMUM_EXPANSION_SIZE + 1) ==
          STATUS_INVALID_PARAMETER_3);
}

void check_extended_state(void)
{
    XSTATE_SAVE state;
    CHECK(KeSaveExtendedProcessorState(3, &state) == STATUS_SUCCESS);
    KeRestoreExtendedProcessorState(&state);
}

void check_priority(void)
{
    CHECK(KeQueryPriorityThread(KeGetCurrentThread()) == 8);
    CHECK(KeSetPriorityThread(KeGetCurrentThread(), LOW_REALTIME_PRIORITY) == 8);
    CHECK(KeQueryPriorityThread(KeGetCurrentThread()) == LOW_REALTIME_PRIORITY);
    KeSetPriorityThread(KeGetCurrentThread(), 8);
    CHECK(KeSetBasePriorityThread(KeGetCurrentThread(), 2) == 0);
    CHECK(KeSetBasePriorityThread(KeGetCurrentThread(), 0) == 2);
}
