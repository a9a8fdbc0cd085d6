/*
 * Interrupts. No hardware raises any: connecting gives an interrupt object with its lock and IRQL,
 * whose service routine stays uncalled. Line- and message-based ones need interrupt resources,
 * which no device of the root bus has.
 */
#include "host/io/io.h"
#include "host/ex/ex.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { INTERRUPT_TAG = 0x746E4949, HIGHEST_DEVICE_IRQL = 12 };

/* Opaque to drivers. In pool, so that one that is left connected shows as a leak. */
struct _KINTERRUPT {
    LIST_ENTRY link; /* io_state.interrupts; its lock */
    PKSERVICE_ROUTINE routine;
    PVOID context;
    PKSPIN_LOCK lock; /* the caller's, or own_lock */
    KSPIN_LOCK own_lock;
    KEVENT passive_lock; /* in the place of the spin lock when synchronize_irql is PASSIVE_LEVEL */
    ULONG vector;
    KIRQL irql, synchronize_irql;
    KINTERRUPT_MODE mode;
    BOOLEAN is_shared;
    KAFFINITY affinity;
};

/* Whether others on the vector allow one more. Lock held. */
static BOOLEAN may_share(struct io_state *io, const struct _KINTERRUPT *wanted)
{
    for (PLIST_ENTRY link = io->interrupts.Flink; link != &io->interrupts; link = link->Flink) {
        struct _KINTERRUPT *other = CONTAINING_RECORD(link, struct _KINTERRUPT, link);
        if (other->vector == wanted->vector &&
            (!other->is_shared || !wanted->is_shared || other->mode != wanted->mode))
            return FALSE;
    }
    return TRUE;
}

static NTSTATUS connect(const struct _KINTERRUPT *wanted, PKINTERRUPT *connected)
{
    struct machine *machine = current_machine();
    if (!wanted->routine || !(wanted->affinity & KeQueryActiveProcessors()) ||
        wanted->irql > HIGHEST_DEVICE_IRQL || wanted->synchronize_irql < wanted->irql)
        return STATUS_INVALID_PARAMETER;
    struct _KINTERRUPT *interrupt =
        mm_pool_allocate_zero(machine, sizeof(*interrupt), INTERRUPT_TAG);
    if (!interrupt)
        return STATUS_INSUFFICIENT_RESOURCES;
    *interrupt = *wanted;
    if (!interrupt->lock)
        interrupt->lock = &interrupt->own_lock;
    KeInitializeEvent(&interrupt->passive_lock, SynchronizationEvent, TRUE);
    linux_lock(&machine->io->lock);
    BOOLEAN allowed = may_share(machine->io, interrupt);
    if (allowed)
        InsertTailList(&machine->io->interrupts, &interrupt->link);
    linux_unlock(&machine->io->lock);
    if (!allowed) {
        mm_pool_free(machine, interrupt);
        return STATUS_INVALID_PARAMETER;
    }
    *connected = interrupt;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoConnectInterrupt(PKINTERRUPT *connected, PKSERVICE_ROUTINE routine, PVOID context,
                                  PKSPIN_LOCK lock, ULONG vector, KIRQL irql,
                                  KIRQL synchronize_irql, KINTERRUPT_MODE mode, BOOLEAN share,
                                  KAFFINITY affinity, BOOLEAN save_floating)
{
    struct _KINTERRUPT wanted = {.routine = routine,
                                 .context = context,
                                 .lock = lock,
                                 .vector = vector,
                                 .irql = irql,
                                 .synchronize_irql = synchronize_irql,
                                 .mode = mode,
                                 .is_shared = share,
                                 .affinity = affinity};
    return connect(&wanted, connected);
}
SB_EXPORT(IoConnectInterrupt)

NTSTATUS NTAPI IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS parameters)
{
    const IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS *full = &parameters->FullySpecified;
    switch (parameters->Version) {
    case CONNECT_FULLY_SPECIFIED_GROUP:
        if (full->Group != 0)
            return STATUS_INVALID_PARAMETER;
        /* fall through */
    case CONNECT_FULLY_SPECIFIED:
        return IoConnectInterrupt(full->InterruptObject, full->ServiceRoutine, full->ServiceContext,
                                  full->SpinLock, full->Vector, full->Irql, full->SynchronizeIrql,
                                  full->InterruptMode, full->ShareVector, full->ProcessorEnableMask,
                                  full->FloatingSave);
    case CONNECT_LINE_BASED:
    case CONNECT_MESSAGE_BASED:
        return STATUS_NOT_FOUND;
    default:
        parameters->Version = CONNECT_FULLY_SPECIFIED_GROUP;
        return STATUS_NOT_SUPPORTED;
    }
}
SB_EXPORT(IoConnectInterruptEx)

VOID NTAPI IoDisconnectInterrupt(PKINTERRUPT interrupt)
{
    struct machine *machine = current_machine();
    linux_lock(&machine->io->lock);
    RemoveEntryList(&interrupt->link);
    linux_unlock(&machine->io->lock);
    mm_pool_free(machine, interrupt);
}
SB_EXPORT(IoDisconnectInterrupt)

VOID NTAPI IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters)
{
    IoDisconnectInterrupt(parameters->ConnectionContext.InterruptObject);
}
SB_EXPORT(IoDisconnectInterruptEx)

NTSTATUS NTAPI IoGetAffinityInterrupt(PKINTERRUPT interrupt, PGROUP_AFFINITY affinity)
{
    *affinity = (GROUP_AFFINITY){.Mask = interrupt->affinity & KeQueryActiveProcessors()};
    return STATUS_SUCCESS;
}
SB_EXPORT(IoGetAffinityInterrupt)

/* ---- what keeps the service routine out ---- */
KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT interrupt)
{
    if (interrupt->synchronize_irql == PASSIVE_LEVEL) {
        KeWaitForSingleObject(&interrupt->passive_lock, Executive, KernelMode, FALSE, NULL);
        return PASSIVE_LEVEL;
    }
    KIRQL before = KfRaiseIrql(interrupt->synchronize_irql);
    KeAcquireSpinLockAtDpcLevel(interrupt->lock);
    return before;
}
SB_EXPORT(KeAcquireInterruptSpinLock)

VOID NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT interrupt, KIRQL before)
{
    if (interrupt->synchronize_irql == PASSIVE_LEVEL) {
        KeSetEvent(&interrupt->passive_lock, IO_NO_INCREMENT, FALSE);
        return;
    }
    KeReleaseSpinLockFromDpcLevel(interrupt->lock);
    KeLowerIrql(before);
}
SB_EXPORT(KeReleaseInterruptSpinLock)

BOOLEAN NTAPI KeSynchronizeExecution(PKINTERRUPT interrupt, PKSYNCHRONIZE_ROUTINE routine,
                                     PVOID context)
{
    KIRQL before = KeAcquireInterruptSpinLock(interrupt);
    BOOLEAN answer = routine(context);
    KeReleaseInterruptSpinLock(interrupt, before);
    return answer;
}
SB_EXPORT(KeSynchronizeExecution)
