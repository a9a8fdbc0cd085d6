/* The printf family: bounds, terminators and return values, over the one engine. */
#include "host/crt/crt.h"
#include "host/crt/format.h"
#include "host/crt/print.h"
#include "host/rtl/debug_print.h"

typedef __builtin_ms_va_list arguments_t;

/* A single caller-given text cannot be longer than an int can tell. */
enum { UNBOUNDED = 0x7FFFFFFF };

static void put_unit(struct format_output *output, size_t index, WCHAR unit)
{
    if (output->text == FORMAT_UTF16)
        ((WCHAR *)output->buffer)[index] = unit;
    else
        ((CHAR *)output->buffer)[index] = (CHAR)unit;
}

/*
 * The _snprintf rule: -1 when the text is longer than `count`, and a terminator only when there is
 * room for it. A NULL buffer with a count of zero asks for the length.
 */
static int print_counted(enum format_text text, void *buffer, size_t count, const void *format,
                         arguments_t arguments)
{
    struct format_output output = {text, buffer, buffer ? count : 0, 0};

    if (!format || (!buffer && count != 0))
        return -1;
    if (!format_arguments(&output, format, arguments) || output.length > UNBOUNDED)
        return -1;
    if (buffer && output.length < count)
        put_unit(&output, output.length, 0);
    return !buffer || output.length <= count ? (int)output.length : -1;
}

/*
 * The secure rule: `size` counts the terminator, which is always written. Text that does not fit
 * empties the buffer, unless `count` limits it (or is CRT_TRUNCATE): then it is cut. -1 for both.
 */
static int print_secure(enum format_text text, void *buffer, size_t size, size_t count,
                        const void *format, arguments_t arguments)
{
    struct format_output output = {text, buffer, 0, 0};
    bool accepted;

    if (!buffer || size == 0)
        return -1;
    put_unit(&output, 0, 0);
    if (!format)
        return -1;
    output.capacity = count < size - 1 ? count : size - 1;
    accepted = format_arguments(&output, format, arguments);
    if (accepted && output.length <= output.capacity) {
        put_unit(&output, output.length, 0);
        return (int)output.length;
    }
    put_unit(&output, accepted && (count < size || count == CRT_TRUNCATE) ? output.capacity : 0, 0);
    return -1;
}

SIZE_T debug_format(char *buffer, SIZE_T size, const char *format, nt_va_list arguments)
{
    struct format_output output = {FORMAT_UTF8, buffer, size ? size - 1 : 0, 0};

    format_arguments(&output, format, arguments);
    if (size != 0)
        buffer[output.length < size ? output.length : size - 1] = 0;
    return output.length;
}

/* ---- 8-bit ---- */

CRT_API int _vsnprintf(char *buffer, size_t count, const char *format, arguments_t arguments)
{
    return print_counted(FORMAT_ANSI, buffer, count, format, arguments);
}
SB_EXPORT(_vsnprintf)

CRT_API int nt_vsprintf(char *buffer, const char *format, arguments_t arguments)
{
    return print_counted(FORMAT_ANSI, buffer, UNBOUNDED, format, arguments);
}
SB_EXPORT_AS("vsprintf", nt_vsprintf)

CRT_API int _vsnprintf_s(char *buffer, size_t size, size_t count, const char *format,
                         arguments_t arguments)
{
    return print_secure(FORMAT_ANSI, buffer, size, count, format, arguments);
}
SB_EXPORT(_vsnprintf_s)

CRT_API int vsprintf_s(char *buffer, size_t size, const char *format, arguments_t arguments)
{
    return print_secure(FORMAT_ANSI, buffer, size, size, format, arguments);
}
SB_EXPORT(vsprintf_s)

CRT_API int _snprintf(char *buffer, size_t count, const char *format, ...)
{
    arguments_t arguments;
    int result;

    __builtin_ms_va_start(arguments, format);
    result = print_counted(FORMAT_ANSI, buffer, count, format, arguments);
    __builtin_ms_va_end(arguments);
    return result;
}
SB_EXPORT(_snprintf)

