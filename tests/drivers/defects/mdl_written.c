/* Writes to the second buffer of METHOD_IN_DIRECT, which is locked for reading. CALLS: in-direct */
#include "defect.h"

#ifndef MdlMappingNoExecute
#define MdlMappingNoExecute 0x40000000
#endif

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    const ULONG priority = NormalPagePriority | MdlMappingNoExecute;
    volatile UCHAR *bytes = MmGetSystemAddressForMdlSafe(irp->MdlAddress, priority);
    if (!bytes)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    if (DEFECT)
        bytes[3] = 1; /* MISTAKE: mdl-written-read-only */
    return complete(irp, bytes[0] ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER, 0);
}
