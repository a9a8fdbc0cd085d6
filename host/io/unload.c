/*
 * Unloading drivers. A driver is in use while files are open on its devices or other drivers'
 * devices stand on them. The host's own unloading then answers STATUS_DEVICE_BUSY; ZwUnloadDriver
 * answers STATUS_SUCCESS, as on NT: nobody can open the driver's devices any more, and its unload
 * routine runs once nothing uses them.
 */
#include "host/ex/ex.h"
#include "host/io/io.h"
#include "host/io/pnp.h"
#include "host/ke/ke.h"
#include "host/loader/loader.h"

static void call_unload(struct machine *machine, PDRIVER_OBJECT driver)
{
    const struct verifier_hooks *verifier = machine->verifier;
    struct verifier_callback callback = {VERIFIER_CALLBACK_UNLOAD, driver->DriverUnload, driver};
    /* A DPC that completed the last request is over long before NT gets here: the order to unload
     * comes from a process and is done in another's thread. Only those that start now race. */
    KeFlushQueuedDpcs();
    if (SB_UNLIKELY(verifier) && verifier->callback_begin)
        verifier->callback_begin(&callback);
    driver->DriverUnload(driver);
    if (SB_UNLIKELY(verifier) && verifier->callback_end)
        verifier->callback_end(&callback);
}

static BOOLEAN is_in_use(PDEVICE_OBJECT device)
{
    PDEVICE_OBJECT above = device->AttachedDevice;
    return io_device_extension_of(device)->open_count != 0 ||
           (above && above->DriverObject != device->DriverObject);
}

/* Lock held. */
static BOOLEAN is_driver_in_use(PDRIVER_OBJECT driver)
{
    BOOLEAN in_use = FALSE;
    for (PDEVICE_OBJECT device = driver->DeviceObject; device; device = device->NextDevice)
        in_use = in_use || is_in_use(device);
    return in_use;
}

/* Below the root bus: the PnP manager unloads such a driver when the last of its devices is gone.
 */
static BOOLEAN has_nodes(PDRIVER_OBJECT driver)
{
    for (PDEVICE_OBJECT device = driver->DeviceObject; device; device = device->NextDevice) {
        PDEVICE_OBJECT lowest = device;
        while (io_device_extension_of(lowest)->attached_to)
            lowest = io_device_extension_of(lowest)->attached_to;
        if (io_node_of(lowest))
            return TRUE;
    }
    return FALSE;
}

/* Whether the driver can be unloaded at all. */
static NTSTATUS check(const struct io_driver *driver)
{
    if (!driver->driver.DriverUnload)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (has_nodes((PDRIVER_OBJECT)&driver->driver)) /* as ZwUnloadDriver documents it */
        return STATUS_INVALID_DEVICE_REQUEST;
    return driver->image && driver->image->importers ? STATUS_DEVICE_BUSY : STATUS_SUCCESS;
}

/* Afterwards no open gets in. */
static BOOLEAN begin(struct io_state *io, PDRIVER_OBJECT driver)
{
    linux_lock(&io->lock);
    BOOLEAN in_use = is_driver_in_use(driver);
    if (!in_use)
        driver->Flags |= DRVO_UNLOAD_INVOKED;
    linux_unlock(&io->lock);
    return !in_use;
}

/* Devices that the driver leaves behind hold its object, and that its image, until they are gone.
 */
static void finish(struct machine *machine, struct io_driver *driver)
{
    call_unload(machine, &driver->driver);
    io_driver_check_gone(machine, driver, STATUS_SUCCESS);
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->image_unloading && driver->image)
        machine->verifier->image_unloading(driver->image->base, driver->image->size);
    io_driver_drop(driver);
}

NTSTATUS io_driver_unload(struct io_driver *driver)
{
    struct machine *machine = current_machine();
    NTSTATUS status = check(driver);
    if (!NT_SUCCESS(status))
        return status;
    if (__atomic_exchange_n(&driver->unload_started, 1, __ATOMIC_ACQ_REL))
        return STATUS_DEVICE_BUSY;
    if (!begin(machine->io, &driver->driver)) {
        __atomic_store_n(&driver->unload_started, 0, __ATOMIC_RELEASE);
        return STATUS_DEVICE_BUSY;
    }
    finish(machine, driver);
    return STATUS_SUCCESS;
}

/* ---- when it is not used any more ---- */
static VOID NTAPI unload_now(PVOID context)
{
    struct io_driver *driver = context;
    finish(current_machine(), driver);
    ob_dereference(driver);
}

void io_driver_released(PDRIVER_OBJECT object)
{
    struct io_driver *driver = CONTAINING_RECORD(object, struct io_driver, driver);
    struct machine *machine = object_header_of(object)->machine;
    if (!__atomic_load_n(&driver->unload_waits, __ATOMIC_ACQUIRE))
        return;
    linux_lock(&machine->io->lock);
    BOOLEAN in_use = is_driver_in_use(object);
    linux_unlock(&machine->io->lock);
    if (in_use || __atomic_exchange_n(&driver->unload_started, 1, __ATOMIC_ACQ_REL))
        return;
    ob_reference(driver);
    ex_queue_work(machine, unload_now, driver, driver);
}

NTSTATUS io_driver_unload_when_unused(struct io_driver *driver)
{
    NTSTATUS status = check(driver);
    if (!NT_SUCCESS(status))
        return status;
    status = io_driver_unload(driver);
    if (status != STATUS_DEVICE_BUSY)
        return status;
    struct io_state *io = current_machine()->io;
    linux_lock(&io->lock);
    driver->driver.Flags |= DRVO_UNLOAD_INVOKED;
    linux_unlock(&io->lock);
    __atomic_store_n(&driver->unload_waits, TRUE, __ATOMIC_RELEASE);
    io_driver_released(&driver->driver); /* in case the last use ended meanwhile */
    return STATUS_SUCCESS;
}
