#include "executive.h"

struct scene {
    WORK_QUEUE_ITEM item;
    KEVENT done, block;
    KIRQL irql;
    PEPROCESS process;
    volatile LONG calls;
};

static VOID NTAPI work(PVOID context)
{
    struct scene *scene = context;
    scene->irql = KeGetCurrentIrql();
    scene->process = PsGetCurrentProcess();
    scene->calls++;
    KeSetEvent(&scene->done, IO_NO_INCREMENT, FALSE);
}

static VOID NTAPI block(PVOID context)
{
    struct scene *scene = context;
    KeWaitForSingleObject(&scene->block, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&scene->done, IO_NO_INCREMENT, FALSE);
}

static void wait_for(PKEVENT event)
{
    CHECK_STATUS(STATUS_SUCCESS, KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL));
}

static struct scene *scene_create(void)
{
    struct scene *scene = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*scene), TAG);
    RtlZeroMemory(scene, sizeof(*scene));
    KeInitializeEvent(&scene->done, SynchronizationEvent, FALSE);
    KeInitializeEvent(&scene->block, SynchronizationEvent, FALSE);
    ExInitializeWorkItem(&scene->item, work, scene);
    return scene;
}

void check_work_queue(void)
{
    struct scene *scene = scene_create();
    KIRQL irql;
    for (int i = 0; i < 20; i++) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        ExQueueWorkItem(&scene->item, i % 2 ? CriticalWorkQueue : DelayedWorkQueue);
        KeLowerIrql(irql);
        wait_for(&scene->done);
    }
    CHECK(scene->calls == 20 && scene->irql == PASSIVE_LEVEL);
    CHECK(scene->process == PsInitialSystemProcess);
    ExFreePoolWithTag(scene, TAG);
}

/* An item that waits for a later one is no deadlock. */
void check_blocked_worker(void)
{
    struct scene *scene = scene_create();
    WORK_QUEUE_ITEM items[4];
    for (int i = 0; i < 4; i++) {
        ExInitializeWorkItem(&items[i], block, scene);
        ExQueueWorkItem(&items[i], DelayedWorkQueue);
    }
    ExQueueWorkItem(&scene->item, DelayedWorkQueue);
    wait_for(&scene->done);
    CHECK(scene->calls == 1);
    for (int i = 0; i < 4; i++) {
        KeSetEvent(&scene->block, IO_NO_INCREMENT, FALSE);
        wait_for(&scene->done);
    }
    ExFreePoolWithTag(scene, TAG);
}

/* ---- callbacks ---- */
static LONG notified[3];

static VOID NTAPI notify(PVOID context, PVOID first, PVOID second)
{
    notified[(ULONG_PTR)context] += (LONG)(ULONG_PTR)first * 10 + (LONG)(ULONG_PTR)second;
}

void check_callbacks(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\ExecutiveTest");
    UNICODE_STRING missing = RTL_CONSTANT_STRING(L"\\Callback\\NobodyMadeThis");
    UNICODE_STRING power = RTL_CONSTANT_STRING(L"\\Callback\\PowerState");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT object, again;
    InitializeObjectAttributes(&attributes, &missing, OBJ_CASE_INSENSITIVE, NULL, NULL);
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, ExCreateCallback(&object, &attributes, FALSE, TRUE));
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS, ExCreateCallback(&object, &attributes, TRUE, TRUE));
    CHECK_STATUS(STATUS_SUCCESS, ExCreateCallback(&again, &attributes, FALSE, TRUE));
    CHECK(object == again);
    PVOID first = ExRegisterCallback(object, notify, (PVOID)1);
    PVOID second = ExRegisterCallback(object, notify, (PVOID)2);
    CHECK(first && second);
    ExNotifyCallback(object, (PVOID)4, (PVOID)2);
    CHECK(notified[1] == 42 && notified[2] == 42);
    ExUnregisterCallback(first);
    ExNotifyCallback(object, (PVOID)1, (PVOID)0);
    CHECK(notified[1] == 42 && notified[2] == 52);
    ExUnregisterCallback(second);
    ObDereferenceObject(again);
    ObDereferenceObject(object);
    InitializeObjectAttributes(&attributes, &power, OBJ_CASE_INSENSITIVE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS, ExCreateCallback(&object, &attributes, FALSE, TRUE));
    ObDereferenceObject(object);
    InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS, ExCreateCallback(&object, &attributes, TRUE, FALSE));
    first = ExRegisterCallback(object, notify, NULL);
    CHECK(first && ExRegisterCallback(object, notify, NULL) == NULL);
    ExUnregisterCallback(first);
    ObDereferenceObject(object);
}

/* ---- timers ---- */
struct alarm {
    KEVENT rang;
    volatile LONG rings;
    KIRQL irql;
};

static void NTAPI ring(PEX_TIMER timer, PVOID context)
{
    struct alarm *alarm = context;
    (void)timer;
    alarm->irql = KeGetCurrentIrql();
    InterlockedIncrement(&alarm->rings);
    KeSetEvent(&alarm->rang, IO_NO_INCREMENT, FALSE);
}

void check_timer(void)
{
    typedef PEX_TIMER NTAPI allocate_timer(PEXT_CALLBACK, PVOID, ULONG);
    typedef BOOLEAN NTAPI set_timer(PEX_TIMER, LONGLONG, LONGLONG, PVOID);
    typedef BOOLEAN NTAPI cancel_timer(PEX_TIMER, PVOID);
    typedef BOOLEAN NTAPI delete_timer(PEX_TIMER, BOOLEAN, BOOLEAN, PVOID);
    struct alarm *alarm = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*alarm), TAG);
    set_timer *set = (set_timer *)routine(L"ExSetTimer");
    cancel_timer *cancel = (cancel_timer *)routine(L"ExCancelTimer");
    PEX_TIMER timer = ((allocate_timer *)routine(L"ExAllocateTimer"))(ring, alarm, 4);
    RtlZeroMemory(alarm, sizeof(*alarm));
    KeInitializeEvent(&alarm->rang, SynchronizationEvent, FALSE);
    CHECK(timer && !set(timer, -10000, 0, NULL));
    wait_for(&alarm->rang);
    CHECK(alarm->irql == DISPATCH_LEVEL && !cancel(timer, NULL));
    CHECK(!set(timer, -10000000000, 0, NULL) && set(timer, -10000, 10000, NULL));
    for (int i = 0; i < 3; i++)
        wait_for(&alarm->rang);
    CHECK(alarm->rings >= 4);
    CHECK(((delete_timer *)routine(L"ExDeleteTimer"))(timer, TRUE, TRUE, NULL));
    LONG rings = alarm->rings;
    sleep_a_moment();
    CHECK(alarm->rings == rings);
    ExFreePoolWithTag(alarm, TAG);
}

void check_timer_object(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\ExecutiveTimer");
    LARGE_INTEGER soon = {.QuadPart = -20000}, late = {.QuadPart = -600000000},
                  now = {.QuadPart = 0};
    OBJECT_ATTRIBUTES attributes;
    HANDLE timer, second;
    BOOLEAN state = TRUE;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwCreateTimer(&timer, GENERIC_ALL, &attributes, SynchronizationTimer));
    CHECK_STATUS(STATUS_SUCCESS, ZwOpenTimer(&second, GENERIC_ALL, &attributes));
    CHECK_STATUS(STATUS_SUCCESS, ZwSetTimer(timer, &soon, NULL, NULL, FALSE, 0, &state));
    CHECK(!state);
    CHECK_STATUS(STATUS_SUCCESS, ZwWaitForSingleObject(second, FALSE, NULL));
    CHECK_STATUS(STATUS_TIMEOUT, ZwWaitForSingleObject(second, FALSE, &now));
    CHECK_STATUS(STATUS_SUCCESS, ZwSetTimer(second, &late, NULL, NULL, FALSE, 0, NULL));
    CHECK_STATUS(STATUS_SUCCESS, ZwCancelTimer(timer, &state));
    CHECK(!state);
    CHECK_STATUS(STATUS_SUCCESS, ZwSetTimer(second, &late, NULL, NULL, FALSE, 0, NULL));
    ZwClose(second);
    ZwClose(timer); /* set: goes with the handle */
}
