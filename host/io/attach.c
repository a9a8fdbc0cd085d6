/* Device stacks: who is above whom. The chain is under io_state.lock; a routine that hands a device
 * out references it there. */
#include "host/io/io.h"
#include "host/ke/ke.h"

PDEVICE_OBJECT io_top_of_stack(PDEVICE_OBJECT device)
{
    while (device->AttachedDevice)
        device = device->AttachedDevice;
    return device;
}

/* io_state.lock held. */
static PDEVICE_OBJECT attach(PDEVICE_OBJECT source, PDEVICE_OBJECT target)
{
    PDEVICE_OBJECT top = io_top_of_stack(target);
    if (io_device_extension_of(top)->delete_pending || (top->Flags & DO_DEVICE_INITIALIZING))
        return NULL;
    top->AttachedDevice = source;
    source->StackSize = (CCHAR)(top->StackSize + 1);
    source->AlignmentRequirement = top->AlignmentRequirement;
    source->SectorSize = top->SectorSize;
    io_device_extension_of(source)->attached_to = top;
    return top;
}

PDEVICE_OBJECT NTAPI IoAttachDeviceToDeviceStack(PDEVICE_OBJECT source, PDEVICE_OBJECT target)
{
    struct io_state *io = current_machine()->io;
    linux_lock(&io->lock);
    PDEVICE_OBJECT top = attach(source, target);
    linux_unlock(&io->lock);
    return top;
}
SB_EXPORT(IoAttachDeviceToDeviceStack)

/* The lower device is stored before requests can come. */
NTSTATUS NTAPI IoAttachDeviceToDeviceStackSafe(PDEVICE_OBJECT source, PDEVICE_OBJECT target,
                                               PDEVICE_OBJECT *attached_to)
{
    struct io_state *io = current_machine()->io;
    PDEVICE_OBJECT *slot = attached_to;
    linux_lock(&io->lock);
    PDEVICE_OBJECT top = io_top_of_stack(target);
    linux_unlock(&io->lock);
    *slot = top;
    top = IoAttachDeviceToDeviceStack(source, target);
    *slot = top;
    return top ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}
SB_EXPORT(IoAttachDeviceToDeviceStackSafe)

NTSTATUS NTAPI IoAttachDeviceByPointer(PDEVICE_OBJECT source, PDEVICE_OBJECT target)
{
    return IoAttachDeviceToDeviceStack(source, target) ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}
SB_EXPORT(IoAttachDeviceByPointer)

/* By name: the target is opened only to find it. */
NTSTATUS NTAPI IoAttachDevice(PDEVICE_OBJECT source, PUNICODE_STRING name, PDEVICE_OBJECT *attached)
{
    PFILE_OBJECT file;
    PDEVICE_OBJECT target;
    NTSTATUS status = IoGetDeviceObjectPointer(name, FILE_READ_ATTRIBUTES, &file, &target);
    if (!NT_SUCCESS(status))
        return status;
    status = IoAttachDeviceToDeviceStackSafe(source, target, attached);
    ob_dereference(file);
    return status;
}
SB_EXPORT(IoAttachDevice)

VOID NTAPI IoDetachDevice(PDEVICE_OBJECT target)
{
    struct io_state *io = current_machine()->io;
    linux_lock(&io->lock);
    if (target->AttachedDevice) {
        io_device_extension_of(target->AttachedDevice)->attached_to = NULL;
        target->AttachedDevice = NULL;
    }
    linux_unlock(&io->lock);
    io_driver_released(target->DriverObject);
}
SB_EXPORT(IoDetachDevice)

PDEVICE_OBJECT NTAPI IoGetAttachedDevice(PDEVICE_OBJECT device)
{
    return io_top_of_stack(device);
}
SB_EXPORT(IoGetAttachedDevice)

PDEVICE_OBJECT NTAPI IoGetAttachedDeviceReference(PDEVICE_OBJECT device)
{
    struct io_state *io = current_machine()->io;
    linux_lock(&io->lock);
    PDEVICE_OBJECT top = io_top_of_stack(device);
    ob_reference(top);
    linux_unlock(&io->lock);
    ob_report_reference(top, __builtin_return_address(0));
    return top;
}
SB_EXPORT(IoGetAttachedDeviceReference)

