/* Probes its system buffer, which is the kernel's. */
/* COMPILER: clang */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    NTSTATUS status = STATUS_SUCCESS;
    __try {
#if DEFECT
        ProbeForRead(irp->AssociatedIrp.SystemBuffer, 8, 1); /* MISTAKE: kernel-address-probed */
#endif
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return complete(irp, status, 0);
}
