/* UTF-8, checked. */
#ifndef SYSBUF_CLI_UTF8_H
#define SYSBUF_CLI_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of the code point at text; 0 when it is no valid UTF-8. length is at least 1. */
size_t utf8_decode(const char *text, size_t length, uint32_t *point);
/* The code point in UTF-16; returns how many units: 1 or 2. */
unsigned utf16_encode(uint32_t point, uint16_t units[2]);

#endif
