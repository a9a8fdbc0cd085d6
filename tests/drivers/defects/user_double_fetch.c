/* Checks the length in user memory and then reads it once more to copy by. */
/* COMPILER: clang */
/* CALLS: neither */
#include "defect.h"

struct message {
    ULONG length;
    UCHAR bytes[28];
};

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile struct message *message = stack->Parameters.DeviceIoControl.Type3InputBuffer;
    UCHAR local[sizeof message->bytes];
    NTSTATUS status = STATUS_SUCCESS;
    __try {
        ProbeForRead((void *)message, sizeof *message, 1);
        ULONG length = message->length;
        if (length > sizeof local)
            status = STATUS_INVALID_PARAMETER;
        else
#if DEFECT
            length = message->length; /* MISTAKE: user-memory-fetched-twice */
#endif
        if (NT_SUCCESS(status))
            RtlCopyMemory(local, (void *)message->bytes, length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return complete(irp, status, 0);
}
