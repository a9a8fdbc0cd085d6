/* Room on the stack. Linux threads have megabytes; what is asked for is checked against that. */
#include "host/ke/bug_codes.h"
#include "host/ke/schedule.h"

enum { SLACK = 0x4000 }; /* for the host itself below the callout's frames */

static NTSTATUS call_out(PEXPAND_STACK_CALLOUT callout, PVOID parameter, SIZE_T size)
{
    struct kpcr *kpcr = current_kpcr();
    KIRQL irql = kpcr->irql;
    uint64_t here = (uint64_t)__builtin_frame_address(0);
    if (size > MAXIMUM_EXPANSION_SIZE)
        return STATUS_INVALID_PARAMETER_3;
    if (here - kpcr->current_thread->stack_low < size + SLACK)
        return STATUS_NO_MEMORY;
    callout(parameter);
    if (kpcr->irql != irql)
        KeBugCheckEx(IRQL_UNEXPECTED_VALUE, (ULONG_PTR)kpcr->irql << 16 | irql << 8 | 2,
                     (ULONG_PTR)callout, (ULONG_PTR)parameter, 0);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT callout, PVOID parameter,
                                             SIZE_T size)
{
    return call_out(callout, parameter, size);
}
SB_EXPORT(KeExpandKernelStackAndCallout)

/* wait: whether it may wait for memory; none is needed. */
NTSTATUS NTAPI nt_KeExpandKernelStackAndCalloutEx(PEXPAND_STACK_CALLOUT callout, PVOID parameter,
                                                  SIZE_T size, BOOLEAN wait, PVOID context)
{
    if (context)
        return STATUS_INVALID_PARAMETER_5;
    if (wait && KeGetCurrentIrql() > APC_LEVEL)
        return STATUS_INVALID_PARAMETER_4;
    return call_out(callout, parameter, size);
}
SB_EXPORT_AS("KeExpandKernelStackAndCalloutEx", nt_KeExpandKernelStackAndCalloutEx)

/* Kernel stacks are never paged out; tells what was set before. */
BOOLEAN NTAPI KeSetKernelStackSwapEnable(BOOLEAN enable)
{
    PKTHREAD thread = &current_thread()->Tcb;
    BOOLEAN before = !thread->stack_resident;
    thread->stack_resident = !enable;
    return before;
}
SB_EXPORT(KeSetKernelStackSwapEnable)
