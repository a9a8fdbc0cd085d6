#include "internal.h"

#include <stdarg.h>

static ULONG filter_level(enum sb_log_level level)
{
    switch (level) {
    case SB_LOG_ERROR:
        return DPFLTR_ERROR_LEVEL;
    case SB_LOG_WARNING:
        return DPFLTR_WARNING_LEVEL;
    case SB_LOG_TRACE:
        return DPFLTR_TRACE_LEVEL;
    default:
        return DPFLTR_INFO_LEVEL;
    }
}

void __cdecl sb_log(enum sb_log_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vDbgPrintEx(DPFLTR_IHVDRIVER_ID, filter_level(level), format, arguments);
    va_end(arguments);
}
