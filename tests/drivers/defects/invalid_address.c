/* An index that nobody checked leads far away from the table. */
#include "defect.h"

static volatile UCHAR table[64];

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG64 index = *(const ULONG *)irp->AssociatedIrp.SystemBuffer; /* 0x41414141 */
#if !DEFECT
    if (index >= sizeof(table))
        return complete(irp, STATUS_INVALID_PARAMETER, 0);
#endif
    table[index]++; /* MISTAKE: invalid-address */
    return complete(irp, STATUS_SUCCESS, 0);
}
