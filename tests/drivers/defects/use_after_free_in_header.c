/* Copies a text into a block that it has freed, by a routine of the kit's header, which is called
 * without optimisation and put in line with it. */
#include "defect.h"
#define __CRT_STRSAFE_IMPL /* a definition of each routine, as elsewhere */
#include <ntstrsafe.h>

enum { NAME_SIZE = 16 };

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    char *name = ExAllocatePoolWithTag(NonPagedPoolNx, NAME_SIZE, DEFECT_TAG);
    if (!name)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    if (DEFECT)
        ExFreePoolWithTag(name, DEFECT_TAG);
    NTSTATUS status = RtlStringCbCopyA(name, NAME_SIZE, "session"); /* MISTAKE: use-after-free */
    if (!DEFECT)
        ExFreePoolWithTag(name, DEFECT_TAG);
    return complete(irp, status, 0);
}
