/* Follows a pointer that it has read from probed user memory. */
/* COMPILER: clang */
/* CALLS: neither */
#include "defect.h"

struct node {
    struct node *next;
};

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile struct node *output = irp->UserBuffer;
    struct node *volatile next;
    NTSTATUS status = STATUS_SUCCESS;
    __try {
        ProbeForWrite((void *)output, sizeof *output, 1);
        output->next = (struct node *)((UCHAR *)output + 32);
        next = output->next;
#if !DEFECT
        ProbeForWrite(next, sizeof *next, 1);
#endif
        next->next = NULL; /* MISTAKE: user-memory-beyond-probe */
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return complete(irp, status, 0);
}
