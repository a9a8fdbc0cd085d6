/* Ends the machine by itself where an error would do. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG value = *(const ULONG *)irp->AssociatedIrp.SystemBuffer; /* 0x41414141 */
    if (value > 100) {
#if DEFECT
        __asm__ volatile("movl $5, %%ecx; int $0x29" ::: "ecx"); /* MISTAKE: fast-fail */
#endif
        return complete(irp, STATUS_INVALID_PARAMETER, 0);
    }
    return complete(irp, STATUS_SUCCESS, 0);
}
