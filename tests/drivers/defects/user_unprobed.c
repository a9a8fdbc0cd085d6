/* Reads the caller's buffer without having probed it. */
/* COMPILER: clang */
/* CALLS: neither */
#include "defect.h"

static DEFECT_NOINLINE ULONG fetch(volatile ULONG *input)
{
    return *input; /* MISTAKE: user-memory-unprobed */
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile ULONG *input = stack->Parameters.DeviceIoControl.Type3InputBuffer;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG value = 0;
    __try {
#if !DEFECT
        ProbeForRead((void *)input, sizeof *input, sizeof *input);
#endif
        value = fetch(input);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return complete(irp, value ? status : STATUS_INVALID_PARAMETER, 0);
}
