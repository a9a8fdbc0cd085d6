/* Copies as many bytes as the caller sent to a block of fixed size; the last ones still fit into
 * the room that the pool rounds up to. */
#include "defect.h"

enum { ROOM = 60 }; /* the caller sends 64 */

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG length = stack->Parameters.DeviceIoControl.InputBufferLength;
    UCHAR *copy = ExAllocatePoolWithTag(PagedPool, ROOM, DEFECT_TAG);
    if (!copy)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
#if !DEFECT
    if (length > ROOM)
        length = ROOM;
#endif
    RtlCopyMemory(copy, irp->AssociatedIrp.SystemBuffer, length); /* MISTAKE: pool-overrun */
    ExFreePoolWithTag(copy, DEFECT_TAG);
    return complete(irp, STATUS_SUCCESS, 0);
}
