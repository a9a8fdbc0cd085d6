/*
 * The debug output, and how much of it there is: the registry value LogLevel of the driver's key
 * Parameters, a REG_SZ, names the last of error, warning, trace, info that is printed. Without it
 * all are. What Windows then shows of them its own filter decides.
 */
#include "parameters.h"

#include <stdarg.h>

/* Written at the start alone. */
static enum sb_log_level last_level = SB_LOG_INFO;

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

    if (level > last_level)
        return;
    va_start(arguments, format);
    vDbgPrintEx(DPFLTR_IHVDRIVER_ID, filter_level(level), format, arguments);
    va_end(arguments);
}

/* Do the value's characters, but for terminators, say the name in any case of letters? */
static BOOLEAN says(const KEY_VALUE_PARTIAL_INFORMATION *value, const wchar_t *name)
{
    UNICODE_STRING wanted;
    UNICODE_STRING given;

    given.Buffer = (WCHAR *)value->Data;
    given.Length = (USHORT)(value->DataLength & ~1u);
    while (given.Length != 0 && given.Buffer[given.Length / sizeof(WCHAR) - 1] == 0)
        given.Length -= sizeof(WCHAR);
    given.MaximumLength = given.Length;
    RtlInitUnicodeString(&wanted, name);
    return RtlEqualUnicodeString(&given, &wanted, TRUE);
}

static BOOLEAN take_level(const KEY_VALUE_PARTIAL_INFORMATION *value)
{
    static const wchar_t *const names[] = {
        [SB_LOG_ERROR] = L"error",
        [SB_LOG_WARNING] = L"warning",
        [SB_LOG_TRACE] = L"trace",
        [SB_LOG_INFO] = L"info",
    };
    size_t level;

    for (level = 0; value->Type == REG_SZ && level < SB_COUNT(names); level++) {
        if (says(value, names[level])) {
            last_level = (enum sb_log_level)level;
            return TRUE;
        }
    }
    return FALSE;
}

void sb_log_start(PUNICODE_STRING registry_path)
{
    union sb_value value;
    NTSTATUS status;
    HANDLE key;

    last_level = SB_LOG_INFO;
    if (!NT_SUCCESS(sb_open_parameters(registry_path, &key)))
        return;
    status = sb_read_value(key, L"LogLevel", &value);
    ZwClose(key);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        return;
    if (!NT_SUCCESS(status) || !take_level(&value.information))
        sb_log(SB_LOG_ERROR,
               "sysbuf: the registry value LogLevel is none of error, warning, trace, info\n");
}
