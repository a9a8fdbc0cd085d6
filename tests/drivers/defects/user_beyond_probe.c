/* Probes the header and reads what follows too. */
/* COMPILER: clang */
/* CALLS: neither */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile ULONG *input = stack->Parameters.DeviceIoControl.Type3InputBuffer;
    NTSTATUS status = STATUS_SUCCESS;
    __try {
        ProbeForRead((void *)input, DEFECT ? 4 : 8, sizeof *input);
        if (input[0] == 16 && input[1] == 0) /* MISTAKE: user-memory-beyond-probe */
            status = STATUS_INVALID_PARAMETER;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return complete(irp, status, 0);
}