PDEVICE_OBJECT NTAPI IoGetLowerDeviceObject(PDEVICE_OBJECT device)
{
    struct io_state *io = current_machine()->io;
    linux_lock(&io->lock);
    PDEVICE_OBJECT lower = io_device_extension_of(device)->attached_to;
    if (lower)
        ob_reference(lower);
    linux_unlock(&io->lock);
    if (lower)
        ob_report_reference(lower, __builtin_return_address(0));
    return lower;
}
SB_EXPORT(IoGetLowerDeviceObject)

/* The bottom of the stack; the physical device object of a PnP one. */
PDEVICE_OBJECT NTAPI IoGetDeviceAttachmentBaseRef(PDEVICE_OBJECT device)
{
    struct io_state *io = current_machine()->io;
    linux_lock(&io->lock);
    while (io_device_extension_of(device)->attached_to)
        device = io_device_extension_of(device)->attached_to;
    ob_reference(device);
    linux_unlock(&io->lock);
    ob_report_reference(device, __builtin_return_address(0));
    return device;
}
SB_EXPORT(IoGetDeviceAttachmentBaseRef)

/* No file system is ever mounted on the host's devices, so a file's device is the one opened. */
PDEVICE_OBJECT NTAPI IoGetRelatedDeviceObject(PFILE_OBJECT file)
{
    const struct io_file_extension *extension = file->FileObjectExtension;
    if (SB_UNLIKELY(extension) && extension->top)
        return extension->top;
    return io_top_of_stack(file->DeviceObject);
}
SB_EXPORT(IoGetRelatedDeviceObject)

PDEVICE_OBJECT NTAPI IoGetBaseFileSystemDeviceObject(PFILE_OBJECT file)
{
    return file->DeviceObject;
}
SB_EXPORT(IoGetBaseFileSystemDeviceObject)

NTSTATUS NTAPI IoEnumerateDeviceObjectList(PDRIVER_OBJECT driver, PDEVICE_OBJECT *list, ULONG size,
                                           PULONG count)
{
    struct io_state *io = current_machine()->io;
    ULONG room = size / sizeof(PDEVICE_OBJECT), found = 0;
    linux_lock(&io->lock);
    for (PDEVICE_OBJECT device = driver->DeviceObject; device; device = device->NextDevice)
        found++;
    for (PDEVICE_OBJECT device = driver->DeviceObject; device && found <= room;
         device = device->NextDevice) {
        ob_reference(device);
        *list++ = device;
    }
    linux_unlock(&io->lock);
    *count = found;
    return found <= room ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}
SB_EXPORT(IoEnumerateDeviceObjectList)

/* Opens the device, keeps the file object and lets the handle go: the driver sees create and
 * cleanup now, close when the caller dereferences the file. */
NTSTATUS NTAPI IoGetDeviceObjectPointer(PUNICODE_STRING name, ACCESS_MASK access,
                                        PFILE_OBJECT *file, PDEVICE_OBJECT *device)
{
    OBJECT_ATTRIBUTES attributes;
    struct io_open open = {.disposition = FILE_OPEN, .options = FILE_NON_DIRECTORY_FILE};
    struct handle_entry entry;
    PFILE_OBJECT opened;
    HANDLE handle;
    InitializeObjectAttributes(&attributes, name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    NTSTATUS status = io_file_open(&attributes, access, KernelMode, &open, &handle);
    if (!NT_SUCCESS(status))
        return status;
    status = ob_handle_reference(current_thread()->Tcb.process, handle, 0, &io_file_type,
                                 KernelMode, (void **)&opened, &entry);
    ob_handle_close(current_thread()->Tcb.process, handle, KernelMode);
    if (!NT_SUCCESS(status))
        return status;
    ob_report_reference(opened, __builtin_return_address(0));
    *file = opened;
    *device = IoGetRelatedDeviceObject(opened);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoGetDeviceObjectPointer)
