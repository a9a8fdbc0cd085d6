/* Opening by IoCreateFileEx: share access left out, a device of the stack named. */
#include "services.h"

static SHARE_ACCESS shares;
static ULONG opens;

static NTSTATUS NTAPI lower_create(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = STATUS_SUCCESS;

    (void)device;
    if (stack->MajorFunction == IRP_MJ_CREATE) {
        opens++;
        status = IoCheckShareAccess(stack->Parameters.Create.SecurityContext->DesiredAccess,
                                    stack->Parameters.Create.ShareAccess, stack->FileObject,
                                    &shares, TRUE);
    } else if (stack->MajorFunction == IRP_MJ_CLEANUP) {
        IoRemoveShareAccess(stack->FileObject, &shares);
    }
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* A filter's device refuses every request: only a hint gets past it. */
static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    BOOLEAN is_filter = device->DeviceExtension != NULL;

    if (!is_filter)
        return lower_create(device, irp);
    irp->IoStatus.Status = STATUS_DEVICE_BUSY;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_DEVICE_BUSY;
}

static NTSTATUS open(HANDLE *file, ULONG options, PDEVICE_OBJECT hint)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\ServicesFile");
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result;
    IO_DRIVER_CREATE_CONTEXT context;

    IoInitializeDriverCreateContext(&context);
    context.DeviceObjectHint = hint;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    return IoCreateFileEx(file, FILE_READ_DATA, &attributes, &result, NULL, 0, 0, FILE_OPEN, 0,
                          NULL, 0, CreateFileTypeNone, NULL, options, &context);
}

static void open_past_filter(PDEVICE_OBJECT device)
{
    PDEVICE_OBJECT filter, other;
    HANDLE file;

    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(services_driver, 8, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &filter));
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(services_driver, 8, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &other));
    CHECK(IoAttachDeviceToDeviceStack(filter, device) == device);
    filter->Flags &= ~DO_DEVICE_INITIALIZING;
    CHECK_STATUS(STATUS_DEVICE_BUSY, open(&file, 0, NULL));
    CHECK_STATUS(STATUS_INVALID_DEVICE_OBJECT_PARAMETER, open(&file, 0, other));
    CHECK_STATUS(STATUS_SUCCESS, open(&file, 0, device));
    ZwClose(file); /* IRP_MJ_CLEANUP goes past the filter too */
    IoDetachDevice(device);
    IoDeleteDevice(filter);
    IoDeleteDevice(other);
}

void check_create_options(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\ServicesFile");
    PDEVICE_OBJECT device;
    HANDLE first, second;

    for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        services_driver->MajorFunction[i] = dispatch;
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(services_driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device));
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    CHECK_STATUS(STATUS_SUCCESS, open(&first, 0, NULL));
    CHECK_STATUS(STATUS_SHARING_VIOLATION, open(&second, 0, NULL));
    CHECK_STATUS(STATUS_SUCCESS, open(&second, IO_IGNORE_SHARE_ACCESS_CHECK, NULL));
    ZwClose(second);
    ZwClose(first);
    CHECK(opens == 3 && shares.OpenCount == 0);
    open_past_filter(device);
    CHECK(shares.OpenCount == 0);
    IoDeleteDevice(device);
}
