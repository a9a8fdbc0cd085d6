/*
 * IRQL is a number in the thread's KPCR. Nothing is masked: what the level promises (no wait, DPCs
 * and APCs held back on this thread) is kept by the routines that look at it.
 */
#include "host/ke/ke.h"
#include "host/ke/schedule.h"

enum { SYNCH = 12 };

VOID FASTCALL KfLowerIrql(KIRQL new_irql);

KIRQL NTAPI KeGetCurrentIrql(VOID)
{
    return __readgsbyte(FIELD_OFFSET(struct kpcr, irql));
}
SB_EXPORT(KeGetCurrentIrql)

void ke_irql_raised(struct machine *machine)
{
    if (SB_UNLIKELY(machine->verifier) && machine->scheduler)
        machine->verifier->irql_changed();
}

static inline __attribute__((always_inline)) KIRQL raise_irql(KIRQL new_irql, void *caller)
{
    struct kpcr *kpcr = current_kpcr();
    KIRQL old = kpcr->irql;
    if (SB_UNLIKELY(new_irql < old))
        KeBugCheckEx(IRQL_NOT_GREATER_OR_EQUAL, old, new_irql, 0, (ULONG_PTR)caller);
    kpcr->irql = new_irql;
    ke_irql_raised(kpcr->machine);
    return old;
}

KIRQL NTAPI KfRaiseIrql(KIRQL new_irql)
{
    return raise_irql(new_irql, __builtin_return_address(0));
}
SB_EXPORT(KfRaiseIrql)

#undef KeRaiseIrql
VOID NTAPI nt_KeRaiseIrql(KIRQL new_irql, PKIRQL old_irql)
{
    *old_irql = raise_irql(new_irql, __builtin_return_address(0));
}
SB_EXPORT_AS("KeRaiseIrql", nt_KeRaiseIrql)

KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID)
{
    return raise_irql(DISPATCH_LEVEL, __builtin_return_address(0));
}
SB_EXPORT(KeRaiseIrqlToDpcLevel)

KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID)
{
    return raise_irql(SYNCH, __builtin_return_address(0));
}
SB_EXPORT(KeRaiseIrqlToSynchLevel)

void ke_soft_interrupts(struct kpcr *kpcr)
{
    PKTHREAD thread = &kpcr->current_thread->Tcb;
    if (kpcr->irql < DISPATCH_LEVEL &&
        (__atomic_load_n(&thread->soft_interrupts, __ATOMIC_RELAXED) & SOFT_DPC))
        ke_drain_dpcs(thread);
    if (kpcr->irql < APC_LEVEL &&
        (__atomic_load_n(&thread->soft_interrupts, __ATOMIC_RELAXED) & SOFT_APC))
        ke_deliver_kernel_apcs(thread);
}

VOID NTAPI KeLowerIrql(KIRQL new_irql)
{
    struct kpcr *kpcr = current_kpcr();
    if (SB_UNLIKELY(new_irql > kpcr->irql))
        KeBugCheckEx(IRQL_NOT_LESS_OR_EQUAL, kpcr->irql, new_irql, 0,
                     (ULONG_PTR)__builtin_return_address(0));
    kpcr->irql = new_irql;
    ke_poll_soft_interrupts();
    schedule_point(kpcr->machine);
}
SB_EXPORT(KeLowerIrql)

VOID FASTCALL KfLowerIrql(KIRQL new_irql)
{
    KeLowerIrql(new_irql);
}
SB_EXPORT(KfLowerIrql)

PKTHREAD NTAPI KeGetCurrentThread(VOID)
{
    return &current_thread()->Tcb;
}
SB_EXPORT(KeGetCurrentThread)
SB_EXPORT_AS("PsGetCurrentThread", KeGetCurrentThread)

/* ExGetPreviousMode under its other names. */
KPROCESSOR_MODE NTAPI nt_KeGetPreviousMode(VOID)
{
    return current_thread()->Tcb.previous_mode;
}
SB_EXPORT_AS("KeGetPreviousMode", nt_KeGetPreviousMode)
SB_EXPORT_AS("PsGetCurrentThreadPreviousMode", nt_KeGetPreviousMode)
