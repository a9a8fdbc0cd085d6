/*
 * EX_TIMER: a kernel timer with a routine called at DISPATCH_LEVEL. The KTIMER comes first, so that
 * a driver can wait for it. Deleting waits, on a worker when the caller may not, until no DPC of
 * the timer can be on its way.
 */
#include "host/ex/ex.h"
#include "host/mm/mm.h"

enum { TIMER_TAG = 0x6D695445 };

struct _EX_TIMER {
    KTIMER timer;
    KDPC dpc;
    PEXT_CALLBACK callback;
    void *context;
    PEXT_DELETE_CALLBACK deleted;
    void *deleted_context;
};

static VOID NTAPI expired(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PEX_TIMER timer = context;
    timer->callback(timer, timer->context);
}

PEX_TIMER NTAPI ExAllocateTimer(PEXT_CALLBACK callback, void *context, ULONG attributes)
{
    const ULONG known = EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE | (ULONG)EX_TIMER_NOTIFICATION;
    if ((attributes & ~known) ||
        ((attributes & EX_TIMER_HIGH_RESOLUTION) && (attributes & EX_TIMER_NO_WAKE)))
        return NULL;
    PEX_TIMER timer = mm_pool_allocate_zero(current_machine(), sizeof(*timer), TIMER_TAG);
    if (!timer)
        return NULL;
    KeInitializeTimerEx(&timer->timer, attributes & (ULONG)EX_TIMER_NOTIFICATION
                                           ? NotificationTimer
                                           : SynchronizationTimer);
    KeInitializeDpc(&timer->dpc, expired, timer);
    timer->callback = callback;
    timer->context = context;
    return timer;
}
SB_EXPORT(ExAllocateTimer)

/* due and period are in 100 ns; a period is rounded up to whole milliseconds. TRUE: it was set. */
BOOLEAN NTAPI ExSetTimer(PEX_TIMER timer, LONGLONG due, LONGLONG period,
                         EXT_SET_PARAMETERS *parameters)
{
    LARGE_INTEGER due_time = {.QuadPart = due};
    LONG milliseconds = (LONG)((period + 9999) / 10000);
    return KeSetTimerEx(&timer->timer, due_time, milliseconds,
                        timer->callback ? &timer->dpc : NULL);
}
SB_EXPORT(ExSetTimer)

BOOLEAN NTAPI ExCancelTimer(PEX_TIMER timer, PEXT_CANCEL_PARAMETERS parameters)
{
    return KeCancelTimer(&timer->timer);
}
SB_EXPORT(ExCancelTimer)

static VOID NTAPI signal_event(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

/* The clock thread expires timers, and runs their DPCs, one after the other: when one that is due
 * now has run, so has all that was under way. */
static void wait_for_clock(void)
{
    KTIMER timer;
    KDPC dpc;
    KEVENT passed;
    LARGE_INTEGER now = {.QuadPart = 0};
    KeInitializeTimerEx(&timer, NotificationTimer);
    KeInitializeEvent(&passed, NotificationEvent, FALSE);
    KeInitializeDpc(&dpc, signal_event, &passed);
    KeSetTimer(&timer, now, &dpc);
    KeWaitForSingleObject(&passed, Executive, KernelMode, FALSE, NULL);
}

static VOID NTAPI finish_deletion(PVOID context)
{
    PEX_TIMER timer = context;
    wait_for_clock();
    if (timer->deleted)
        timer->deleted(timer->deleted_context);
    mm_pool_free(current_machine(), timer);
}

/* TRUE: a set timer was cancelled. wait (only with cancel, below DISPATCH_LEVEL) returns after the
 * last call of the callback. */
BOOLEAN NTAPI ExDeleteTimer(PEX_TIMER timer, BOOLEAN cancel, BOOLEAN wait,
                            PEXT_DELETE_PARAMETERS parameters)
{
    if (parameters) {
        timer->deleted = parameters->DeleteCallback;
        timer->deleted_context = parameters->DeleteContext;
    }
    BOOLEAN cancelled = KeCancelTimer(&timer->timer);
    if (wait)
        finish_deletion(timer);
    else
        ex_queue_work(current_machine(), finish_deletion, timer, timer);
    return cancelled;
}
SB_EXPORT(ExDeleteTimer)
