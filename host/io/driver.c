/* Driver objects: load, DriverEntry, unload. */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/loader/loader.h"
#include "host/mm/mm.h"
#include "host/ps/notify.h"

enum { DRIVER_TAG = 0x76697244, NAME_LIMIT = 64, DRVO_UNLOAD_INVOKED_BIT = 1 };

static void driver_remove(void *object)
{
    struct io_driver *driver = object;
    struct machine *machine = object_header_of(object)->machine;
    linux_lock(&machine->io->lock);
    RemoveEntryList(&driver->link);
    linux_unlock(&machine->io->lock);
    if (driver->driver.DriverName.Buffer)
        mm_pool_free(machine, driver->driver.DriverName.Buffer);
    if (driver->extension.ServiceKeyName.Buffer)
        mm_pool_free(machine, driver->extension.ServiceKeyName.Buffer);
    if (driver->image)
        loader_unload(driver->image);
}

OBJECT_TYPE io_driver_type = {.name = RTL_CONSTANT_STRING(L"Driver"),
                              .valid_access = 0xF0001,
                              .remove = driver_remove};

/* What a driver that sets no routine answers. */
static NTSTATUS NTAPI invalid_request(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = 0;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

/* prefix followed by the service name ("name.sys" without its suffix), in pool. */
static NTSTATUS joined_name(struct machine *machine, PCWSTR prefix, const char *file_name,
                            UNICODE_STRING *joined)
{
    USHORT prefix_count = 0, count = 0;
    while (prefix[prefix_count])
        prefix_count++;
    while (file_name[count] && file_name[count] != '.' && count < NAME_LIMIT)
        count++;
    USHORT bytes = (USHORT)((prefix_count + count) * sizeof(WCHAR));
    joined->Buffer = mm_pool_allocate(machine, NonPagedPoolNx, bytes + sizeof(WCHAR), DRIVER_TAG);
    if (!joined->Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (USHORT i = 0; i < prefix_count; i++)
        joined->Buffer[i] = prefix[i];
    for (USHORT i = 0; i < count; i++)
        joined->Buffer[prefix_count + i] = (UCHAR)file_name[i];
    joined->Buffer[prefix_count + count] = 0;
    joined->Length = bytes;
    joined->MaximumLength = bytes + sizeof(WCHAR);
    return STATUS_SUCCESS;
}

static NTSTATUS driver_create(struct machine *machine, struct loaded_image *image,
                              struct io_driver **created)
{
    struct io_driver *driver;
    NTSTATUS status = ob_allocate(machine, &io_driver_type, sizeof(*driver), (void **)&driver);
    if (!NT_SUCCESS(status))
        return status;
    driver->driver.Type = IO_TYPE_DRIVER;
    driver->driver.Size = sizeof(DRIVER_OBJECT);
    driver->driver.DriverExtension = &driver->extension;
    driver->driver.DriverStart = image->base;
    driver->driver.DriverSize = image->size;
    driver->driver.DriverInit = (PDRIVER_INITIALIZE)(image->base + image->headers.entry_point);
    driver->extension.DriverObject = &driver->driver;
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->driver.MajorFunction[i] = invalid_request;
    linux_lock(&machine->io->lock);
    InsertTailList(&machine->io->drivers, &driver->link);
    linux_unlock(&machine->io->lock);
    status = joined_name(machine, L"\\Driver\\", image->name, &driver->driver.DriverName);
    if (NT_SUCCESS(status))
        status = joined_name(machine, L"", image->name, &driver->extension.ServiceKeyName);
    if (NT_SUCCESS(status))
        status = ob_insert(driver, &driver->driver.DriverName, OB_PERMANENT);
    if (!NT_SUCCESS(status)) {
        ob_dereference(driver);
        return status;
    }
    driver->image = image;
    *created = driver;
    return STATUS_SUCCESS;
}

static NTSTATUS run_driver_entry(struct machine *machine, struct io_driver *driver)
{
    UNICODE_STRING path;
    NTSTATUS status =
        joined_name(machine, L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\",
                    driver->image->name, &path);
    if (!NT_SUCCESS(status))
        return status;
    status = driver->driver.DriverInit(&driver->driver, &path);
    mm_pool_free(machine, path.Buffer);
    return status;
}

/* Takes the driver object down; its image goes with the last reference. */
static void driver_drop(struct io_driver *driver)
{
    ob_make_temporary(driver);
    ob_dereference(driver);
}

NTSTATUS io_driver_load(const void *file, SIZE_T size, const char *name, struct io_driver **loaded,
                        char *error_text, SIZE_T error_size)
{
    struct machine *machine = current_machine();
    struct loader_error error = {error_text, error_size, 0};
    struct loaded_image *image;
    struct io_driver *driver;
    if (error_size)
        error_text[0] = 0;
    NTSTATUS status = loader_load(machine, file, size, name, &image, &error);
    if (!NT_SUCCESS(status))
        return status;
    status = driver_create(machine, image, &driver);
    if (!NT_SUCCESS(status)) {
        loader_unload(image);
        return status == STATUS_OBJECT_NAME_COLLISION ? STATUS_IMAGE_ALREADY_LOADED : status;
    }
    ps_notify_driver_image(machine, image->name, image->base, image->size);
    status = run_driver_entry(machine, driver);
    if (!NT_SUCCESS(status)) {
        loader_error_add(&error, "DriverEntry returned 0x%08x", status);
        driver_drop(driver);
        return status;
    }
    for (PDEVICE_OBJECT device = driver->driver.DeviceObject; device; device = device->NextDevice)
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    loader_discard_init(image);
    *loaded = driver;
    return STATUS_SUCCESS;
}

static BOOLEAN has_open_files(struct io_state *io, PDRIVER_OBJECT driver)
{
    BOOLEAN open = FALSE;
    linux_lock(&io->lock);
    for (PDEVICE_OBJECT device = driver->DeviceObject; device; device = device->NextDevice)
        open = open || io_device_extension_of(device)->open_count != 0;
    linux_unlock(&io->lock);
    return open;
}

NTSTATUS io_driver_unload(struct io_driver *driver)
{
    struct machine *machine = current_machine();
    if (!driver->driver.DriverUnload)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (has_open_files(machine->io, &driver->driver) || driver->image->importers)
        return STATUS_DEVICE_BUSY;
    driver->driver.Flags |= DRVO_UNLOAD_INVOKED_BIT;
    driver->driver.DriverUnload(&driver->driver);
    driver_drop(driver);
    return STATUS_SUCCESS;
}

NTSTATUS io_initialize(struct machine *machine)
{
    machine->io = linux_allocate(sizeof(*machine->io));
    if (!machine->io)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&machine->io->drivers);
    machine->data_exports->file_object_type = &io_file_type;
    machine->data_exports->device_object_type = &io_device_type;
    machine->data_exports->driver_object_type = &io_driver_type;
    return STATUS_SUCCESS;
}
SB_EXPORT_DATA("IoFileObjectType", file_object_type)
SB_EXPORT_DATA("IoDeviceObjectType", device_object_type)
SB_EXPORT_DATA("IoDriverObjectType", driver_object_type)

void io_destroy(struct machine *machine)
{
    linux_free(machine->io);
    machine->io = NULL;
}
