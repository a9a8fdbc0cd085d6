#include "ke.h"

struct clocked {
    KTIMER timer;
    KDPC dpc;
    LONG calls, irql, executing;
    KEVENT enough;
};

static VOID NTAPI tick(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct clocked *clocked = context;
    clocked->irql = KeGetCurrentIrql();
    CHECK(dpc == &clocked->dpc);
    if (InterlockedIncrement(&clocked->calls) == 3)
        KeSetEvent(&clocked->enough, 0, FALSE);
}

void check_timer_waits(void)
{
    KTIMER timer;
    LARGE_INTEGER due = milliseconds(5), far = milliseconds(100000), now = {{0}}, absolute;
    KeInitializeTimer(&timer);
    CHECK(timer.Header.Type == 8 && timer.Header.Size == 0);
    CHECK(!KeSetTimer(&timer, due, NULL));
    CHECK(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, &now) == STATUS_SUCCESS);
    CHECK(!KeSetTimer(&timer, far, NULL)); /* until set again */
    CHECK(KeSetTimer(&timer, far, NULL));
    CHECK(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, &now) == STATUS_TIMEOUT);
    CHECK(KeCancelTimer(&timer) && !KeCancelTimer(&timer));
    absolute = ke_now();
    absolute.QuadPart += 50000;
    KeSetTimer(&timer, absolute, NULL);
    CHECK(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
}

void check_timer_due_now(void)
{
    KTIMER timer;
    LARGE_INTEGER now = {{0}};
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeSetTimer(&timer, now, NULL); /* due at once */
    CHECK(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, &now) == STATUS_SUCCESS);
    CHECK(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, &now) == STATUS_TIMEOUT);
}

void check_timer_state(void)
{
    KTIMER timer;
    LARGE_INTEGER due = milliseconds(2), far = milliseconds(100000);
    KeInitializeTimer(&timer);
    CHECK(!KeReadStateTimer(&timer));
    KeSetTimer(&timer, due, NULL);
    KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL);
    CHECK(KeReadStateTimer(&timer));
    CHECK(!KeSetTimer(&timer, far, NULL) && !KeReadStateTimer(&timer));
    KeCancelTimer(&timer);
}

/* Static: nothing here waits for a DPC that has begun. */
void check_periodic_timer(void)
{
    static struct clocked clocked;
    LARGE_INTEGER due = milliseconds(1), pause = milliseconds(20);
    LONG calls;
    KeInitializeEvent(&clocked.enough, NotificationEvent, FALSE);
    KeInitializeTimerEx(&clocked.timer, NotificationTimer);
    KeInitializeDpc(&clocked.dpc, tick, &clocked);
    CHECK(!KeSetTimerEx(&clocked.timer, due, 2, &clocked.dpc));
    KeWaitForSingleObject(&clocked.enough, Executive, KernelMode, FALSE, NULL);
    CHECK(clocked.irql == DISPATCH_LEVEL);
    CHECK(KeCancelTimer(&clocked.timer));
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    calls = clocked.calls;
    CHECK(calls >= 3);
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    CHECK(clocked.calls == calls);
}

void check_timer_cancel(void)
{
    struct clocked clocked = {.calls = 0};
    LARGE_INTEGER due = milliseconds(1), pause = milliseconds(10);
    LONG calls;
    KeInitializeEvent(&clocked.enough, NotificationEvent, FALSE);
    KeInitializeTimerEx(&clocked.timer, NotificationTimer);
    KeInitializeDpc(&clocked.dpc, tick, &clocked);
    KeSetTimerEx(&clocked.timer, due, 2, &clocked.dpc);
    KeWaitForSingleObject(&clocked.enough, Executive, KernelMode, FALSE, NULL);
    CHECK(KeCancelTimer(&clocked.timer));
    KeFlushQueuedDpcs();
    calls = clocked.calls;
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    CHECK(clocked.calls == calls);
    CHECK(!KeSetCoalescableTimer(&clocked.timer, due, 0, 5, &clocked.dpc));
    CHECK(KeWaitForSingleObject(&clocked.timer, Executive, KernelMode, FALSE, NULL) ==
          STATUS_SUCCESS);
    KeFlushQueuedDpcs();
    CHECK(clocked.calls == calls + 1);
}

/* A canceled timer's DPC, once flushed, runs no more: its memory may be reused. */
void check_timer_race(void)
{
    for (int i = 0; i < 200; i++) {
        struct clocked clocked = {.calls = 0};
        LARGE_INTEGER due;
        LONG calls;
        due.QuadPart = -(LONGLONG)(i % 7) * 100;
        KeInitializeEvent(&clocked.enough, NotificationEvent, FALSE);
        KeInitializeTimer(&clocked.timer);
        KeInitializeDpc(&clocked.dpc, tick, &clocked);
        KeSetTimer(&clocked.timer, due, &clocked.dpc);
        KeCancelTimer(&clocked.timer);
        KeFlushQueuedDpcs();
        calls = clocked.calls;
        CHECK(calls <= 1 && KeReadStateTimer(&clocked.timer) == (calls == 1));
        RtlFillMemory(&clocked, sizeof(clocked), 0xCC);
    }
}
