/* printf for the host's own messages. */
#ifndef SYSBUF_HOST_TEXT_H
#define SYSBUF_HOST_TEXT_H

#include "host/machine.h"

/* Kernel printf into buffer, always terminated; returns the length written (without terminator). */
SIZE_T __attribute__((ms_abi)) text_format(char *buffer, SIZE_T size, const char *format, ...);
SIZE_T text_format_list(char *buffer, SIZE_T size, const char *format, __builtin_ms_va_list list);

#endif
