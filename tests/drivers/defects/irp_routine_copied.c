/* A filter above its own device copies the stack location by hand. */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static volatile LONG sent;
static PDEVICE_OBJECT top, middle, bottom;

static NTSTATUS NTAPI go_on(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    if (device == top) {
        IoCopyCurrentIrpStackLocationToNext(irp);
        IoSetCompletionRoutine(irp, go_on, NULL, TRUE, TRUE, TRUE);
        return IoCallDriver(middle, irp);
    }
    if (device == middle) {
        if (DEFECT)
            *IoGetNextIrpStackLocation(irp) = *IoGetCurrentIrpStackLocation(irp);
        else
            IoCopyCurrentIrpStackLocationToNext(irp);
        NTSTATUS status = IoCallDriver(bottom, irp); /* MISTAKE: irp-completion-routine-copied */
        sent++;
        return status;
    }
    return defect_dispatch(device, irp);
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    bottom = defect_device;
    if (!NT_SUCCESS(IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &middle)))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &top))) {
        IoDeleteDevice(middle);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    bottom->Flags &= ~DO_DEVICE_INITIALIZING;
    middle->Flags = (middle->Flags & ~DO_DEVICE_INITIALIZING) | DO_BUFFERED_IO;
    top->Flags = (top->Flags & ~DO_DEVICE_INITIALIZING) | DO_BUFFERED_IO;
    IoAttachDeviceToDeviceStack(middle, bottom);
    IoAttachDeviceToDeviceStack(top, middle);
    for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        if (driver->MajorFunction[i] == defect_dispatch)
            driver->MajorFunction[i] = dispatch;
    return STATUS_SUCCESS;
}

static void unload(PDRIVER_OBJECT driver)
{
    IoDetachDevice(middle);
    IoDetachDevice(bottom);
    IoDeleteDevice(top);
    IoDeleteDevice(middle);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
