/* A DPC copies from paged pool. SEQUENCE: scheduled CALLS: buffered */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

enum { SIZE = 48 };
static PVOID text;
static UCHAR copied[SIZE];
static KDPC dpc;

static VOID NTAPI run(PKDPC self, PVOID context, PVOID one, PVOID two)
{
    RtlCopyMemory(copied, text, SIZE); /* MISTAKE: paged-pool-at-dispatch */
    DEFECT_KEEP_FRAME();
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    KeInitializeDpc(&dpc, run, NULL);
    text = ExAllocatePoolWithTag(DEFECT ? PagedPool : NonPagedPool, SIZE, DEFECT_TAG);
    if (!text)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(text, SIZE);
    return STATUS_SUCCESS;
}

static void unload(PDRIVER_OBJECT driver)
{
    KeFlushQueuedDpcs();
    ExFreePoolWithTag(text, DEFECT_TAG);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KeInsertQueueDpc(&dpc, NULL, NULL);
    return complete(irp, STATUS_SUCCESS, 0);
}
