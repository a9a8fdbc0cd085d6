/* The devices of the races, and what they have in common. */
#include "races.h"

struct extension {
    const struct race *race;
    BOOLEAN is_fixed;
    DECLSPEC_ALIGN(16) UCHAR state[];
};

static const struct race *const races[] = {&race_shared_pointer, &race_cancel, &race_lost_wakeup,
                                           &race_lock_order,     &race_count,  &race_thread_end,
                                           &race_timer_dpc,      &race_spin};

BOOLEAN race_is_fixed(const void *state)
{
    return CONTAINING_RECORD(state, struct extension, state)->is_fixed;
}

void race_complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

void race_require_alive(ULONG marker)
{
    if (marker != RACE_ALIVE)
        KeBugCheckEx(RACES_BUG_CHECK, marker, 0, 0, 0);
}

static NTSTATUS NTAPI open_or_close(PDEVICE_OBJECT device, PIRP irp)
{
    race_complete(irp, STATUS_SUCCESS, 0);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG code = stack->Parameters.DeviceIoControl.IoControlCode, count = 0, length = 0;
    NTSTATUS status = extension->race->control(extension->state, irp, code, &count);
    if (status == STATUS_PENDING)
        return status;
    if (code == RACES_COUNT && status == STATUS_SUCCESS) {
        if (stack->Parameters.DeviceIoControl.OutputBufferLength >= sizeof(count)) {
            *(ULONG *)irp->AssociatedIrp.SystemBuffer = count;
            length = sizeof(count);
        } else {
            status = STATUS_BUFFER_TOO_SMALL;
        }
    }
    race_complete(irp, status, length);
    return status;
}

static void delete_devices(PDRIVER_OBJECT driver)
{
    while (driver->DeviceObject) {
        struct extension *extension = driver->DeviceObject->DeviceExtension;
        if (extension->race->unload)
            extension->race->unload(extension->state);
        IoDeleteDevice(driver->DeviceObject);
    }
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    delete_devices(driver);
}

static NTSTATUS make_device(PDRIVER_OBJECT driver, const struct race *race, BOOLEAN is_fixed)
{
    WCHAR buffer[64];
    UNICODE_STRING name = {0, sizeof(buffer), buffer};
    PDEVICE_OBJECT device;
    RtlAppendUnicodeToString(&name, L"\\Device\\");
    RtlAppendUnicodeToString(&name, race->name);
    if (is_fixed)
        RtlAppendUnicodeToString(&name, L"Fixed");
    NTSTATUS status = IoCreateDevice(driver, sizeof(struct extension) + race->size, &name,
                                     FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    struct extension *extension = device->DeviceExtension;
    extension->race = race;
    extension->is_fixed = is_fixed;
    race->initialize(extension->state);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    NTSTATUS status = STATUS_SUCCESS;
    driver->MajorFunction[IRP_MJ_CREATE] = open_or_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = open_or_close;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->DriverUnload = unload;
    for (ULONG i = 0; i < RTL_NUMBER_OF(races) && NT_SUCCESS(status); i++) {
        status = make_device(driver, races[i], FALSE);
        if (NT_SUCCESS(status))
            status = make_device(driver, races[i], TRUE);
    }
    if (!NT_SUCCESS(status))
        delete_devices(driver);
    return status;
}
