/* Device objects: creation, deletion, attachment, links. */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { DEVICE_ALIGN = 16, DEVICE_BODY = 0x150 };

static void device_remove(void *object)
{
    PDEVICE_OBJECT device = object;
    if (!device->DriverObject)
        return; /* never got that far */
    struct io_state *io = object_header_of(object)->machine->io;
    linux_lock(&io->lock);
    for (PDEVICE_OBJECT *link = &device->DriverObject->DeviceObject; *link;
         link = &(*link)->NextDevice) {
        if (*link == device) {
            *link = device->NextDevice;
            break;
        }
    }
    linux_unlock(&io->lock);
    ob_dereference(device->DriverObject);
}

OBJECT_TYPE io_device_type = {.name = RTL_CONSTANT_STRING(L"Device"),
                              .mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE,
                                          FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS},
                              .valid_access = FILE_ALL_ACCESS,
                              .remove = device_remove,
                              .parse = io_device_parse};

static void device_fill(PDEVICE_OBJECT device, PDRIVER_OBJECT driver, ULONG extension_size,
                        DEVICE_TYPE type, ULONG characteristics, BOOLEAN exclusive)
{
    ULONG rounded = (extension_size + DEVICE_ALIGN - 1) & ~(ULONG)(DEVICE_ALIGN - 1);
    struct io_device_extension *extension = (void *)((uint8_t *)device + DEVICE_BODY + rounded);
    device->Type = IO_TYPE_DEVICE;
    device->Size = (USHORT)(DEVICE_BODY + extension_size);
    device->DriverObject = driver;
    device->DeviceType = type;
    device->Characteristics = characteristics;
    device->Flags = DO_DEVICE_INITIALIZING | (exclusive ? DO_EXCLUSIVE : 0);
    device->DeviceExtension = extension_size ? (uint8_t *)device + DEVICE_BODY : NULL;
    device->StackSize = 1;
    device->DeviceObjectExtension = (struct _DEVOBJ_EXTENSION *)extension;
    ke_header_initialize(&device->DeviceLock.Header, DISPATCHER_SYNCHRONIZATION_EVENT,
                         sizeof(KEVENT), 1);
    InitializeListHead(&device->DeviceQueue.DeviceListHead);
    device->DeviceQueue.Type = 20; /* DeviceQueueObject */
    device->DeviceQueue.Size = sizeof(KDEVICE_QUEUE);
    extension->type = IO_TYPE_DEVICE_OBJECT_EXTENSION;
    extension->device = device;
}

NTSTATUS NTAPI IoCreateDevice(PDRIVER_OBJECT driver, ULONG extension_size, PUNICODE_STRING name,
                              DEVICE_TYPE type, ULONG characteristics, BOOLEAN exclusive,
                              PDEVICE_OBJECT *created)
{
    struct machine *machine = current_machine();
    SIZE_T size = DEVICE_BODY + (SIZE_T)extension_size + DEVICE_ALIGN +
                  sizeof(struct io_device_extension);
    void *object;
    if (extension_size > MAXUSHORT - DEVICE_BODY)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = ob_allocate(machine, &io_device_type, size, &object);
    if (!NT_SUCCESS(status))
        return status;
    PDEVICE_OBJECT device = object;
    device_fill(device, driver, extension_size, type, characteristics, exclusive);
    ob_reference(driver);
    if (name && name->Length) {
        status = ob_insert(device, name, OB_PERMANENT);
        if (!NT_SUCCESS(status)) {
            ob_dereference(device);
            return status;
        }
        device->Flags |= DO_DEVICE_HAS_NAME;
    }
    linux_lock(&machine->io->lock);
    device->NextDevice = driver->DeviceObject;
    driver->DeviceObject = device;
    linux_unlock(&machine->io->lock);
    *created = device;
    return STATUS_SUCCESS;
}
SB_EXPORT(IoCreateDevice)

VOID NTAPI IoDeleteDevice(PDEVICE_OBJECT device)
{
    struct io_state *io = current_machine()->io;
    struct io_device_extension *extension = io_device_extension_of(device);
    ob_make_temporary(device);
    io_forget_device(device);
    linux_lock(&io->lock);
    BOOLEAN gone = extension->open_count == 0 && !extension->deleted;
    extension->delete_pending = TRUE;
    extension->deleted = extension->deleted || gone;
    linux_unlock(&io->lock);
    if (gone)
        ob_dereference(device); /* else the last close does */
}
SB_EXPORT(IoDeleteDevice)

void io_device_closed(PDEVICE_OBJECT device)
{
    struct io_state *io = object_header_of(device)->machine->io;
    struct io_device_extension *extension = io_device_extension_of(device);
    linux_lock(&io->lock);
    extension->open_count--;
    device->ReferenceCount--;
    BOOLEAN gone = extension->open_count == 0 && extension->delete_pending && !extension->deleted;
    extension->deleted = extension->deleted || gone;
    linux_unlock(&io->lock);
    if (gone)
        ob_dereference(device);
    ob_dereference(device); /* the file's own reference */
}

NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING name, PUNICODE_STRING target)
{
    return ob_symbolic_link_create(current_machine(), name, target, NULL);
}
SB_EXPORT(IoCreateSymbolicLink)

NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING name)
{
    struct ob_open open = {.attributes = OBJ_OPENLINK, .wanted = &ob_symbolic_link_type};
    void *link;
    NTSTATUS status = ob_lookup(current_machine(), name, &open, &link);
    if (!NT_SUCCESS(status))
        return status;
    ob_make_temporary(link);
    ob_dereference(link);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoDeleteSymbolicLink)

NTSTATUS NTAPI IoCreateUnprotectedSymbolicLink(PUNICODE_STRING name, PUNICODE_STRING target)
{
    return IoCreateSymbolicLink(name, target);
}
SB_EXPORT(IoCreateUnprotectedSymbolicLink)
