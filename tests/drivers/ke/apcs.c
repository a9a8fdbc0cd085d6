#include "ke.h"

typedef VOID(NTAPI *initialize_apc)(PKAPC, PKTHREAD, int, PKKERNEL_ROUTINE, PKRUNDOWN_ROUTINE,
                                    PKNORMAL_ROUTINE, KPROCESSOR_MODE, PVOID);
typedef BOOLEAN(NTAPI *insert_apc)(PKAPC, PVOID, PVOID, KPRIORITY);

static initialize_apc initialize;
static insert_apc insert;

struct target {
    KAPC apc;
    LONG kernel_calls, normal_calls, rundowns;
    KIRQL kernel_irql, normal_irql;
    PVOID argument;
    KEVENT ready, finish;
    NTSTATUS wait_status;
    BOOLEAN in_region;
};

static VOID NTAPI kernel_routine(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context,
                                 PVOID *argument1, PVOID *argument2)
{
    struct target *target = CONTAINING_RECORD(apc, struct target, apc);
    target->kernel_irql = KeGetCurrentIrql();
    target->kernel_calls++;
    target->argument = *argument1;
}

static VOID NTAPI normal_routine(PVOID context, PVOID argument1, PVOID argument2)
{
    struct target *target = context;
    target->normal_irql = KeGetCurrentIrql();
    target->normal_calls++;
}

static VOID NTAPI rundown_routine(PKAPC apc)
{
    CONTAINING_RECORD(apc, struct target, apc)->rundowns++;
}

static void find_routines(void)
{
    initialize = (initialize_apc)ke_routine(L"KeInitializeApc");
    insert = (insert_apc)ke_routine(L"KeInsertQueueApc");
}

void check_apcs_of_own_thread(void)
{
    struct target target = {.kernel_calls = 0};
    KIRQL irql;
    find_routines();
    initialize(&target.apc, KeGetCurrentThread(), 0, kernel_routine, NULL, normal_routine,
               KernelMode, &target);
    CHECK(insert(&target.apc, (PVOID)5, NULL, 0));
    CHECK(target.kernel_calls == 1 && target.kernel_irql == APC_LEVEL);
    CHECK(target.normal_calls == 1 && target.normal_irql == PASSIVE_LEVEL);
    CHECK(target.argument == (PVOID)5);
    KeEnterCriticalRegion();
    CHECK(insert(&target.apc, NULL, NULL, 0) && !insert(&target.apc, NULL, NULL, 0));
    CHECK(target.normal_calls == 1);
    KeLeaveCriticalRegion();
    CHECK(target.normal_calls == 2);
    initialize(&target.apc, KeGetCurrentThread(), 0, kernel_routine, NULL, NULL, KernelMode, NULL);
    KeEnterCriticalRegion(); /* does not hold back special ones */
    CHECK(insert(&target.apc, NULL, NULL, 0) && target.kernel_calls == 3);
    KeLeaveCriticalRegion();
    KeRaiseIrql(APC_LEVEL, &irql);
    CHECK(insert(&target.apc, NULL, NULL, 0) && target.kernel_calls == 3);
    KeLowerIrql(irql);
    CHECK(target.kernel_calls == 4);
}

static VOID NTAPI wait_for_finish(PVOID context)
{
    struct target *target = context;
    if (target->in_region)
        KeEnterCriticalRegion();
    KeSetEvent(&target->ready, 0, FALSE);
    target->wait_status =
        KeWaitForSingleObject(&target->finish, Executive, KernelMode, FALSE, NULL);
    if (target->in_region)
        KeLeaveCriticalRegion();
}

/* A kernel APC runs on the waiting thread, and the wait goes on. */
static void queue_to_waiting_thread(BOOLEAN in_region)
{
    struct target target = {.kernel_calls = 0, .in_region = in_region};
    LARGE_INTEGER soon = milliseconds(10);
    PKTHREAD thread;
    KeInitializeEvent(&target.ready, NotificationEvent, FALSE);
    KeInitializeEvent(&target.finish, NotificationEvent, FALSE);
    thread = ke_start(wait_for_finish, &target);
    KeWaitForSingleObject(&target.ready, Executive, KernelMode, FALSE, NULL);
    KeDelayExecutionThread(KernelMode, FALSE, &soon);
    initialize(&target.apc, thread, 0, kernel_routine, NULL, normal_routine, KernelMode, &target);
    CHECK(insert(&target.apc, NULL, NULL, 0));
    do
        KeDelayExecutionThread(KernelMode, FALSE, &soon);
    while (!in_region && *(volatile LONG *)&target.normal_calls == 0);
    CHECK(target.normal_calls == !in_region);
    KeSetEvent(&target.finish, 0, FALSE);
    CHECK(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(target.wait_status == STATUS_SUCCESS && target.normal_calls == 1);
    CHECK(!insert(&target.apc, NULL, NULL, 0)); /* it has ended */
    ObDereferenceObject(thread);
}

void check_apcs_of_waiting_thread(void)
{
    find_routines();
    queue_to_waiting_thread(FALSE);
    queue_to_waiting_thread(TRUE);
}

static VOID NTAPI wait_as_user(PVOID context)
{
    struct target *target = context;
    KeSetEvent(&target->ready, 0, FALSE);
    target->wait_status = KeWaitForSingleObject(&target->finish, Executive, UserMode, TRUE, NULL);
}

/* A user APC ends an alertable wait; a thread that never goes to user mode runs it down. */
void check_user_apc(void)
{
    struct target target = {.kernel_calls = 0};
    PKTHREAD thread;
    find_routines();
    KeInitializeEvent(&target.ready, NotificationEvent, FALSE);
    KeInitializeEvent(&target.finish, NotificationEvent, FALSE);
    thread = ke_start(wait_as_user, &target);
    KeWaitForSingleObject(&target.ready, Executive, KernelMode, FALSE, NULL);
    initialize(&target.apc, thread, 0, kernel_routine, rundown_routine, normal_routine, UserMode,
               &target);
    CHECK(insert(&target.apc, NULL, NULL, 0));
    ke_join(thread);
    CHECK(target.wait_status == STATUS_USER_APC);
    CHECK(target.rundowns == 1 && target.normal_calls == 0);
}
