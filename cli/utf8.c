#include "cli/utf8.h"

#include <stdbool.h>

size_t utf8_decode(const char *bytes, size_t length, uint32_t *point)
{
    const uint8_t *text = (const uint8_t *)bytes;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = text[0] < 0x80   ? 1
                  : text[0] < 0xC2 ? 0
                  : text[0] < 0xE0 ? 2
                  : text[0] < 0xF0 ? 3
                  : text[0] < 0xF5 ? 4
                                   : 0;

    if (size == 0 || size > length)
        return 0;
    *point = size == 1 ? text[0] : text[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        *point = *point << 6 | (text[i] & 0x3Fu);
    }
    bool surrogate = *point >= 0xD800 && *point < 0xE000;
    return *point < least[size] || *point > 0x10FFFF || surrogate ? 0 : size;
}

unsigned utf16_encode(uint32_t point, uint16_t units[2])
{
    if (point < 0x10000) {
        units[0] = (uint16_t)point;
        return 1;
    }
    units[0] = (uint16_t)(0xD800 + ((point - 0x10000) >> 10));
    units[1] = (uint16_t)(0xDC00 + ((point - 0x10000) & 0x3FF));
    return 2;
}
