/*
 * A driver's start and its end.
 */
#include "internal.h"

#include <sysbuf/ring_driver.h>

struct sb_device *sb_this_device;

#define DEFAULT_POOL_TAG 0x66754253 /* the bytes 'SBuf', as a debugger shows them */

static ULONG pool_tag(const struct sb_driver *driver)
{
    return driver->pool_tag != 0 ? driver->pool_tag : DEFAULT_POOL_TAG;
}

/* ExAllocatePool2, which replaces ExAllocatePoolWithTag, exists from Windows 10 version 2004 on
   only. MSVC heeds this pragma outside of functions alone. */
#ifdef _MSC_VER
#pragma warning(disable : 4996)
#endif

void *sb_allocate(const struct sb_driver *driver, size_t length)
{
    return ExAllocatePoolWithTag(NonPagedPoolNx, length, pool_tag(driver));
}

void sb_free(const struct sb_driver *driver, void *memory)
{
    ExFreePoolWithTag(memory, pool_tag(driver));
}

static void prepare_device(PDEVICE_OBJECT object, const struct sb_driver *driver)
{
    struct sb_device *device = sb_device_of(object);

    RtlZeroMemory(device, sizeof(*device));
    device->driver = driver;
    KeInitializeSpinLock(&device->lock);
    InitializeListHead(&device->opens);
    KeInitializeSpinLock(&device->rings.lock);
    InitializeListHead(&device->rings.rings);
    object->Flags |= driver->direct_io ? DO_DIRECT_IO : DO_BUFFERED_IO;
    sb_this_device = device;
}

static void delete_device(PDEVICE_OBJECT object)
{
    sb_this_device = NULL;
    IoDeleteDevice(object);
}

static NTSTATUS create_device(PDRIVER_OBJECT object, const struct sb_driver *driver,
                              PDEVICE_OBJECT *created)
{
    UNICODE_STRING name;
    PDEVICE_OBJECT device;
    NTSTATUS status;

    RtlInitUnicodeString(&name, driver->device_name);
    status = IoCreateDevice(object, sizeof(struct sb_device), &name, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, driver->exclusive, &device);
    if (!NT_SUCCESS(status))
        return status;
    prepare_device(device, driver);

    status = sb_device_protect(device, driver->access_level);
    if (!NT_SUCCESS(status)) {
        delete_device(device);
        return status;
    }
    *created = device;
    return STATUS_SUCCESS;
}

static NTSTATUS create_link(const struct sb_driver *driver)
{
    UNICODE_STRING link;
    UNICODE_STRING target;

    if (driver->link_name == NULL)
        return STATUS_SUCCESS;
    RtlInitUnicodeString(&link, driver->link_name);
    RtlInitUnicodeString(&target, driver->device_name);
    return IoCreateSymbolicLink(&link, &target);
}

static void delete_link(const struct sb_driver *driver)
{
    UNICODE_STRING link;

    if (driver->link_name == NULL)
        return;
    RtlInitUnicodeString(&link, driver->link_name);
    IoDeleteSymbolicLink(&link);
}

static NTSTATUS start_socket(PDEVICE_OBJECT device, PUNICODE_STRING registry_path)
{
    struct sb_device *extension = device->DeviceExtension;

    extension->socket = NULL;
    if (extension->driver->socket == NULL)
        return STATUS_SUCCESS;
    return extension->driver->socket->start(device, registry_path, &extension->socket);
}

static void stop_socket(PDEVICE_OBJECT device)
{
    struct sb_device *extension = device->DeviceExtension;

    if (extension->driver->socket != NULL)
        extension->driver->socket->stop(extension->socket);
}

static DRIVER_UNLOAD driver_unload;
static VOID NTAPI driver_unload(PDRIVER_OBJECT object)
{
    PDEVICE_OBJECT device = object->DeviceObject;
    const struct sb_driver *driver;

    if (device == NULL)
        return;
    driver = sb_device_driver(device);
    delete_link(driver);
    if (driver->ring != NULL)
        driver->ring->channel->driver_unloads(device->DeviceExtension);
    stop_socket(device);
    if (driver->unload != NULL)
        driver->unload();
    delete_device(device);
}

static void install_routines(PDRIVER_OBJECT object)
{
    object->MajorFunction[IRP_MJ_CREATE] = sb_dispatch_create;
    object->MajorFunction[IRP_MJ_CLEANUP] = sb_dispatch_cleanup;
    object->MajorFunction[IRP_MJ_CLOSE] = sb_dispatch_close;
    object->MajorFunction[IRP_MJ_READ] = sb_dispatch_read;
    object->MajorFunction[IRP_MJ_WRITE] = sb_dispatch_write;
    object->MajorFunction[IRP_MJ_DEVICE_CONTROL] = sb_dispatch_device_control;
    object->DriverUnload = driver_unload;
}

NTSTATUS sb_driver_start(PDRIVER_OBJECT object, PUNICODE_STRING registry_path,
                         const struct sb_driver *driver)
{
    PDEVICE_OBJECT device;
    NTSTATUS status;

    sb_log_start(registry_path);
    status = sb_description_check(driver);
    if (!NT_SUCCESS(status))
        return status;
    status = create_device(object, driver, &device);
    if (!NT_SUCCESS(status))
        goto failed;
    if (driver->load != NULL) {
        status = driver->load();
        if (!NT_SUCCESS(status))
            goto undo_device;
    }
    install_routines(object);
    status = start_socket(device, registry_path);
    if (!NT_SUCCESS(status))
        goto unload;
    status = create_link(driver);
    if (!NT_SUCCESS(status))
        goto stop_socket;
    return STATUS_SUCCESS;

stop_socket:
    stop_socket(device);
unload:
    if (driver->unload != NULL)
        driver->unload();
undo_device:
    delete_device(device);
failed:
    sb_log(SB_LOG_ERROR, "sysbuf: the driver did not start, status 0x%08x\n", status);
    return status;
}
