/* Helpers for the filters of drivers. */
#include "host/machine.h"
#include "host/seh/unwind_types.h"

/* What goes wrong with a user buffer is expected; a fault of the kernel's own is not. */
BOOLEAN NTAPI FsRtlIsNtstatusExpected(NTSTATUS status)
{
    switch (status) {
    case STATUS_DATATYPE_MISALIGNMENT:
    case STATUS_ACCESS_VIOLATION:
    case STATUS_ILLEGAL_INSTRUCTION:
    case STATUS_INSTRUCTION_MISALIGNMENT:
        return FALSE;
    default:
        return TRUE;
    }
}
SB_EXPORT(FsRtlIsNtstatusExpected)

NTSTATUS NTAPI FsRtlNormalizeNtstatus(NTSTATUS exception, NTSTATUS generic)
{
    return FsRtlIsNtstatusExpected(exception) ? exception : generic;
}
SB_EXPORT(FsRtlNormalizeNtstatus)
