/*
 * IRQL is a number in the thread's KPCR. Nothing is masked: what the level promises (no wait, DPCs
 * held back on this thread) is kept by the routines that look at it.
 */
#include "host/ke/schedule.h"

enum { SYNCH = 12 };

KIRQL NTAPI KeGetCurrentIrql(VOID)
{
    return __readgsbyte(FIELD_OFFSET(struct kpcr, irql));
}
SB_EXPORT(KeGetCurrentIrql)

KIRQL NTAPI KfRaiseIrql(KIRQL new_irql)
{
    struct kpcr *kpcr = current_kpcr();
    KIRQL old = kpcr->irql;
    if (SB_UNLIKELY(new_irql < old))
        KeBugCheckEx(IRQL_NOT_GREATER_OR_EQUAL, old, new_irql, 0,
                     (ULONG_PTR)__builtin_return_address(0));
    if (SB_UNLIKELY(kpcr->machine->verifier) && kpcr->machine->verifier->irql_change)
        kpcr->machine->verifier->irql_change(old, new_irql, __builtin_return_address(0));
    kpcr->irql = new_irql;
    return old;
}
SB_EXPORT(KfRaiseIrql)

VOID NTAPI KeLowerIrql(KIRQL new_irql)
{
    struct kpcr *kpcr = current_kpcr();
    if (SB_UNLIKELY(new_irql > kpcr->irql))
        KeBugCheckEx(IRQL_NOT_LESS_OR_EQUAL, kpcr->irql, new_irql, 0,
                     (ULONG_PTR)__builtin_return_address(0));
    if (SB_UNLIKELY(kpcr->machine->verifier) && kpcr->machine->verifier->irql_change)
        kpcr->machine->verifier->irql_change(kpcr->irql, new_irql, __builtin_return_address(0));
    PKTHREAD thread = &kpcr->current_thread->Tcb;
    kpcr->irql = new_irql;
    if (SB_UNLIKELY(new_irql < DISPATCH_LEVEL && !IsListEmpty(&thread->pending_dpcs)))
        ke_drain_dpcs(thread);
    schedule_point(kpcr->machine);
}
SB_EXPORT(KeLowerIrql)

KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID)
{
    return KfRaiseIrql(DISPATCH_LEVEL);
}
SB_EXPORT(KeRaiseIrqlToDpcLevel)

KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID)
{
    return KfRaiseIrql(SYNCH);
}
SB_EXPORT(KeRaiseIrqlToSynchLevel)

PKTHREAD NTAPI KeGetCurrentThread(VOID)
{
    return &current_thread()->Tcb;
}
SB_EXPORT(KeGetCurrentThread)
SB_EXPORT_AS("PsGetCurrentThread", KeGetCurrentThread)
