/*
 * Requests that drivers make: IoBuildDeviceIoControlRequest and kin. Their buffers are system
 * memory. A synchronous one belongs to its thread, where cancellation finds it, and is freed when
 * it completes; an asynchronous one is its driver's to free.
 */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { BUILD_BUFFER_TAG = 0x20206F49 };

/* A locked MDL over system memory, hung on the IRP. */
static BOOLEAN attach_mdl(PIRP irp, PVOID buffer, ULONG length, LOCK_OPERATION operation)
{
    PMDL mdl = IoAllocateMdl(buffer, length, FALSE, FALSE, irp);
    if (!mdl)
        return FALSE;
    MmProbeAndLockPages(mdl, KernelMode, operation);
    return TRUE;
}

static BOOLEAN attach_buffer(PIRP irp, ULONG size, const void *input, ULONG input_length)
{
    struct machine *machine = current_machine();
    void *buffer = NULL;
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->buffer_allocate)
        buffer = machine->verifier->buffer_allocate(size, BUILD_BUFFER_TAG, irp);
    if (!buffer)
        buffer = mm_pool_allocate(machine, NonPagedPoolNx, size, BUILD_BUFFER_TAG);
    if (!buffer)
        return FALSE;
    if (input)
        RtlCopyMemory(buffer, input, input_length);
    irp->AssociatedIrp.SystemBuffer = buffer;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    return TRUE;
}

struct control_buffers {
    void *input, *output;
    ULONG input_length, output_length;
};

static BOOLEAN attach_control_buffers(PIRP irp, PIO_STACK_LOCATION stack, ULONG method,
                                      const struct control_buffers *given)
{
    ULONG input = given->input_length, output = given->output_length;
    ULONG size = method == METHOD_BUFFERED && output > input ? output : input;
    if (method == METHOD_NEITHER) {
        irp->UserBuffer = given->output;
        stack->Parameters.DeviceIoControl.Type3InputBuffer = given->input;
        return TRUE;
    }
    if (method != METHOD_BUFFERED && !given->input)
        size = 0;
    if (size && !attach_buffer(irp, size, given->input, input))
        return FALSE;
    if (method == METHOD_BUFFERED) {
        irp->UserBuffer = given->output;
        if (given->output)
            irp->Flags |= IRP_INPUT_OPERATION;
        return TRUE;
    }
    if (!given->output)
        return TRUE;
    return attach_mdl(irp, given->output, output,
                      method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
}

static void throw_away(PIRP irp)
{
    io_release_buffers(irp);
    IoFreeIrp(irp);
}

PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG code, PDEVICE_OBJECT device, PVOID input,
                                         ULONG input_length, PVOID output, ULONG output_length,
                                         BOOLEAN internal, PKEVENT event, PIO_STATUS_BLOCK result)
{
    struct control_buffers buffers = {input, output, input_length, output_length};
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    if (!irp)
        return NULL;
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = internal ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    stack->Parameters.DeviceIoControl.IoControlCode = code;
    stack->Parameters.DeviceIoControl.InputBufferLength = input_length;
    stack->Parameters.DeviceIoControl.OutputBufferLength = output_length;
    if (!attach_control_buffers(irp, stack, METHOD_FROM_CTL_CODE(code), &buffers)) {
        throw_away(irp);
        return NULL;
    }
    irp->UserIosb = result;
    irp->UserEvent = event;
    irp->Tail.Overlay.Thread = current_thread();
    io_thread_join(irp, current_thread());
    return irp;
}
SB_EXPORT(IoBuildDeviceIoControlRequest)

static BOOLEAN attach_transfer_buffer(PIRP irp, PDEVICE_OBJECT device, BOOLEAN reads, PVOID buffer,
                                      ULONG length)
{
    if (device->Flags & DO_BUFFERED_IO) {
        if (length && !attach_buffer(irp, length, reads ? NULL : buffer, length))
            return FALSE;
        if (reads) {
            irp->UserBuffer = buffer;
            irp->Flags |= IRP_INPUT_OPERATION;
        }
        return TRUE;
    }
    if (device->Flags & DO_DIRECT_IO)
        return length == 0 || attach_mdl(irp, buffer, length, reads ? IoWriteAccess : IoReadAccess);
    irp->UserBuffer = buffer;
    return TRUE;
}

PIRP NTAPI IoBuildAsynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device, PVOID buffer,
                                         ULONG length, PLARGE_INTEGER offset,
                                         PIO_STATUS_BLOCK result)
{
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    if (!irp)
        return NULL;
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = (UCHAR)major;
    irp->UserIosb = result;
    irp->Tail.Overlay.Thread = current_thread();
    if (major != IRP_MJ_READ && major != IRP_MJ_WRITE)
        return irp; /* FLUSH_BUFFERS, SHUTDOWN, PNP: without parameters */
    if (!attach_transfer_buffer(irp, device, major == IRP_MJ_READ, buffer, length)) {
        throw_away(irp);
        return NULL;
    }
    stack->Parameters.Read.Length = length;
    if (offset)
        stack->Parameters.Read.ByteOffset = *offset;
    return irp;
}
SB_EXPORT(IoBuildAsynchronousFsdRequest)

PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device, PVOID buffer,
                                        ULONG length, PLARGE_INTEGER offset, PKEVENT event,
                                        PIO_STATUS_BLOCK result)
{
    PIRP irp = IoBuildAsynchronousFsdRequest(major, device, buffer, length, offset, result);
    if (!irp)
        return NULL;
    irp->UserEvent = event;
    io_thread_join(irp, current_thread());
    return irp;
}
SB_EXPORT(IoBuildSynchronousFsdRequest)

VOID NTAPI IoQueueThreadIrp(PIRP irp)
{
    irp->Tail.Overlay.Thread = current_thread();
    io_thread_join(irp, current_thread());
}
SB_EXPORT(IoQueueThreadIrp)
