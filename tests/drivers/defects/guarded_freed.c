/* A handler does not hide that a freed block was read.
 * COMPILER: clang */
#include "defect.h"

static DEFECT_NOINLINE ULONG look(const volatile ULONG *block)
{
    return *block; /* MISTAKE: use-after-free */
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG *block = ExAllocatePoolWithTag(PagedPool, 512, DEFECT_TAG);
    ULONG value = 0;
    if (!block)
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
#if DEFECT
    ExFreePoolWithTag(block, DEFECT_TAG);
#endif
    __try {
        value = look(block);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        value = 0;
    }
#if !DEFECT
    ExFreePoolWithTag(block, DEFECT_TAG);
#endif
    return complete(irp, STATUS_SUCCESS, value & 0);
}
