/*
 * Two drivers in one, on the kernel of cardboard that the unit tests have: the library's dispatch
 * routine, and one written by hand that checks the same. Both call dispatch_handler.
 */
#include <sysbuf/driver.h>

#include <bench/dispatch_contract.h>

bool dispatch_by_hand;

static PDRIVER_DISPATCH library_dispatch;

/* What both call in the end; callgrind knows it by its name. */
__attribute__((noinline)) NTSTATUS dispatch_handler(const uint32_t *input, uint32_t *output,
                                                    uint32_t *reply_length)
{
    output[0] = input[0] + 1;
    *reply_length = 4;
    return STATUS_SUCCESS;
}

static NTSTATUS handle(struct sb_call *call)
{
    return dispatch_handler(call->input, call->output, &call->reply_length);
}

/* The same checks in the same order: code, open, input, output; the input aside, the output
   cleared, the answer cut to the room for it. */
static NTSTATUS serve(PIRP irp, PIO_STACK_LOCATION stack, ULONG_PTR *information)
{
    ULONG input_length = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG output_length = stack->Parameters.DeviceIoControl.OutputBufferLength;
    uint64_t aside[256 / 8];
    uint32_t reply_length = 0;
    NTSTATUS status;

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case DISPATCH_COMMAND:
        if (stack->FileObject == NULL || stack->FileObject->FsContext == NULL)
            return STATUS_INVALID_DEVICE_REQUEST;
        if (input_length < DISPATCH_INPUT || input_length > DISPATCH_INPUT)
            return STATUS_INFO_LENGTH_MISMATCH;
        if (output_length < DISPATCH_OUTPUT)
            return STATUS_BUFFER_TOO_SMALL;
        RtlCopyMemory(aside, irp->AssociatedIrp.SystemBuffer, input_length);
        RtlZeroMemory(irp->AssociatedIrp.SystemBuffer, output_length);
        status = dispatch_handler((const uint32_t *)aside, irp->AssociatedIrp.SystemBuffer,
                                  &reply_length);
        break;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (NT_ERROR(status))
        return status;
    if (reply_length > output_length) {
        reply_length = output_length;
        status = STATUS_BUFFER_OVERFLOW;
    }
    *information = reply_length;
    return status;
}

NTSTATUS NTAPI dispatch_written_by_hand(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG_PTR information = 0;
    NTSTATUS status = serve(irp, IoGetCurrentIrpStackLocation(irp), &information);

    (void)device;
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* Callgrind counts in here; a jump at its end would hide where it is left. */
__attribute__((noinline, optimize("no-optimize-sibling-calls"))) NTSTATUS NTAPI
dispatch_choose(PDEVICE_OBJECT device, PIRP irp)
{
    return dispatch_by_hand ? dispatch_written_by_hand(device, irp) : library_dispatch(device, irp);
}

static const struct sb_command commands[] = {
    {.code = DISPATCH_COMMAND,
     .input_minimum = DISPATCH_INPUT,
     .input_maximum = DISPATCH_INPUT,
     .output_minimum = DISPATCH_OUTPUT,
     .handler = handle},
};

static const struct sb_driver description = {
    .device_name = L"\\Device\\Dispatch",
    .link_name = L"\\??\\Dispatch",
    .commands = commands,
    .command_count = SB_COUNT(commands),
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    NTSTATUS status = sb_driver_start(object, registry_path, &description);

    library_dispatch = object->MajorFunction[IRP_MJ_DEVICE_CONTROL];
    object->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch_choose;
    return status;
}
