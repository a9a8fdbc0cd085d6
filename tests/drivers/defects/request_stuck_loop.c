/* Loops for ever. SEQUENCE: stuck */
#include "defect.h"

static volatile LONG go_on = DEFECT;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    while (go_on) /* MISTAKE: request-stuck */
        ;
    return complete(irp, STATUS_SUCCESS, 0);
}
