#include "host/linux/pe_file.h"

#include <stdlib.h>
#include <string.h>

#define SECTION_SIZE 40u
#define SYMBOL_SIZE  18u

static bool holds(const struct pe_file *file, size_t offset, size_t length)
{
    return offset <= file->size && length <= file->size - offset;
}

static uint16_t short_at(const struct pe_file *file, size_t offset)
{
    uint16_t value = 0;

    if (holds(file, offset, sizeof value))
        memcpy(&value, file->bytes + offset, sizeof value);
    return value;
}

static uint32_t long_at(const struct pe_file *file, size_t offset)
{
    uint32_t value = 0;

    if (holds(file, offset, sizeof value))
        memcpy(&value, file->bytes + offset, sizeof value);
    return value;
}

bool pe_file_open(struct pe_file *file, const void *bytes, size_t size)
{
    *file = (struct pe_file){.bytes = bytes, .size = size};
    size_t header = long_at(file, 0x3C);

    if (short_at(file, 0) != 0x5A4D || long_at(file, header) != 0x4550 ||
        short_at(file, header + 24) != 0x20B)
        return false;
    file->section_count = short_at(file, header + 6);
    file->section_headers = header + 24 + short_at(file, header + 20);
    file->image_base = long_at(file, header + 48) | (uint64_t)long_at(file, header + 52) << 32;
    file->symbols = long_at(file, header + 12);
    file->symbol_count = long_at(file, header + 16);
    file->strings = file->symbols + (size_t)file->symbol_count * SYMBOL_SIZE;
    if (!holds(file, file->symbols, (size_t)file->symbol_count * SYMBOL_SIZE + 4)) {
        file->symbols = file->strings = 0;
        file->symbol_count = 0;
    }
    return true;
}

static void copy_name(char *name, size_t capacity, const uint8_t *from, size_t length)
{
    size_t i = 0;

    for (; i < length && i + 1 < capacity && from[i]; i++)
        name[i] = (char)from[i];
    name[i] = 0;
}

static void string_at(const struct pe_file *file, size_t offset, char *name, size_t capacity)
{
    name[0] = 0;
    if (file->strings && holds(file, file->strings, offset))
        copy_name(name, capacity, file->bytes + file->strings + offset,
                  file->size - file->strings - offset);
}

bool pe_file_section(const struct pe_file *file, uint32_t index, struct pe_file_section *section)
{
    size_t header = file->section_headers + (size_t)index * SECTION_SIZE;

    if (index >= file->section_count || !holds(file, header, SECTION_SIZE))
        return false;
    copy_name(section->name, sizeof section->name, file->bytes + header, 8);
    if (section->name[0] == '/') /* a name longer than eight bytes is in the string table */
        string_at(file, strtoul(section->name + 1, NULL, 10), section->name, sizeof section->name);

    size_t virtual_size = long_at(file, header + 8);
    size_t raw_size = long_at(file, header + 16);
    size_t offset = long_at(file, header + 20);
    section->rva = long_at(file, header + 12);
    section->length = virtual_size && virtual_size < raw_size ? virtual_size : raw_size;
    section->contents = file->bytes + offset;
    return holds(file, offset, section->length);
}

static uint32_t section_rva(const struct pe_file *file, uint16_t number)
{
    return long_at(file, file->section_headers + (size_t)(number - 1u) * SECTION_SIZE + 12);
}

static void symbol_name(const struct pe_file *file, size_t symbol, char *name, size_t capacity)
{
    if (long_at(file, symbol) == 0)
        string_at(file, long_at(file, symbol + 4), name, capacity);
    else
        copy_name(name, capacity, file->bytes + symbol, 8);
}

bool pe_file_symbol(const struct pe_file *file, uint32_t rva, char *name, size_t capacity,
                    uint64_t *offset)
{
    const uint16_t function_type = 0x20;
    size_t best = 0;
    uint32_t best_rva = 0;

    for (uint32_t i = 0; i < file->symbol_count; i++) {
        size_t symbol = file->symbols + (size_t)i * SYMBOL_SIZE;
        uint16_t section = short_at(file, symbol + 12);
        bool function = short_at(file, symbol + 14) == function_type && section != 0 &&
                        section <= file->section_count;
        uint32_t start = function ? section_rva(file, section) + long_at(file, symbol + 8) : 0;

        if (function && start <= rva && (best == 0 || start > best_rva)) {
            best = symbol;
            best_rva = start;
        }
        i += file->bytes[symbol + 17]; /* auxiliary records */
    }
    if (best == 0)
        return false;
    symbol_name(file, best, name, capacity);
    *offset = rva - best_rva;
    return true;
}
