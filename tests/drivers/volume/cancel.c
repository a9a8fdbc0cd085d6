/* A filter above the volume that closes what the volume has opened: IoCancelFileOpen. */
#include "volume.h"

PDEVICE_OBJECT filter_device;
static PDEVICE_OBJECT below;
static LONG filter_closes;

static NTSTATUS pass(PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(below, irp);
}

/* Files called "\refused" are opened by the volume, and then not to be. */
static NTSTATUS create(PIRP irp, PFILE_OBJECT file)
{
    NTSTATUS status;

    if (!file->FileName.Buffer || wcscmp(file->FileName.Buffer, L"\\refused") != 0)
        return pass(irp);
    CHECK(IoForwardIrpSynchronously(below, irp));
    CHECK_STATUS(STATUS_SUCCESS, irp->IoStatus.Status);
    CHECK(!(file->Flags & FO_HANDLE_CREATED));
    IoCancelFileOpen(below, file);
    CHECK(file->Flags & FO_FILE_OPEN_CANCELLED);
    status = STATUS_ACCESS_DENIED;
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS filter_request(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    if (stack->MajorFunction == IRP_MJ_CREATE)
        return create(irp, stack->FileObject);
    filter_closes += stack->MajorFunction == IRP_MJ_CLOSE;
    return pass(irp);
}

/* Those below see an open and its end, those above an open that failed. */
void check_cancelled_open(void)
{
    LONG cleanups_before = cleanups, closes_before = closes;
    IO_STATUS_BLOCK io;
    HANDLE file;

    CHECK_STATUS(STATUS_SUCCESS, IoCreateDevice(volume_device->DriverObject, 0, NULL,
                                                FILE_DEVICE_UNKNOWN, 0, FALSE, &filter_device));
    below = IoAttachDeviceToDeviceStack(filter_device, volume_device);
    filter_device->Flags |= volume_device->Flags & DO_BUFFERED_IO;
    filter_device->Flags &= ~DO_DEVICE_INITIALIZING;
    CHECK_STATUS(STATUS_SUCCESS, volume_open(L"\\data", 0, &file, &io));
    ZwClose(file);
    CHECK(filter_closes == 1 && cleanups == cleanups_before + 1 && closes == closes_before + 1);
    CHECK_STATUS(STATUS_ACCESS_DENIED, volume_open(L"\\refused", 0, &file, &io));
    CHECK(wcscmp(created_name, L"\\refused") == 0);
    CHECK(filter_closes == 1 && cleanups == cleanups_before + 2 && closes == closes_before + 2);
    IoDetachDevice(below);
    IoDeleteDevice(filter_device);
    filter_device = NULL;
}
