/* Kd: no kernel debugger is ever attached. */
#include "host/ke/ke.h"

SB_EXPORT_DATA("KdDebuggerEnabled", debugger_enabled)
SB_EXPORT_DATA("KdDebuggerNotPresent", debugger_not_present)

/* Looks again: there still is none. */
BOOLEAN NTAPI KdRefreshDebuggerNotPresent(VOID)
{
    return current_machine()->data_exports->debugger_not_present;
}
SB_EXPORT(KdRefreshDebuggerNotPresent)

NTSTATUS NTAPI KdDisableDebugger(VOID)
{
    return STATUS_DEBUGGER_INACTIVE;
}
SB_EXPORT(KdDisableDebugger)

NTSTATUS NTAPI KdEnableDebugger(VOID)
{
    return STATUS_DEBUGGER_INACTIVE;
}
SB_EXPORT(KdEnableDebugger)

NTSTATUS NTAPI KdChangeOption(KD_OPTION option, ULONG input_length, PVOID input,
                              ULONG output_length, PVOID output, PULONG needed)
{
    return STATUS_DEBUGGER_INACTIVE;
}
SB_EXPORT(KdChangeOption)
