/* Reads probed user memory behind the end of its __try. */
/* COMPILER: clang */
/* CALLS: neither */
#include "defect.h"

static DEFECT_NOINLINE NTSTATUS probe(volatile ULONG *input)
{
    __try {
        ProbeForRead((void *)input, sizeof *input, sizeof *input);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static DEFECT_NOINLINE ULONG fetch(volatile ULONG *input)
{
    return *input; /* MISTAKE: user-memory-unguarded */
}

static DEFECT_NOINLINE NTSTATUS fetch_guarded(volatile ULONG *input, ULONG *value)
{
    __try {
        *value = fetch(input);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile ULONG *input = stack->Parameters.DeviceIoControl.Type3InputBuffer;
    ULONG value = 0;
    NTSTATUS status = probe(input);
    if (NT_SUCCESS(status)) {
#if DEFECT
        value = fetch(input);
#else
        status = fetch_guarded(input, &value);
#endif
    }
    return complete(irp, value ? status : STATUS_INVALID_PARAMETER, 0);
}
