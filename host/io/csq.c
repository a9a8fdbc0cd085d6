/*
 * Cancel-safe queues. The driver gives list and lock routines; the protocol with cancellation is
 * here: an IRP is the canceller's as soon as IoSetCancelRoutine gives NULL.
 */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/trace/trace.h"

#ifndef IO_TYPE_CSQ
#define IO_TYPE_CSQ_IRP_CONTEXT 1
#define IO_TYPE_CSQ             2
#endif
#ifndef IO_TYPE_CSQ_EX
#define IO_TYPE_CSQ_EX 3
#endif

enum { CSQ_SLOT = 3 }; /* Tail.Overlay.DriverContext[3] is the queue's while the IRP is in it */

/* What the slot points at: the caller's context, or the queue itself when there is none. */
static PIO_CSQ queue_of(PVOID slot, PIO_CSQ_IRP_CONTEXT *context)
{
    *context = NULL;
    if (*(PULONG)slot != IO_TYPE_CSQ_IRP_CONTEXT)
        return slot;
    *context = slot;
    return (*context)->Csq;
}

static VOID NTAPI csq_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context;
    PIO_CSQ csq = queue_of(irp->Tail.Overlay.DriverContext[CSQ_SLOT], &context);
    KIRQL irql;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    csq->CsqAcquireLock(csq, &irql);
    csq->CsqRemoveIrp(csq, irp);
    if (context)
        context->Irp = NULL;
    irp->Tail.Overlay.DriverContext[CSQ_SLOT] = NULL;
    csq->CsqReleaseLock(csq, irql);
    csq->CsqCompleteCanceledIrp(csq, irp);
}

static NTSTATUS initialize(PIO_CSQ csq, ULONG type, PIO_CSQ_INSERT_IRP insert,
                           PIO_CSQ_REMOVE_IRP remove, PIO_CSQ_PEEK_NEXT_IRP peek,
                           PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release,
                           PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    csq->Type = type;
    csq->CsqInsertIrp = insert;
    csq->CsqRemoveIrp = remove;
    csq->CsqPeekNextIrp = peek;
    csq->CsqAcquireLock = acquire;
    csq->CsqReleaseLock = release;
    csq->CsqCompleteCanceledIrp = complete;
    csq->ReservePointer = NULL;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoCsqInitialize(PIO_CSQ csq, PIO_CSQ_INSERT_IRP insert, PIO_CSQ_REMOVE_IRP remove,
                               PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire,
                               PIO_CSQ_RELEASE_LOCK release, PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    return initialize(csq, IO_TYPE_CSQ, insert, remove, peek, acquire, release, complete);
}
SB_EXPORT(IoCsqInitialize)

NTSTATUS NTAPI IoCsqInitializeEx(PIO_CSQ csq, PIO_CSQ_INSERT_IRP_EX insert,
                                 PIO_CSQ_REMOVE_IRP remove, PIO_CSQ_PEEK_NEXT_IRP peek,
                                 PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release,
                                 PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    return initialize(csq, IO_TYPE_CSQ_EX, (PIO_CSQ_INSERT_IRP)(void *)insert, remove, peek,
                      acquire, release, complete);
}
SB_EXPORT(IoCsqInitializeEx)

static NTSTATUS put(PIO_CSQ csq, PIRP irp, PVOID insert_context)
{
    if (csq->Type == IO_TYPE_CSQ_EX)
        return ((PIO_CSQ_INSERT_IRP_EX)(void *)csq->CsqInsertIrp)(csq, irp, insert_context);
    csq->CsqInsertIrp(csq, irp);
    return STATUS_SUCCESS;
}

/* The queue's lock is held. TRUE: the IRP was cancelled before it had a cancel routine, is out of
 * the queue again and must be completed. */
static BOOLEAN was_cancelled_meanwhile(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context)
{
    IoSetCancelRoutine(irp, csq_cancel);
    if (!irp->Cancel || !IoSetCancelRoutine(irp, NULL))
        return FALSE; /* not cancelled, or csq_cancel is under way and waits for the lock */
    csq->CsqRemoveIrp(csq, irp);
    if (context)
        context->Irp = NULL;
    irp->Tail.Overlay.DriverContext[CSQ_SLOT] = NULL;
    return TRUE;
}

NTSTATUS NTAPI IoCsqInsertIrpEx(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context,
                                PVOID insert_context)
{
    KIRQL irql;
    if (context) {
        context->Type = IO_TYPE_CSQ_IRP_CONTEXT;
        context->Irp = irp;
        context->Csq = csq;
    }
    csq->CsqAcquireLock(csq, &irql);
    irp->Tail.Overlay.DriverContext[CSQ_SLOT] = context ? (PVOID)context : (PVOID)csq;
    NTSTATUS status = put(csq, irp, insert_context);
    if (!NT_SUCCESS(status)) {
        irp->Tail.Overlay.DriverContext[CSQ_SLOT] = NULL;
        if (context)
            context->Irp = NULL;
        csq->CsqReleaseLock(csq, irql);
        return status;
    }
    IoMarkIrpPending(irp);
    if (SB_UNLIKELY(current_machine()->trace))
        trace_queued(current_machine(), irp);
    BOOLEAN cancelled = was_cancelled_meanwhile(csq, irp, context);
    csq->CsqReleaseLock(csq, irql);
    if (cancelled)
        csq->CsqCompleteCanceledIrp(csq, irp);
    return status;
}
SB_EXPORT(IoCsqInsertIrpEx)

VOID NTAPI IoCsqInsertIrp(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context)
{
    IoCsqInsertIrpEx(csq, irp, context, NULL);
}
SB_EXPORT(IoCsqInsertIrp)

/* The queue's lock is held: the IRP is ours unless a canceller got it first. */
static BOOLEAN take(PIO_CSQ csq, PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context;
    if (!IoSetCancelRoutine(irp, NULL))
        return FALSE;
    queue_of(irp->Tail.Overlay.DriverContext[CSQ_SLOT], &context);
    csq->CsqRemoveIrp(csq, irp);
    if (context)
        context->Irp = NULL;
    irp->Tail.Overlay.DriverContext[CSQ_SLOT] = NULL;
    return TRUE;
}

PIRP NTAPI IoCsqRemoveIrp(PIO_CSQ csq, PIO_CSQ_IRP_CONTEXT context)
{
    KIRQL irql;
    csq->CsqAcquireLock(csq, &irql);
    PIRP irp = context->Irp;
    if (irp && !take(csq, irp))
        irp = NULL;
    csq->CsqReleaseLock(csq, irql);
    return irp;
}
SB_EXPORT(IoCsqRemoveIrp)

PIRP NTAPI IoCsqRemoveNextIrp(PIO_CSQ csq, PVOID peek_context)
{
    KIRQL irql;
    csq->CsqAcquireLock(csq, &irql);
    PIRP irp = csq->CsqPeekNextIrp(csq, NULL, peek_context);
    while (irp && !take(csq, irp))
        irp = csq->CsqPeekNextIrp(csq, irp, peek_context);
    csq->CsqReleaseLock(csq, irql);
    return irp;
}
SB_EXPORT(IoCsqRemoveNextIrp)
