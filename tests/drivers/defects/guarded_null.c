/* A handler hides that a null pointer was used; the twin's is the caller's, probed as it should be.
 * COMPILER: clang */
#include "defect.h"

static DEFECT_NOINLINE void touch(volatile ULONG *address)
{
    *address = 1; /* MISTAKE: null-dereference */
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG *address = (ULONG *)((ULONG_PTR)stack->FileObject->FsContext + 16);
    NTSTATUS status = STATUS_SUCCESS;
    __try {
#if !DEFECT
        ProbeForRead(address, sizeof(*address), 1);
#endif
        touch(address);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = STATUS_ACCESS_VIOLATION;
    }
    return complete(irp, status, 0);
}
