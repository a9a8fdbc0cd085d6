/* Unloads while an IRP with its completion routine is under way. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#define HAS_READ
#include "defect.h"

static PIRP under_way;

static NTSTATUS NTAPI completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* The lower driver, for short the same one: it lets the request wait. */
static NTSTATUS read(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    IoMarkIrpPending(irp);
    under_way = irp;
    return STATUS_PENDING;
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    PIRP irp = IoAllocateIrp(1, FALSE); /* MISTAKE: completion-routine-left-at-unload */
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, completed, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(defect_device, irp);
    return STATUS_SUCCESS;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        complete(under_way, STATUS_SUCCESS, 0);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
