/* Deletes a lookaside list twice. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static NPAGED_LOOKASIDE_LIST list;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 64, DEFECT_TAG, 0);
    return STATUS_SUCCESS;
}

static void unload(PDRIVER_OBJECT driver)
{
    ExDeleteNPagedLookasideList(&list);
    if (DEFECT)
        ExDeleteNPagedLookasideList(&list); /* MISTAKE: deleted-uninitialized */
    DEFECT_KEEP_FRAME();
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
