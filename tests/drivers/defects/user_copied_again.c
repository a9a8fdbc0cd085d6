/* Checks one field of user memory, then copies the whole structure and uses the field of the copy.
 */
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
    struct message local;
    NTSTATUS status = STATUS_SUCCESS;
    __try {
        ProbeForRead((void *)message, sizeof *message, 1);
#if DEFECT
        if (message->length > sizeof local.bytes)
            status = STATUS_INVALID_PARAMETER;
#endif
        if (NT_SUCCESS(status))
            RtlCopyMemory(&local, (void *)message, /* MISTAKE: user-memory-fetched-twice */
                          sizeof local);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return complete(irp, status, 0);
}
