/* A handler hides that a callback was called that nobody set.
 * COMPILER: clang */
#include "defect.h"

static NTSTATUS (*volatile callback)(void *context);

static DEFECT_NOINLINE NTSTATUS call(void *context)
{
    NTSTATUS status = callback(context); /* MISTAKE: wild-call */
    return NT_SUCCESS(status) ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    NTSTATUS status = STATUS_SUCCESS;
    __try {
        if (DEFECT || callback)
            status = call(device);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = STATUS_NOT_SUPPORTED;
    }
    return complete(irp, status, 0);
}
