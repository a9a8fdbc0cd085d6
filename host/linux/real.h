/* Floating-point numbers to and from text, in the C locale whatever the process has set. */
#ifndef SYSBUF_HOST_LINUX_REAL_H
#define SYSBUF_HOST_LINUX_REAL_H

#include <stdbool.h>
#include <stddef.h>

/* Room for any double with LINUX_REAL_PRECISION digits behind the point. */
#define LINUX_REAL_CHARACTERS 1024
#define LINUX_REAL_PRECISION  512

/*
 * Writes the magnitude of `value` (the sign is the caller's) as printf's `conversion`, one of
 * aAeEfFgG, would; `precision` is 0 to LINUX_REAL_PRECISION, `alternate` is the # flag.  Returns
 * the length without the terminator.
 */
size_t linux_format_real(char text[LINUX_REAL_CHARACTERS], double value, char conversion,
                         int precision, bool alternate);

/* Reads a number from terminated text. Returns how many bytes were used, 0 when there is none. */
size_t linux_parse_real(const char *text, double *value);

#endif
