/* Locks the caller's memory with KernelMode, which refuses no address. */
/* COMPILER: clang */
/* CALLS: neither */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PMDL mdl = IoAllocateMdl(irp->UserBuffer, 64, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_SUCCESS;
    if (!mdl)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    __try {
        MmProbeAndLockPages(mdl, DEFECT ? KernelMode : UserMode, /* MISTAKE: mdl-lock-access-mode */
                            IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (NT_SUCCESS(status))
        MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return complete(irp, status, 0);
}
