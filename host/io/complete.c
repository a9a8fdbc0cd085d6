/* IRPs: the way up. */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"


static BOOLEAN wants_completion(PIO_STACK_LOCATION stack, PIRP irp)
{
    NTSTATUS status = irp->IoStatus.Status;
    return (NT_SUCCESS(status) && (stack->Control & SL_INVOKE_ON_SUCCESS)) ||
           (!NT_SUCCESS(status) && (stack->Control & SL_INVOKE_ON_ERROR)) ||
           (irp->Cancel && (stack->Control & SL_INVOKE_ON_CANCEL));
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

VOID FASTCALL IofCompleteRequest(PIRP irp, CCHAR priority_boost)
{
    struct machine *machine = current_machine();
    if (SB_UNLIKELY(irp->Type != IO_TYPE_IRP || irp->CurrentLocation > irp->StackCount + 1))
        KeBugCheckEx(MULTIPLE_IRP_COMPLETE_REQUESTS, (ULONG_PTR)irp, 0, 0, 0);
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->irp_complete)
        machine->verifier->irp_complete(irp, __builtin_return_address(0));
    PIO_STACK_LOCATION stack = irp->Tail.Overlay.CurrentStackLocation;
    irp->Tail.Overlay.CurrentStackLocation++;
    irp->CurrentLocation++;
    for (; irp->CurrentLocation <= irp->StackCount + 1; stack++) {
        irp->PendingReturned = (stack->Control & SL_PENDING_RETURNED) != 0;
        if (wants_completion(stack, irp)) {
            PIO_COMPLETION_ROUTINE routine = stack->CompletionRoutine;
            PVOID context = stack->Context;
            /* The routine belongs to the driver above: its location is the current one. */
            PDEVICE_OBJECT device = irp->CurrentLocation <= irp->StackCount
                                        ? (stack + 1)->DeviceObject
                                        : NULL;
            clear_location(stack);
            if (routine(device, irp, context) == STATUS_MORE_PROCESSING_REQUIRED)
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
}
SB_EXPORT(IofCompleteRequest)
SB_EXPORT_AS("IoCompleteRequest", IofCompleteRequest)

static void leave_thread(PIRP irp)
{
    if (IsListEmpty(&irp->ThreadListEntry))
        return;
    PETHREAD thread = irp->Tail.Overlay.Thread;
    linux_lock(&thread->irps_lock);
    RemoveEntryList(&irp->ThreadListEntry);
    linux_unlock(&thread->irps_lock);
}

/* Warnings carry data too; errors do not. */
static void give_data_back(PIRP irp)
{
    if (!(irp->Flags & IRP_BUFFERED_IO))
        return;
    if ((irp->Flags & IRP_INPUT_OPERATION) && !NT_ERROR(irp->IoStatus.Status) &&
        irp->IoStatus.Information &&
        !linux_copy_guarded(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer,
                            irp->IoStatus.Information))
        irp->IoStatus.Status = STATUS_ACCESS_VIOLATION;
    if (irp->Flags & IRP_DEALLOCATE_BUFFER)
        mm_pool_free(current_machine(), irp->AssociatedIrp.SystemBuffer);
}

void io_finish(PIRP irp)
{
    PFILE_OBJECT file = irp->Tail.Overlay.OriginalFileObject;
    PKEVENT event = irp->UserEvent;
    BOOLEAN pending = irp->PendingReturned;
    BOOLEAN internal = (irp->Flags & IRP_SYNCHRONOUS_API) != 0;
    BOOLEAN owns_file = !(irp->Flags & (IRP_CREATE_OPERATION | IRP_CLOSE_OPERATION)) && !internal;

    leave_thread(irp);
    give_data_back(irp);
    if (irp->UserIosb) {
        irp->UserIosb->Information = irp->IoStatus.Information;
        __atomic_store_n(&irp->UserIosb->Status, irp->IoStatus.Status, __ATOMIC_RELEASE);
    }
    IoFreeIrp(irp);
    if (event && (pending || !internal))
        KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    if (!owns_file)
        return;
    if (file && pending && (!event || (file->Flags & FO_SYNCHRONOUS_IO)))
        KeSetEvent(&file->Event, IO_NO_INCREMENT, FALSE);
    if (event)
        ob_dereference(event);
    if (file)
        ob_dereference(file);
}
