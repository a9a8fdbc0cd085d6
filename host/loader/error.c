#include "host/loader/error.h"
#include "host/rtl/debug_print.h"

void __attribute__((ms_abi)) loader_error_add(struct loader_error *error, const char *format, ...)
{
    nt_va_list arguments;
    if (!error || error->used + 1 >= error->size)
        return;
    __builtin_ms_va_start(arguments, format);
    SIZE_T room = error->size - error->used;
    SIZE_T length = debug_format(error->text + error->used, room, format, arguments);
    __builtin_ms_va_end(arguments);
    error->used += length < room ? length : room - 1;
}
