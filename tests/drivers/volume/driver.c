/* A device as a file system has it: what the I/O manager does for one, checked in DriverEntry. */
#include "volume.h"

#include "groups.h"

CHECK_DEFINITIONS("volume")

PDEVICE_OBJECT volume_device;
LONG cleanups, closes;
WCHAR created_name[64];

void *routine(const wchar_t *name)
{
    UNICODE_STRING string;
    void *address;

    RtlInitUnicodeString(&string, name);
    address = MmGetSystemRoutineAddress(&string);
    CHECK(address != NULL);
    return address;
}

NTSTATUS volume_open(PCWSTR name, ULONG options, HANDLE *file, IO_STATUS_BLOCK *io)
{
    WCHAR buffer[64] = VOLUME_NAME;
    UNICODE_STRING path = {sizeof VOLUME_NAME - sizeof(WCHAR), sizeof buffer, buffer};
    OBJECT_ATTRIBUTES attributes;

    RtlAppendUnicodeToString(&path, name);
    InitializeObjectAttributes(&attributes, &path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    io->Information = 77;
    return ZwCreateFile(file, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &attributes, io, NULL, 0,
                        FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, options, NULL, 0);
}

static NTSTATUS complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI create(PDEVICE_OBJECT device, PIRP irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    UNICODE_STRING name = {0, sizeof created_name - sizeof(WCHAR), created_name};
    NTSTATUS status;

    if (device == filter_device)
        return filter_request(irp);
    status = reparse_create(irp, file);
    if (status != STATUS_SUCCESS)
        return complete(irp, status);
    RtlZeroMemory(created_name, sizeof created_name);
    RtlCopyUnicodeString(&name, &file->FileName);
    irp->IoStatus.Information = FILE_OPENED;
    return complete(irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    if (device == filter_device)
        return filter_request(irp);
    InterlockedIncrement(&cleanups);
    return complete(irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI close(PDEVICE_OBJECT device, PIRP irp)
{
    if (device == filter_device)
        return filter_request(irp);
    InterlockedIncrement(&closes);
    return complete(irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI read(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return transfer_read(irp);
}

static NTSTATUS NTAPI lock_control(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return locks_control(irp);
}

static NTSTATUS NTAPI attributes(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return complete(irp, attributes_request(irp));
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    IoDeleteDevice(driver->DeviceObject);
}

static struct check_group groups[] = {VOLUME_GROUPS(CHECK_GROUP_ITEM)};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(VOLUME_NAME);
    NTSTATUS status;

    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_CREATE] = create;
    driver->MajorFunction[IRP_MJ_CLEANUP] = cleanup;
    driver->MajorFunction[IRP_MJ_CLOSE] = close;
    driver->MajorFunction[IRP_MJ_READ] = read;
    driver->MajorFunction[IRP_MJ_LOCK_CONTROL] = lock_control;
    driver->MajorFunction[IRP_MJ_QUERY_EA] = attributes;
    driver->MajorFunction[IRP_MJ_SET_EA] = attributes;
    driver->MajorFunction[IRP_MJ_SET_VOLUME_INFORMATION] = attributes;
    driver->MajorFunction[IRP_MJ_DIRECTORY_CONTROL] = attributes;
    driver->MajorFunction[IRP_MJ_QUERY_INFORMATION] = attributes;
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &volume_device);
    if (!NT_SUCCESS(status))
        return status;
    volume_device->Flags |= DO_BUFFERED_IO;
    volume_device->Flags &= ~DO_DEVICE_INITIALIZING;
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    status = groups_result();
    if (!NT_SUCCESS(status))
        IoDeleteDevice(volume_device);
    return status;
}
