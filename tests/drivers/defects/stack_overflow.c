/* Recurses as deep as the caller's data says. */
#include "defect.h"

static volatile ULONG limit = DEFECT ? MAXULONG : 3;

/* One line, whichever instruction it is that runs out of stack. */
/* clang-format off */
static DEFECT_NOINLINE ULONG descend(ULONG depth) { volatile UCHAR room[1024]; room[0] = 1; return depth < limit ? descend(depth + 1) + room[0] : 0; } /* MISTAKE: stack-overflow */
/* clang-format on */

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, descend(0) & 0);
}
