/* IRPs: the way up, from IoCompleteRequest through the completion routines. */
#include "host/io/io.h"
#include "host/ke/schedule.h"
#include "host/trace/trace.h"

static BOOLEAN wants_completion(PIO_STACK_LOCATION stack, PIRP irp)
{
    NTSTATUS status = irp->IoStatus.Status;
    BOOLEAN cancelled = __atomic_load_n(&irp->Cancel, __ATOMIC_RELAXED); /* or just now */
    return (NT_SUCCESS(status) && (stack->Control & SL_INVOKE_ON_SUCCESS)) ||
           (!NT_SUCCESS(status) && (stack->Control & SL_INVOKE_ON_ERROR)) ||
           (cancelled && (stack->Control & SL_INVOKE_ON_CANCEL));
}

/* A location is cleared before its owner's completion routine sees the request. */
static void clear_location(PIO_STACK_LOCATION stack)
{
    stack->MinorFunction = 0;
    stack->Flags = 0;
    stack->Control &= SL_ERROR_RETURNED;
    stack->Parameters.Others.Argument1 = NULL;
    stack->Parameters.Others.Argument2 = NULL;
    stack->Parameters.Others.Argument3 = NULL;
    stack->FileObject = NULL;
}

/* What a completion routine answers. */
static NTSTATUS call_routine(struct machine *machine, PIO_COMPLETION_ROUTINE routine,
                             PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    const struct verifier_hooks *verifier = machine->verifier;
    if (SB_LIKELY(!verifier) || !verifier->callback_begin)
        return routine(device, irp, context);
    struct verifier_callback callback = {VERIFIER_CALLBACK_COMPLETION, routine, device};
    verifier->callback_begin(&callback);
    NTSTATUS answer = routine(device, irp, context);
    verifier->callback_end(&callback);
    return answer;
}

VOID FASTCALL IofCompleteRequest(PIRP irp, CCHAR priority_boost)
{
    struct machine *machine = current_machine();
    schedule_choice(machine);
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->irp_completing &&
        !machine->verifier->irp_completing(irp, __builtin_return_address(0)))
        return;
    if (SB_UNLIKELY(irp->Type != IO_TYPE_IRP || irp->CurrentLocation > irp->StackCount + 1))
        KeBugCheckEx(MULTIPLE_IRP_COMPLETE_REQUESTS, (ULONG_PTR)irp, 0, 0, 0);
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->irp_complete)
        machine->verifier->irp_complete(irp, __builtin_return_address(0));
    if (SB_UNLIKELY(machine->trace))
        trace_complete(machine, irp);
    PIO_STACK_LOCATION stack = irp->Tail.Overlay.CurrentStackLocation;
    irp->Tail.Overlay.CurrentStackLocation++;
    irp->CurrentLocation++;
    for (; irp->CurrentLocation <= irp->StackCount + 1; stack++) {
        irp->PendingReturned = (stack->Control & SL_PENDING_RETURNED) != 0;
        if (SB_UNLIKELY(machine->verifier) && machine->verifier->irp_passes)
            machine->verifier->irp_passes(irp, (ULONG)irp->CurrentLocation - 1);
        if (wants_completion(stack, irp)) {
            PIO_COMPLETION_ROUTINE routine = stack->CompletionRoutine;
            PVOID context = stack->Context;
            /* The routine belongs to the driver above: its location is the current one. */
            PDEVICE_OBJECT device =
                irp->CurrentLocation <= irp->StackCount ? (stack + 1)->DeviceObject : NULL;
            clear_location(stack);
            if (call_routine(machine, routine, device, irp, context) ==
                STATUS_MORE_PROCESSING_REQUIRED)
                return;
        } else {
            if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount)
                (stack + 1)->Control |= SL_PENDING_RETURNED;
            clear_location(stack);
        }
        irp->Tail.Overlay.CurrentStackLocation++;
        irp->CurrentLocation++;
    }
    io_finish(irp);
    schedule_choice(machine);
}
SB_EXPORT(IofCompleteRequest)
SB_EXPORT_AS("IoCompleteRequest", IofCompleteRequest)
