/*
 * The threads of virtual processors: DPCs directed at a processor, threaded DPCs, and calls that
 * must run on all processors at once.
 */
#include "host/ke/dpc.h"
#include "host/ob/object.h"
#include "host/ps/ps.h"

enum { IPI = 14 };

void ke_set_processor(struct kpcr *kpcr, ULONG number)
{
    kpcr->legacy_number = (USHORT)number;
    kpcr->number = number;
}

static VOID NTAPI processor_main(PVOID context)
{
    struct processor *processor = context;
    struct machine *machine = current_machine();
    PKTHREAD thread = &current_thread()->Tcb;
    ke_set_processor(current_kpcr(), processor->number);
    for (;;) {
        schedule_prepare(thread);
        while (ke_run_processor_dpc(machine, processor))
            schedule_point(machine);
        schedule_block(thread, LINUX_FOREVER);
    }
}

BOOLEAN ke_processor_start(struct machine *machine, ULONG number)
{
    struct processor *processor = &machine->ke->processors[number];
    PETHREAD thread;
    if (__atomic_load_n(&processor->thread, __ATOMIC_ACQUIRE))
        return TRUE;
    linux_lock(&machine->ke->processor_lock);
    BOOLEAN started = processor->thread != NULL;
    if (!started &&
        NT_SUCCESS(ps_system_thread_start(machine, processor_main, processor, &thread))) {
        __atomic_store_n(&processor->thread, thread, __ATOMIC_RELEASE);
        started = TRUE;
    }
    linux_unlock(&machine->ke->processor_lock);
    return started;
}

/* One call on every processor at once. Each of the others is played by a thread of its own for as
 * long as it lasts: the workers may wait for each other. */
struct broadcast {
    PKIPI_BROADCAST_WORKER worker;
    ULONG_PTR context;
    ULONG own_number;
    ULONG next, finished; /* atomic */
};

static VOID NTAPI broadcast_main(PVOID argument)
{
    struct broadcast *broadcast = argument;
    ULONG number = __atomic_fetch_add(&broadcast->next, 1, __ATOMIC_RELAXED);
    ke_set_processor(current_kpcr(), number < broadcast->own_number ? number : number + 1);
    KfRaiseIrql(IPI);
    broadcast->worker(broadcast->context);
    current_kpcr()->irql = PASSIVE_LEVEL;
    __atomic_add_fetch(&broadcast->finished, 1, __ATOMIC_RELEASE);
}

/* Callers may be at any IRQL below IPI_LEVEL, so the others are waited for by spinning. */
ULONG_PTR NTAPI KeIpiGenericCall(PKIPI_BROADCAST_WORKER worker, ULONG_PTR context)
{
    struct machine *machine = current_machine();
    struct kpcr *kpcr = current_kpcr();
    struct broadcast broadcast = {worker, context, kpcr->number, 0, 0};
    ULONG others = machine->processors - 1, started = 0, turns = 0;
    PETHREAD thread;
    while (started < others &&
           NT_SUCCESS(ps_system_thread_start(machine, broadcast_main, &broadcast, &thread))) {
        ob_dereference(thread);
        started++;
    }
    if (started < others)
        KeBugCheckEx(INSTALL_MORE_MEMORY, started, others, 0, 0);
    KIRQL irql = KfRaiseIrql(IPI);
    ULONG_PTR result = worker(context);
    while (__atomic_load_n(&broadcast.finished, __ATOMIC_ACQUIRE) < others)
        schedule_spin(&turns);
    KeLowerIrql(irql);
    return result;
}
SB_EXPORT(KeIpiGenericCall)

/* ---- KeGenericCallDpc: the same for DPC routines, at DISPATCH_LEVEL. ---- */

/* What the routine gets as its second and third argument. */
struct generic_call {
    PKDEFERRED_ROUTINE routine;
    PVOID context;
    ULONG own_number, count;
    ULONG next, done, arrived, round; /* atomic */
};

static VOID NTAPI generic_main(PVOID argument)
{
    struct generic_call *call = argument;
    struct kpcr *kpcr = current_kpcr();
    ULONG number = __atomic_fetch_add(&call->next, 1, __ATOMIC_RELAXED);
    ke_set_processor(kpcr, number < call->own_number ? number : number + 1);
    KfRaiseIrql(DISPATCH_LEVEL);
    call->routine(NULL, call->context, call, call);
    kpcr->irql = PASSIVE_LEVEL;
}

VOID NTAPI nt_KeGenericCallDpc(PKDEFERRED_ROUTINE routine, PVOID context)
{
    struct machine *machine = current_machine();
    struct generic_call call = {routine, context, current_kpcr()->number, machine->processors, 0, 0,
                                0,       0};
    ULONG turns = 0;
    PETHREAD thread;
    for (ULONG started = 1; started < call.count; started++) {
        if (!NT_SUCCESS(ps_system_thread_start(machine, generic_main, &call, &thread)))
            KeBugCheckEx(INSTALL_MORE_MEMORY, started, call.count, 0, 0);
        ob_dereference(thread);
    }
    KIRQL irql = KfRaiseIrql(DISPATCH_LEVEL);
    routine(NULL, context, &call, &call);
    while (__atomic_load_n(&call.done, __ATOMIC_ACQUIRE) < call.count)
        schedule_spin(&turns);
    KeLowerIrql(irql);
}
SB_EXPORT_AS("KeGenericCallDpc", nt_KeGenericCallDpc)

/* The routine is through. */
VOID NTAPI nt_KeSignalCallDpcDone(PVOID argument)
{
    struct generic_call *call = argument;
    __atomic_add_fetch(&call->done, 1, __ATOMIC_RELEASE);
}
SB_EXPORT_AS("KeSignalCallDpcDone", nt_KeSignalCallDpcDone)

/* Returns when all have come here; TRUE on one of them. */
LOGICAL NTAPI nt_KeSignalCallDpcSynchronize(PVOID argument)
{
    struct generic_call *call = argument;
    ULONG round = __atomic_load_n(&call->round, __ATOMIC_ACQUIRE), turns = 0;
    if (__atomic_add_fetch(&call->arrived, 1, __ATOMIC_ACQ_REL) == call->count) {
        __atomic_store_n(&call->arrived, 0, __ATOMIC_RELAXED);
        __atomic_add_fetch(&call->round, 1, __ATOMIC_RELEASE);
        return TRUE;
    }
    while (__atomic_load_n(&call->round, __ATOMIC_ACQUIRE) == round)
        schedule_spin(&turns);
    return FALSE;
}
SB_EXPORT_AS("KeSignalCallDpcSynchronize", nt_KeSignalCallDpcSynchronize)
