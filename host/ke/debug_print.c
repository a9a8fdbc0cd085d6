/* DbgPrint and its kin: one message is one call of the machine's log. */
#include "host/ke/text.h"
#include "host/rtl/debug_print.h"

enum { DEBUG_PRINT_LIMIT = 512 }; /* NT cuts one message to 512 bytes */

SIZE_T text_format_list(char *buffer, SIZE_T size, const char *format, nt_va_list arguments)
{
    SIZE_T length = debug_format(buffer, size, format, arguments);
    return length < size ? length : size - 1;
}

SIZE_T __attribute__((ms_abi)) text_format(char *buffer, SIZE_T size, const char *format, ...)
{
    nt_va_list arguments;
    __builtin_ms_va_start(arguments, format);
    SIZE_T length = text_format_list(buffer, size, format, arguments);
    __builtin_ms_va_end(arguments);
    return length;
}

static bool is_shown(ULONG component, ULONG level)
{
    return debug_filter_shows(&current_machine()->debug_filter, component, level);
}

/* Of Windows' calling convention and apart, so that a message that is filtered away costs its
 * caller no more than the question. */
static __attribute__((ms_abi, noinline)) ULONG print(const char *prefix, const char *format,
                                                     nt_va_list arguments)
{
    char text[DEBUG_PRINT_LIMIT];
    SIZE_T used = 0;
    while (prefix && prefix[used] && used < sizeof(text) - 1) {
        text[used] = prefix[used];
        used++;
    }
    SIZE_T length = used + debug_format(text + used, sizeof(text) - used, format, arguments);
    machine_log(current_machine(), text, length < sizeof(text) ? length : sizeof(text) - 1);
    return STATUS_SUCCESS;
}

ULONG __attribute__((ms_abi)) DbgPrint(PCSTR format, ...)
{
    nt_va_list arguments;
    if (!is_shown(DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL))
        return STATUS_SUCCESS;
    __builtin_ms_va_start(arguments, format);
    ULONG status = print(NULL, format, arguments);
    __builtin_ms_va_end(arguments);
    return status;
}
SB_EXPORT(DbgPrint)

ULONG __attribute__((ms_abi)) DbgPrintEx(ULONG component, ULONG level, PCSTR format, ...)
{
    nt_va_list arguments;
    if (!is_shown(component, level))
        return STATUS_SUCCESS;
    __builtin_ms_va_start(arguments, format);
    ULONG status = print(NULL, format, arguments);
    __builtin_ms_va_end(arguments);
    return status;
}
SB_EXPORT(DbgPrintEx)

ULONG __attribute__((ms_abi))
nt_vDbgPrintEx(ULONG component, ULONG level, PCSTR format, nt_va_list arguments)
{
    return is_shown(component, level) ? print(NULL, format, arguments) : STATUS_SUCCESS;
}
SB_EXPORT_AS("vDbgPrintEx", nt_vDbgPrintEx)

ULONG __attribute__((ms_abi)) nt_vDbgPrintExWithPrefix(PCSTR prefix, ULONG component, ULONG level,
                                                       PCSTR format, nt_va_list arguments)
{
    return is_shown(component, level) ? print(prefix, format, arguments) : STATUS_SUCCESS;
}
SB_EXPORT_AS("vDbgPrintExWithPrefix", nt_vDbgPrintExWithPrefix)

/* Without a debugger a breakpoint is an exception like any other. */
VOID NTAPI DbgBreakPoint(VOID)
{
    __asm__ volatile("int3");
}
SB_EXPORT(DbgBreakPoint)

VOID NTAPI DbgBreakPointWithStatus(ULONG status)
{
    __asm__ volatile("int3" : : "a"(status));
}
SB_EXPORT(DbgBreakPointWithStatus)
