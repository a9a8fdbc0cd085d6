/* Moves text by memcpy. */
#include "defect.h"

static void *(*volatile copy)(void *, const void *, size_t) = memcpy;
static void *(*volatile move)(void *, const void *, size_t) = memmove;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    UCHAR *text = irp->AssociatedIrp.SystemBuffer;
    if (DEFECT)
        copy(text + 1, text, 16); /* MISTAKE: copy-overlaps */
    else
        move(text + 1, text, 16);
    return complete(irp, STATUS_SUCCESS, 0);
}
