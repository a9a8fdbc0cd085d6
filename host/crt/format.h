/* The formatting engine of DbgPrint and of the C runtime's printf family. */
#ifndef SYSBUF_HOST_CRT_FORMAT_H
#define SYSBUF_HOST_CRT_FORMAT_H

#include "host/nt.h"

/* What the format and the output are made of. */
enum format_text {
    FORMAT_ANSI,  /* bytes; UTF-16 arguments become code page 1252 */
    FORMAT_UTF8,  /* bytes; UTF-16 arguments become UTF-8 */
    FORMAT_UTF16, /* WCHARs; 8-bit arguments are code page 1252 */
};

struct format_output {
    enum format_text text;
    void *buffer;    /* of char or WCHAR */
    size_t capacity; /* in characters; nothing is written past it */
    size_t length;   /* in characters, of the whole text: may exceed the capacity; starts at 0 */
};

/*
 * Formats without a terminator.  Conversions: d i u o x X p c C s S Z e E f F g G a A and %%, with
 * - + space # 0, width, precision, *, and the sizes h hh l ll w I I32 I64 L j t z.  False, with
 * the text up to there, for %n, which is refused.  Any IRQL but for floating point.
 */
bool format_arguments(struct format_output *output, const void *format,
                      __builtin_ms_va_list arguments);

#endif
