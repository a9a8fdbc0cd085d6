/* The volume: its driver, device and names, dispatch, and what it tells of itself. */
#include "host/fs/fs.h"
#include "host/ke/call.h"
#include "host/ob/object.h"
#include "host/ps/ps.h"

enum { SECTOR_BYTES = 512, CLUSTER_SECTORS = 8, SERIAL_NUMBER = 0x5B0F5B0F };

NTSTATUS NTAPI IoCreateDriver(PUNICODE_STRING name, PDRIVER_INITIALIZE entry);

static NTSTATUS give(PIRP irp, const void *data, ULONG size, ULONG room)
{
    if (room < size)
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, data, size);
    irp->IoStatus.Information = size;
    return STATUS_SUCCESS;
}

/* A structure that ends in a name, of which as much is given as fits. */
static NTSTATUS give_named(PIRP irp, const void *data, ULONG fixed, PCWSTR name, ULONG bytes,
                           ULONG room)
{
    if (room < fixed)
        return STATUS_INFO_LENGTH_MISMATCH;
    ULONG copied = bytes < room - fixed ? bytes : room - fixed;
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, data, fixed);
    RtlCopyMemory((PUCHAR)irp->AssociatedIrp.SystemBuffer + fixed, name, copied);
    irp->IoStatus.Information = fixed + copied;
    return copied < bytes ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS fs_query_volume(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    static const WCHAR type[] = L"NTFS", label[] = L"sysbuf";
    ULONG room = stack->Parameters.QueryVolume.Length;
    uint64_t total = 0, available = 0;
    const uint64_t unit = SECTOR_BYTES * CLUSTER_SECTORS;
    int result = linux_tree_space(volume->tree, &total, &available);
    if (result < 0)
        return fs_status(result);
    FILE_FS_SIZE_INFORMATION size = {{.QuadPart = (int64_t)(total / unit)},
                                     {.QuadPart = (int64_t)(available / unit)},
                                     CLUSTER_SECTORS,
                                     SECTOR_BYTES};
    FILE_FS_FULL_SIZE_INFORMATION full = {size.TotalAllocationUnits, size.AvailableAllocationUnits,
                                          size.AvailableAllocationUnits, CLUSTER_SECTORS,
                                          SECTOR_BYTES};
    FILE_FS_DEVICE_INFORMATION device = {FILE_DEVICE_DISK, volume->device->Characteristics};
    FILE_FS_ATTRIBUTE_INFORMATION attributes = {.FileSystemAttributes = FILE_CASE_PRESERVED_NAMES |
                                                                        FILE_UNICODE_ON_DISK,
                                                .MaximumComponentNameLength = LINUX_NAME_BYTES - 1,
                                                .FileSystemNameLength = SB_WIDE_LENGTH(type)};
    FILE_FS_VOLUME_INFORMATION named = {.VolumeSerialNumber = SERIAL_NUMBER,
                                        .VolumeLabelLength = SB_WIDE_LENGTH(label)};
    switch (stack->Parameters.QueryVolume.FsInformationClass) {
    case FileFsSizeInformation:
        return give(irp, &size, sizeof(size), room);
    case FileFsFullSizeInformation:
        return give(irp, &full, sizeof(full), room);
    case FileFsDeviceInformation:
        return give(irp, &device, sizeof(device), room);
    case FileFsAttributeInformation:
        return give_named(irp, &attributes,
                          FIELD_OFFSET(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemName), type,
                          SB_WIDE_LENGTH(type), room);
    case FileFsVolumeInformation:
        return give_named(irp, &named, FIELD_OFFSET(FILE_FS_VOLUME_INFORMATION, VolumeLabel), label,
                          SB_WIDE_LENGTH(label), room);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

typedef NTSTATUS request_routine(struct fs_volume *, PIRP, PIO_STACK_LOCATION);

static request_routine *const routines[IRP_MJ_MAXIMUM_FUNCTION + 1] = {
    [IRP_MJ_CREATE] = fs_create,
    [IRP_MJ_CLEANUP] = fs_cleanup,
    [IRP_MJ_CLOSE] = fs_close,
    [IRP_MJ_READ] = fs_read,
    [IRP_MJ_WRITE] = fs_write,
    [IRP_MJ_FLUSH_BUFFERS] = fs_flush,
    [IRP_MJ_QUERY_INFORMATION] = fs_query_information,
    [IRP_MJ_SET_INFORMATION] = fs_set_information,
    [IRP_MJ_QUERY_VOLUME_INFORMATION] = fs_query_volume,
    [IRP_MJ_DIRECTORY_CONTROL] = fs_directory_control,
};

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    request_routine *routine = routines[stack->MajorFunction];
    irp->IoStatus.Information = 0;
    NTSTATUS status =
        routine ? routine(fs_volume_of(device), irp, stack) : STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Status = status;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI driver_entry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = SB_UNICODE(L"\\Device\\HarddiskVolume1");
    UNICODE_STRING drive = SB_UNICODE(L"\\\?\?\\C:"), root = SB_UNICODE(L"\\SystemRoot");
    UNICODE_STRING windows = SB_UNICODE(L"\\Device\\HarddiskVolume1\\Windows");
    struct fs_volume *volume = current_machine()->fs;
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = dispatch;
    NTSTATUS status = IoCreateDevice(driver, sizeof(volume), &name, FILE_DEVICE_DISK_FILE_SYSTEM, 0,
                                     FALSE, &volume->device);
    if (!NT_SUCCESS(status))
        return status;
    *(struct fs_volume **)volume->device->DeviceExtension = volume;
    volume->device->Flags |= DO_BUFFERED_IO;
    volume->device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    status = IoCreateSymbolicLink(&drive, &name);
    return NT_SUCCESS(status) ? IoCreateSymbolicLink(&root, &windows) : status;
}

static NTSTATUS mount(void *unused)
{
    UNICODE_STRING name = SB_UNICODE(L"\\FileSystem\\SysbufFs");
    return IoCreateDriver(&name, driver_entry);
}

NTSTATUS fs_initialize(struct machine *machine)
{
    if (!machine->root_directory)
        return STATUS_SUCCESS;
    struct fs_volume *volume = linux_allocate(sizeof(*volume));
    if (!volume)
        return STATUS_INSUFFICIENT_RESOURCES;
    machine->fs = volume;
    volume->machine = machine;
    InitializeListHead(&volume->nodes);
    InitializeListHead(&volume->opens);
    int result = linux_tree_open(machine->root_directory, &volume->tree);
    if (result < 0)
        return fs_status(result);
    return machine_call(machine->ps->system_process, mount, NULL);
}

static void drop_open(struct fs_open *open)
{
    if (open->file >= 0)
        linux_file_close(open->file);
    fs_listing_free(open->listing);
    linux_free(open);
}

/* Opens that nobody closed before the machine went. */
void fs_destroy(struct machine *machine)
{
    struct fs_volume *volume = machine->fs;
    if (!volume)
        return;
    while (!IsListEmpty(&volume->opens))
        drop_open(CONTAINING_RECORD(RemoveHeadList(&volume->opens), struct fs_open, link));
    while (!IsListEmpty(&volume->nodes)) {
        struct fs_node *node =
            CONTAINING_RECORD(RemoveHeadList(&volume->nodes), struct fs_node, link);
        linux_free(node->path);
        linux_free(node);
    }
    linux_tree_close(volume->tree);
    linux_free(volume);
    machine->fs = NULL;
}
