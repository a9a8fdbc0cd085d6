/* Computes the length to probe so that it overflows to nothing. */
/* COMPILER: clang */
/* CALLS: neither */
#include "defect.h"

static DEFECT_NOINLINE ULONG fetch(volatile ULONG *input)
{
    return *input; /* MISTAKE: user-memory-probed-empty */
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile ULONG *input = stack->Parameters.DeviceIoControl.Type3InputBuffer;
    ULONG count = DEFECT ? 0x40000000 : 16;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG value = 0;
    __try {
        ProbeForRead((void *)input, count * (ULONG)sizeof *input, sizeof *input);
        value = fetch(input);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return complete(irp, value ? status : STATUS_INVALID_PARAMETER, 0);
}
