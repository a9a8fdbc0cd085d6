/* Reads from where the caller says, and believes that a handler makes it safe.
 * COMPILER: clang */
#include "defect.h"

static DEFECT_NOINLINE ULONG64 fetch(const volatile ULONG64 *address)
{
    return *address; /* MISTAKE: request-pointer */
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG64 *buffer = irp->AssociatedIrp.SystemBuffer;
    NTSTATUS status = STATUS_SUCCESS;
    __try {
#if !DEFECT
        ProbeForRead((void *)buffer[2], sizeof(ULONG64), sizeof(ULONG64));
#endif
        buffer[0] = fetch((const ULONG64 *)buffer[2]);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = STATUS_ACCESS_VIOLATION;
    }
    return complete(irp, status, NT_SUCCESS(status) ? sizeof(ULONG64) : 0);
}
