/* The input is probed by the I/O manager; the pointer in it is by nobody. */
/* COMPILER: clang */
/* CALLS: pointer */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct defect_pointers *pointers = irp->AssociatedIrp.SystemBuffer;
    UCHAR local[64];
    NTSTATUS status = STATUS_SUCCESS;
    __try {
#if !DEFECT
        ProbeForRead((void *)pointers->buffer, sizeof local, 1);
#endif
        RtlCopyMemory(local, (void *)pointers->buffer, /* MISTAKE: user-memory-unprobed */
                      sizeof local);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return complete(irp, status, 0);
}
