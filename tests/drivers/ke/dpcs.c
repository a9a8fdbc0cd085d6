#include "ke.h"

struct calls {
    KDPC dpc;
    LONG count;
    KIRQL irql;
    ULONG processor;
    PVOID argument1, argument2;
    PKTHREAD thread;
    struct calls *also_queue;
};

static VOID NTAPI call(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct calls *calls = context;
    calls->irql = KeGetCurrentIrql();
    calls->processor = KeGetCurrentProcessorNumberEx(NULL);
    calls->argument1 = argument1;
    calls->argument2 = argument2;
    calls->thread = KeGetCurrentThread();
    InterlockedIncrement(&calls->count);
    if (calls->also_queue) {
        CHECK(KeInsertQueueDpc(&calls->also_queue->dpc, NULL, NULL));
        CHECK(calls->also_queue->count == 0); /* no DPC runs inside another */
    }
}

void check_dpc_order(void)
{
    struct calls first = {.count = 0}, second = {.count = 0};
    KIRQL irql;
    KeInitializeDpc(&first.dpc, call, &first);
    KeInitializeDpc(&second.dpc, call, &second);
    CHECK(KeInsertQueueDpc(&first.dpc, (PVOID)1, (PVOID)2));
    CHECK(first.count == 1 && first.irql == DISPATCH_LEVEL); /* it ran before the call returned */
    CHECK(first.argument1 == (PVOID)1 && first.argument2 == (PVOID)2);
    CHECK(first.thread == KeGetCurrentThread());
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK(KeInsertQueueDpc(&first.dpc, NULL, NULL) && !KeInsertQueueDpc(&first.dpc, NULL, NULL));
    CHECK(KeInsertQueueDpc(&second.dpc, NULL, NULL) && KeRemoveQueueDpc(&second.dpc));
    CHECK(!KeRemoveQueueDpc(&second.dpc));
    CHECK(first.count == 1);
    KeLowerIrql(irql);
    CHECK(first.count == 2 && second.count == 0);
    first.also_queue = &second;
    CHECK(KeInsertQueueDpc(&first.dpc, NULL, NULL));
    CHECK(first.count == 3 && second.count == 1);
}

void check_dpc_targets(void)
{
    struct calls calls = {.count = 0};
    PROCESSOR_NUMBER number = {0, 2, 0};
    KeInitializeDpc(&calls.dpc, call, &calls);
    for (ULONG i = 0; i < KeQueryActiveProcessorCount(NULL); i++) {
        KeSetTargetProcessorDpc(&calls.dpc, (CCHAR)i);
        KeSetImportanceDpc(&calls.dpc, i % 2 ? HighImportance : LowImportance);
        CHECK(KeInsertQueueDpc(&calls.dpc, NULL, NULL));
        KeFlushQueuedDpcs();
        CHECK(calls.count == (LONG)i + 1 && calls.processor == i && calls.irql == DISPATCH_LEVEL);
    }
    CHECK(KeSetTargetProcessorDpcEx(&calls.dpc, &number) == STATUS_SUCCESS);
    number.Number = 64;
    CHECK(KeSetTargetProcessorDpcEx(&calls.dpc, &number) == STATUS_INVALID_PARAMETER);
    KeInsertQueueDpc(&calls.dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    CHECK(calls.processor == 2);
    calls.count = 0;
    KeInitializeThreadedDpc(&calls.dpc, call, &calls);
    CHECK(KeInsertQueueDpc(&calls.dpc, (PVOID)7, NULL));
    KeFlushQueuedDpcs();
    CHECK(calls.count == 1 && calls.irql == PASSIVE_LEVEL && calls.argument1 == (PVOID)7);
}

struct broadcast {
    LONG arrived;
    LONG64 processors;
};

/* Everybody waits for everybody. */
static ULONG_PTR NTAPI gather(ULONG_PTR context)
{
    struct broadcast *broadcast = (struct broadcast *)context;
    ULONG number = KeGetCurrentProcessorNumberEx(NULL);
    CHECK(KeGetCurrentIrql() == 14);
    InterlockedExchangeAdd64(&broadcast->processors, 1ll << number);
    InterlockedIncrement(&broadcast->arrived);
    while (*(volatile LONG *)&broadcast->arrived < (LONG)KeQueryActiveProcessorCount(NULL))
        YieldProcessor();
    return number + 100;
}

void check_ipi(void)
{
    struct broadcast broadcast = {0, 0};
    CHECK(KeIpiGenericCall(gather, (ULONG_PTR)&broadcast) ==
          KeGetCurrentProcessorNumberEx(NULL) + 100);
    CHECK(broadcast.processors == (LONG64)KeQueryActiveProcessors());
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

typedef VOID(NTAPI *generic_call)(PKDEFERRED_ROUTINE, PVOID);
typedef LOGICAL(NTAPI *synchronize)(PVOID);
typedef VOID(NTAPI *done)(PVOID);

static synchronize all_here;
static done through;
static LONG calls_in_phase[2], leaders;

static VOID NTAPI in_phases(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    InterlockedIncrement(&calls_in_phase[0]);
    if (all_here(argument2))
        InterlockedIncrement(&leaders);
    CHECK(calls_in_phase[0] == (LONG)KeQueryActiveProcessorCount(NULL));
    InterlockedIncrement(&calls_in_phase[1]);
    through(argument1);
}

void check_generic_dpc(void)
{
    all_here = (synchronize)ke_routine(L"KeSignalCallDpcSynchronize");
    through = (done)ke_routine(L"KeSignalCallDpcDone");
    ((generic_call)ke_routine(L"KeGenericCallDpc"))(in_phases, NULL);
    CHECK(calls_in_phase[1] == (LONG)KeQueryActiveProcessorCount(NULL) && leaders == 1);
}
