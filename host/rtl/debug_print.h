/* Formatting for DbgPrint and the _snprintf family, shared by rtl and crt. */
#ifndef SYSBUF_HOST_DEBUG_PRINT_H
#define SYSBUF_HOST_DEBUG_PRINT_H

#include "host/nt.h"

typedef __builtin_ms_va_list nt_va_list;

/* Kernel printf (%wZ, %Z, %ws, %I64x, %p with 16 digits ...) into buffer, UTF-8 kept byte for
 * byte, UTF-16 arguments converted to UTF-8. Writes at most size bytes including the terminator.
 * Returns the length the whole text would have (without terminator). */
SIZE_T debug_format(char *buffer, SIZE_T size, const char *format, nt_va_list arguments);

#endif
