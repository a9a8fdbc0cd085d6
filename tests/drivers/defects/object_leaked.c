/* Takes a reference to the caller's process and keeps it for ever. */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PEPROCESS process = PsGetCurrentProcess();
    ObReferenceObject(process); /* MISTAKE: object-reference-leaked */
#if !DEFECT
    ObDereferenceObject(process);
#endif
    return complete(irp, STATUS_SUCCESS, 0);
}
