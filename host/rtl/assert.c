/* Rtl: a failed assertion of a checked driver. */
#include "host/rtl/rtl.h"

/* Tells what failed and breaks: without a debugger the breakpoint is an unhandled exception. */
VOID NTAPI RtlAssert(PVOID assertion, PVOID file, ULONG line, PSTR message)
{
    DbgPrintEx(DPFLTR_SYSTEM_ID, DPFLTR_ERROR_LEVEL,
               "\n*** Assertion failed: %s%s\n***   Source File: %s, line %lu\n\n",
               message ? message : "", assertion, file, line);
    DbgBreakPoint();
}
SB_EXPORT(RtlAssert)
