/* Keeps the caller's pages locked when the caller closes its handle and ends. */
/* COMPILER: clang */
/* CALLS: neither */
#define HAS_CLEANUP
#define HAS_UNLOAD
#include "defect.h"

static PMDL mdl;

static void release(void)
{
    if (mdl) {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
        mdl = NULL;
    }
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    NTSTATUS status = STATUS_SUCCESS;
    mdl = IoAllocateMdl(irp->UserBuffer, 64, FALSE, FALSE, NULL);
    if (!mdl)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess); /* MISTAKE: mdl-locked-at-exit */
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        IoFreeMdl(mdl);
        mdl = NULL;
    }
    return complete(irp, status, 0);
}

static NTSTATUS cleanup(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
#if !DEFECT
    release();
#endif
    return complete(irp, STATUS_SUCCESS, 0);
}

static void unload(PDRIVER_OBJECT driver)
{
    release();
}
