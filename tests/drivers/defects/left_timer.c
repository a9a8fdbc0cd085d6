/* Leaves a timer running. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static KTIMER timer;
static KDPC dpc;

static VOID NTAPI run(PKDPC self, PVOID context, PVOID one, PVOID two)
{
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    LARGE_INTEGER due = {.QuadPart = -600000000ll};
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, run, NULL);
    KeSetTimer(&timer, due, &dpc); /* MISTAKE: timer-left-at-unload */
    DEFECT_KEEP_FRAME();
    return STATUS_SUCCESS;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        KeCancelTimer(&timer);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
