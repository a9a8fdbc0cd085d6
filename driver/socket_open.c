#include "socket_internal.h"

static PIO_STACK_LOCATION prepare(struct sb_socket_open *open, struct sb_wsk_request *request,
                                  UCHAR major)
{
    PIO_STACK_LOCATION stack;

    stack = IoGetNextIrpStackLocation(sb_request_begin(request));
    stack->MajorFunction = major;
    stack->MinorFunction = 0;
    stack->Flags = 0;
    stack->FileObject = open->file;
    RtlZeroMemory(&stack->Parameters, sizeof(stack->Parameters));
    request->irp->RequestorMode = KernelMode;
    return stack;
}

/* Requests that the library never leaves pending. */
static NTSTATUS send(struct sb_socket_open *open, UCHAR major)
{
    prepare(open, &open->request, major);
    IoCallDriver(open->device, open->request.irp);
    KeWaitForSingleObject(&open->request.done, Executive, KernelMode, FALSE, NULL);
    return open->request.irp->IoStatus.Status;
}

static void dispose(struct sb_socket_open *open)
{
    const struct sb_driver *driver = sb_device_driver(open->device);

    if (open->file != NULL)
        sb_free(driver, open->file);
    if (open->request.irp != NULL)
        IoFreeIrp(open->request.irp);
    open->file = NULL;
    open->request.irp = NULL;
}

NTSTATUS sb_socket_open(struct sb_socket_open *open, PDEVICE_OBJECT device)
{
    NTSTATUS status;

    RtlZeroMemory(open, sizeof(*open));
    open->device = device;
    status = sb_request_make(&open->request, device->StackSize);
    if (!NT_SUCCESS(status))
        return status;
    open->file = sb_allocate(sb_device_driver(device), sizeof(*open->file));
    if (open->file == NULL) {
        dispose(open);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(open->file, sizeof(*open->file));
    open->file->Type = IO_TYPE_FILE;
    open->file->Size = sizeof(*open->file);
    open->file->DeviceObject = device;
    status = send(open, IRP_MJ_CREATE);
    if (!NT_SUCCESS(status))
        dispose(open);
    return status;
}

void sb_socket_close(struct sb_socket_open *open)
{
    send(open, IRP_MJ_CLEANUP);
    send(open, IRP_MJ_CLOSE);
    dispose(open);
}

/* The input apart from the output, aligned as pool. */
static NTSTATUS copy_input(const struct sb_driver *driver, PIRP irp,
                           const struct sb_socket_message *message)
{
    void *input;

    if (message->input_length == 0)
        return STATUS_SUCCESS;
    input = sb_allocate(driver, message->input_length);
    if (input == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(input, message->input, message->input_length);
    irp->AssociatedIrp.SystemBuffer = input;
    return STATUS_SUCCESS;
}

/* What the I/O manager does with the buffers of each method. */
static NTSTATUS lay_out(const struct sb_driver *driver, PIRP irp,
                        const struct sb_socket_message *message)
{
    switch (SB_CONTROL_CODE_METHOD(message->code)) {
    case SB_METHOD_BUFFERED:
        RtlCopyMemory(message->output, message->input, message->input_length);
        irp->AssociatedIrp.SystemBuffer =
            message->input_length != 0 || message->output_capacity != 0 ? message->output : NULL;
        return STATUS_SUCCESS;
    case SB_METHOD_OUT_DIRECT:
        RtlZeroMemory(message->output, message->output_capacity);
        if (message->output_capacity == 0)
            return copy_input(driver, irp, message);
        irp->MdlAddress =
            IoAllocateMdl(message->output, message->output_capacity, FALSE, FALSE, NULL);
        if (irp->MdlAddress == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        MmBuildMdlForNonPagedPool(irp->MdlAddress);
        return copy_input(driver, irp, message);
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

static void release(const struct sb_driver *driver, PIRP irp,
                    const struct sb_socket_message *message)
{
    if (irp->MdlAddress != NULL)
        IoFreeMdl(irp->MdlAddress);
    irp->MdlAddress = NULL;
    if (irp->AssociatedIrp.SystemBuffer != NULL &&
        irp->AssociatedIrp.SystemBuffer != message->output)
        sb_free(driver, irp->AssociatedIrp.SystemBuffer);
    irp->AssociatedIrp.SystemBuffer = NULL;
}

NTSTATUS sb_socket_call_begin(struct sb_socket_open *open, struct sb_wsk_request *request,
                              const struct sb_socket_message *message)
{
    const struct sb_driver *driver = sb_device_driver(open->device);
    PIO_STACK_LOCATION stack = prepare(open, request, IRP_MJ_DEVICE_CONTROL);
    NTSTATUS status;

    stack->Parameters.DeviceIoControl.IoControlCode = message->code;
    stack->Parameters.DeviceIoControl.InputBufferLength = message->input_length;
    stack->Parameters.DeviceIoControl.OutputBufferLength = message->output_capacity;
    status = lay_out(driver, request->irp, message);
    if (!NT_SUCCESS(status)) {
        release(driver, request->irp, message);
        return status;
    }
    IoCallDriver(open->device, request->irp);
    return STATUS_PENDING;
}

NTSTATUS sb_socket_call_end(struct sb_socket_open *open, struct sb_wsk_request *request,
                            const struct sb_socket_message *message, ULONG *reply_length)
{
    NTSTATUS status = request->irp->IoStatus.Status;
    ULONG_PTR information = request->irp->IoStatus.Information;

    if (NT_ERROR(status))
        information = 0;
    *reply_length =
        information < message->output_capacity ? (ULONG)information : message->output_capacity;
    release(sb_device_driver(open->device), request->irp, message);
    return status;
}
