/* A device that its driver found by itself, and that goes again: checked in DriverEntry. */
#include <ntifs.h>

#include "check.h"
#include "groups.h"

CHECK_DEFINITIONS("found")

static PDRIVER_OBJECT self;
static PDEVICE_OBJECT physical, function, below;
static UCHAR minors[16];
static LONG minor_count;
static BOOLEAN refuses;
static KEVENT ejected;
static NTSTATUS ejected_status;

NTKERNELAPI NTSTATUS NTAPI IoRequestDeviceEjectEx(PDEVICE_OBJECT, PIO_DEVICE_EJECT_CALLBACK, PVOID,
                                                  PDRIVER_OBJECT);

static NTSTATUS finish(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI pnp(PDEVICE_OBJECT device, PIRP irp)
{
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    NTSTATUS status;

    if (minor_count < (LONG)sizeof minors)
        minors[minor_count++] = minor;
    if (minor == IRP_MN_QUERY_REMOVE_DEVICE && refuses)
        return finish(irp, STATUS_UNSUCCESSFUL);
    if (minor == IRP_MN_QUERY_REMOVE_DEVICE || minor == IRP_MN_REMOVE_DEVICE)
        irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    status = IoCallDriver(below, irp);
    if (minor == IRP_MN_REMOVE_DEVICE) {
        IoDetachDevice(below);
        IoDeleteDevice(device);
        function = NULL;
    }
    return status;
}

static BOOLEAN saw(UCHAR minor)
{
    for (LONG i = 0; i < minor_count; i++)
        if (minors[i] == minor)
            return TRUE;
    return FALSE;
}

/* The PnP manager owns the physical device object and takes the device for started. */
static void check_report(void)
{
    NTSTATUS status = IoReportDetectedDevice(self, InterfaceTypeUndefined, (ULONG)-1, (ULONG)-1,
                                             NULL, NULL, FALSE, &physical);

    CHECK_STATUS(STATUS_SUCCESS, status);
    CHECK(physical != NULL && physical->DriverObject != self);
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(self, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &function));
    below = IoAttachDeviceToDeviceStack(function, physical);
    CHECK(below == physical);
    function->Flags &= ~DO_DEVICE_INITIALIZING;
    CHECK(!saw(IRP_MN_START_DEVICE));
}

static NTSTATUS ask(UCHAR minor, BUS_QUERY_ID_TYPE type, PWCHAR *text)
{
    KEVENT done;
    IO_STATUS_BLOCK io;
    PIRP irp;
    NTSTATUS status;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, function, NULL, 0, NULL, &done, &io);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoGetNextIrpStackLocation(irp)->MinorFunction = minor;
    IoGetNextIrpStackLocation(irp)->Parameters.QueryId.IdType = type;
    status = IoCallDriver(function, irp);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    *text = (PWCHAR)io.Information;
    return io.Status;
}

/* "DETECTEDInternal\Driver" and "DETECTED\Driver". */
static void check_ids(void)
{
    PWCHAR ids = NULL;

    CHECK_STATUS(STATUS_SUCCESS, ask(IRP_MN_QUERY_ID, BusQueryCompatibleIDs, &ids));
    if (!ids)
        return;
    CHECK(wcsncmp(ids, L"DETECTEDInternal\\found", 22) == 0);
    CHECK(wcsncmp(ids + wcslen(ids) + 1, L"DETECTED\\found", 14) == 0);
    CHECK(ids[wcslen(ids) + 1 + wcslen(ids + wcslen(ids) + 1) + 1] == 0);
    ExFreePool(ids);
}

static VOID NTAPI told(NTSTATUS status, PVOID context)
{
    CHECK(context == &ejected);
    ejected_status = status;
    KeSetEvent(&ejected, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS eject(void)
{
    LARGE_INTEGER patience = {.QuadPart = -300000000};

    minor_count = 0;
    ejected_status = 0x77;
    KeInitializeEvent(&ejected, NotificationEvent, FALSE);
    CHECK_STATUS(STATUS_SUCCESS, IoRequestDeviceEjectEx(physical, told, &ejected, self));
    CHECK_STATUS(STATUS_SUCCESS,
                 KeWaitForSingleObject(&ejected, Executive, KernelMode, FALSE, &patience));
    return ejected_status;
}

/* Everybody is asked first; who refuses keeps the device. */
static void check_eject(void)
{
    refuses = TRUE;
    CHECK(NT_ERROR(eject()));
    CHECK(saw(IRP_MN_QUERY_REMOVE_DEVICE) && !saw(IRP_MN_REMOVE_DEVICE) && function != NULL);
    refuses = FALSE;
    CHECK_STATUS(STATUS_SUCCESS, eject());
    CHECK(minor_count == 2 && minors[0] == IRP_MN_QUERY_REMOVE_DEVICE &&
          minors[1] == IRP_MN_REMOVE_DEVICE);
    CHECK(function == NULL && self->DeviceObject == NULL);
}

static struct check_group groups[] = {CHECK_GROUP(report), CHECK_GROUP(ids), CHECK_GROUP(eject)};

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    self = driver;
    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_PNP] = pnp;
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    return groups_result();
}
