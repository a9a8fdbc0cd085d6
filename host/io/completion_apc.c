/*
 * The APC that ReadFileEx and ZwReadFile's ApcRoutine mean. It lies in its request, which a pin
 * keeps once the request is over: so it is there without fail.
 */
#include "host/io/completion_apc.h"
#include "host/ke/apc.h"

static VOID NTAPI let_go(PKAPC apc)
{
    PETHREAD thread = CONTAINING_RECORD(apc->Thread, struct _ETHREAD, Tcb);
    io_irp_unpin(CONTAINING_RECORD(apc, IRP, Tail.Apc), thread);
}

static VOID NTAPI deliver(PKAPC apc, PKNORMAL_ROUTINE *routine, PVOID *context, PVOID *argument1,
                          PVOID *argument2)
{
    let_go(apc);
}

void io_completion_apc_keep(PIRP irp, PETHREAD thread)
{
    io_irps_lock(thread);
    io_irp_set_state(irp, io_irp_state(irp) + 1u);
    io_irps_unlock(thread);
    ob_reference(thread); /* once out of its list, the request no longer holds it */
}

void io_completion_apc_queue(PIRP irp, PETHREAD thread)
{
    PKAPC apc = &irp->Tail.Apc;
    void *routine = (void *)irp->Overlay.AsynchronousParameters.UserApcRoutine;
    KeInitializeApc(apc, &thread->Tcb, OriginalApcEnvironment, deliver, let_go,
                    (PKNORMAL_ROUTINE)routine, irp->RequestorMode,
                    irp->Overlay.AsynchronousParameters.UserApcContext);
    if (!KeInsertQueueApc(apc, irp->UserIosb, NULL, 0))
        let_go(apc); /* the thread has ended */
    ob_dereference(thread);
}
