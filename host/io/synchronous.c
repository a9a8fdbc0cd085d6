/* Requests that the host itself makes and waits for: create, cleanup, close, flush, PnP, power. */
#include "host/io/io.h"
#include "host/ke/ke.h"

/* Where such a request tells its end; on the waiter's stack. */
struct wait {
    IO_STATUS_BLOCK result; /* STATUS_PENDING until the request is finished */
    KEVENT done;
};

/* The driver answered without completing the request: its end must not reach this stack any more.
 * FALSE when it is finished, or is about to be. */
static BOOLEAN give_up(PIRP irp, PETHREAD thread, struct wait *wait)
{
    BOOLEAN given_up = FALSE;
    io_irps_lock(thread);
    if (__atomic_load_n(&wait->result.Status, __ATOMIC_ACQUIRE) == STATUS_PENDING &&
        !(io_irp_state(irp) & IO_IRP_FINISHING)) {
        io_irp_abandon(irp, thread);
        given_up = TRUE;
    }
    io_irps_unlock(thread);
    return given_up;
}

NTSTATUS io_call_and_wait(PDEVICE_OBJECT device, PIRP irp, ULONG_PTR *information)
{
    PETHREAD thread = current_thread();
    struct wait wait = {.result.Status = STATUS_PENDING};
    ke_header_initialize(&wait.done.Header, DISPATCHER_NOTIFICATION_EVENT, sizeof(wait.done), 0);
    irp->Flags |= IRP_SYNCHRONOUS_API;
    irp->UserIosb = &wait.result;
    irp->UserEvent = &wait.done;
    io_thread_join(irp, thread);
    NTSTATUS status = IofCallDriver(device, irp);
    if (status != STATUS_PENDING && SB_UNLIKELY(wait.result.Status == STATUS_PENDING) &&
        give_up(irp, thread, &wait)) {
        *information = 0;
        return status;
    }
    KeWaitForSingleObject(&wait.done, Executive, KernelMode, FALSE, NULL);
    *information = wait.result.Information;
    return wait.result.Status;
}

NTSTATUS io_send_bottom_minor(PDEVICE_OBJECT device, UCHAR major, UCHAR minor,
                              void (*fill)(PIO_STACK_LOCATION stack, void *context), void *context,
                              ULONG_PTR *information)
{
    ULONG_PTR ignored;
    PIRP irp = io_irp_allocate(current_machine(), device->StackSize);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    irp->Tail.Overlay.Thread = current_thread();
    irp->RequestorMode = KernelMode;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED; /* what it stays if nobody handles it */
    stack->MajorFunction = major;
    stack->MinorFunction = minor;
    if (fill)
        fill(stack, context);
    return io_call_and_wait(device, irp, information ? information : &ignored);
}

NTSTATUS io_send_minor(PDEVICE_OBJECT device, UCHAR major, UCHAR minor,
                       void (*fill)(PIO_STACK_LOCATION stack, void *context), void *context,
                       ULONG_PTR *information)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(device);
    NTSTATUS status = io_send_bottom_minor(top, major, minor, fill, context, information);
    ob_dereference(top);
    return status;
}
