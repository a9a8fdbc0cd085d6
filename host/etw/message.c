/* WPP's message routines, which find no logger. */
#include "host/etw/etw.h"

NTSTATUS __attribute__((ms_abi))
nt_WmiTraceMessage(ULONG64 logger, ULONG flags, LPGUID guid, USHORT number, ...)
{
    return STATUS_INVALID_HANDLE;
}
SB_EXPORT_AS("WmiTraceMessage", nt_WmiTraceMessage)

NTSTATUS NTAPI nt_WmiTraceMessageVa(ULONG64 logger, ULONG flags, LPGUID guid, USHORT number,
                                    __builtin_ms_va_list arguments)
{
    return STATUS_INVALID_HANDLE;
}
SB_EXPORT_AS("WmiTraceMessageVa", nt_WmiTraceMessageVa)

/* Everything but the list of loggers is asked about one of them, by handle or by name. */
NTSTATUS NTAPI WmiQueryTraceInformation(TRACE_INFORMATION_CLASS class, PVOID information,
                                        ULONG length, PULONG needed, PVOID buffer)
{
    if (needed)
        *needed = 0;
    switch (class) {
    case AllLoggerHandlesClass:
        return STATUS_SUCCESS; /* none */
    case TraceHandleByNameClass:
        return STATUS_WMI_INSTANCE_NOT_FOUND;
    case GlobalLoggerHandleClass:
    case EventLoggerHandleClass:
    case TraceIdClass:
    case TraceHandleClass:
    case TraceEnableFlagsClass:
    case TraceEnableLevelClass:
        return STATUS_INVALID_HANDLE;
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
}
SB_EXPORT(WmiQueryTraceInformation)
