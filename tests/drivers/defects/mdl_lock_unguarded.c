/* Locks the caller's memory where nobody catches the exception. */
/* COMPILER: clang */
/* CALLS: neither */
#include "defect.h"

static DEFECT_NOINLINE void lock(PMDL mdl)
{
    MmProbeAndLockPages(mdl, UserMode, IoWriteAccess); /* MISTAKE: mdl-lock-unguarded */
    DEFECT_KEEP_FRAME();
}

static DEFECT_NOINLINE NTSTATUS lock_guarded(PMDL mdl)
{
    __try {
        lock(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PMDL mdl = IoAllocateMdl(irp->UserBuffer, 64, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_SUCCESS;
    if (!mdl)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
#if DEFECT
    lock(mdl);
#else
    status = lock_guarded(mdl);
#endif
    if (NT_SUCCESS(status))
        MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    return complete(irp, status, 0);
}
