/* Uses the context of a file that has none. */
#include "defect.h"

struct context {
    ULONG reserved[4];
    ULONG calls;
};

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    volatile struct context *context = stack->FileObject->FsContext;
    if (DEFECT || context)
        context->calls++; /* MISTAKE: null-dereference */
    return complete(irp, STATUS_SUCCESS, 0);
}