CRT_API int nt_sprintf(char *buffer, const char *format, ...)
{
    arguments_t arguments;
    int result;

    __builtin_ms_va_start(arguments, format);
    result = print_counted(FORMAT_ANSI, buffer, UNBOUNDED, format, arguments);
    __builtin_ms_va_end(arguments);
    return result;
}
SB_EXPORT_AS("sprintf", nt_sprintf)

CRT_API int _snprintf_s(char *buffer, size_t size, size_t count, const char *format, ...)
{
    arguments_t arguments;
    int result;

    __builtin_ms_va_start(arguments, format);
    result = print_secure(FORMAT_ANSI, buffer, size, count, format, arguments);
    __builtin_ms_va_end(arguments);
    return result;
}
SB_EXPORT(_snprintf_s)

CRT_API int sprintf_s(char *buffer, size_t size, const char *format, ...)
{
    arguments_t arguments;
    int result;

    __builtin_ms_va_start(arguments, format);
    result = print_secure(FORMAT_ANSI, buffer, size, size, format, arguments);
    __builtin_ms_va_end(arguments);
    return result;
}
SB_EXPORT(sprintf_s)

/* ---- UTF-16; the kernel's swprintf takes no count ---- */

CRT_API int _vsnwprintf(WCHAR *buffer, size_t count, const WCHAR *format, arguments_t arguments)
{
    return print_counted(FORMAT_UTF16, buffer, count, format, arguments);
}
SB_EXPORT(_vsnwprintf)

CRT_API int _vswprintf(WCHAR *buffer, const WCHAR *format, arguments_t arguments)
{
    return print_counted(FORMAT_UTF16, buffer, UNBOUNDED, format, arguments);
}
SB_EXPORT(_vswprintf)

CRT_API int _vsnwprintf_s(WCHAR *buffer, size_t size, size_t count, const WCHAR *format,
                          arguments_t arguments)
{
    return print_secure(FORMAT_UTF16, buffer, size, count, format, arguments);
}
SB_EXPORT(_vsnwprintf_s)

CRT_API int vswprintf_s(WCHAR *buffer, size_t size, const WCHAR *format, arguments_t arguments)
{
    return print_secure(FORMAT_UTF16, buffer, size, size, format, arguments);
}
SB_EXPORT(vswprintf_s)

CRT_API int _snwprintf(WCHAR *buffer, size_t count, const WCHAR *format, ...)
{
    arguments_t arguments;
    int result;

    __builtin_ms_va_start(arguments, format);
    result = print_counted(FORMAT_UTF16, buffer, count, format, arguments);
    __builtin_ms_va_end(arguments);
    return result;
}
SB_EXPORT(_snwprintf)

CRT_API int nt_swprintf(WCHAR *buffer, const WCHAR *format, ...)
{
    arguments_t arguments;
    int result;

    __builtin_ms_va_start(arguments, format);
    result = print_counted(FORMAT_UTF16, buffer, UNBOUNDED, format, arguments);
    __builtin_ms_va_end(arguments);
    return result;
}
SB_EXPORT_AS("swprintf", nt_swprintf)
SB_EXPORT_AS("_swprintf", nt_swprintf)

CRT_API int _snwprintf_s(WCHAR *buffer, size_t size, size_t count, const WCHAR *format, ...)
{
    arguments_t arguments;
    int result;

    __builtin_ms_va_start(arguments, format);
    result = print_secure(FORMAT_UTF16, buffer, size, count, format, arguments);
    __builtin_ms_va_end(arguments);
    return result;
}
SB_EXPORT(_snwprintf_s)

CRT_API int swprintf_s(WCHAR *buffer, size_t size, const WCHAR *format, ...)
{
    arguments_t arguments;
    int result;

    __builtin_ms_va_start(arguments, format);
    result = print_secure(FORMAT_UTF16, buffer, size, size, format, arguments);
    __builtin_ms_va_end(arguments);
    return result;
}
SB_EXPORT(swprintf_s)
