/* A handler does not hide that a block was overrun.
 * COMPILER: clang */
#include "defect.h"

enum { COUNT = 64 };

static DEFECT_NOINLINE void clear(volatile ULONG64 *block, ULONG count)
{
    for (ULONG i = 0; i < count; i++)
        block[i] = 0; /* MISTAKE: pool-overrun */
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG64 *block = ExAllocatePoolWithTag(PagedPool, COUNT * sizeof(ULONG64), DEFECT_TAG);
    NTSTATUS status = STATUS_SUCCESS;
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    __try {
        clear(block, COUNT + DEFECT);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = STATUS_UNSUCCESSFUL;
    }
    ExFreePoolWithTag(block, DEFECT_TAG);
    return complete(irp, status, 0);
}
