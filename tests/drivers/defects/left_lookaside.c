/* Leaves a lookaside list. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

#define make ExInitializeNPagedLookasideList

static NPAGED_LOOKASIDE_LIST list;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    PNPAGED_LOOKASIDE_LIST at = &list;
    make(at, 0, 0, 0, 64, 1, 0); /* MISTAKE: lookaside-list-left-at-unload */
    return STATUS_SUCCESS;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        ExDeleteNPagedLookasideList(&list);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
