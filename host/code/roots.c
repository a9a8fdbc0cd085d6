/* Where an image says that code is: its headers, its tables, its pointers. */
#include <stdlib.h>
#include <string.h>

#include "host/code/code.h"

enum { EXECUTABLE_SECTION = 0x20000000, MOST_SCOPES = 4096 };

static void guess(struct code_reader *reader, uint64_t address)
{
    if (code_is_executable(reader, address) && !code_list_add(&reader->guesses, (uint32_t)address))
        reader->is_exhausted = true;
}

static void mark_sections(struct code_reader *reader)
{
    struct sb_image_section section;
    for (uint32_t i = 0; sb_image_section(reader->image, i, &section); i++) {
        if (!(section.characteristics & EXECUTABLE_SECTION) || section.address >= reader->size)
            continue;
        uint32_t room = reader->size - section.address;
        uint32_t length = section.virtual_size < room ? section.virtual_size : room;
        memset(reader->map + section.address, CODE_EXECUTABLE, length);
    }
}

static bool add_export(void *context, const struct sb_image_export *export)
{
    struct code_reader *reader = context;
    if (!export->forwarder)
        guess(reader, export->address); /* a variable may be exported, too */
    return true;
}

/* Where __C_specific_handler goes on: the scope table behind a function's unwind information. Other
 * handlers keep other things there, which do not look like one. */
static void add_scopes(struct code_reader *reader, struct code_range function, uint64_t at)
{
    uint32_t count, scope[4];
    if (!code_read_bytes(reader, at, &count, sizeof(count)) || count > MOST_SCOPES)
        return;
    for (uint32_t i = 0; i < count; i++) {
        if (!code_read_bytes(reader, at + 4 + i * sizeof(scope), scope, sizeof(scope)) ||
            scope[0] < function.begin || scope[0] > scope[1] || scope[1] > function.end)
            return;
        if (scope[3] >= function.begin && scope[3] < function.end)
            code_add_target(reader, scope[3]);
    }
}

static void add_handler(struct code_reader *reader, struct code_range function, uint32_t unwind)
{
    const uint8_t handler_flags = 0x18; /* UNW_FLAG_EHANDLER, UNW_FLAG_UHANDLER */
    uint8_t head[4];
    uint32_t handler;
    if ((unwind & 1) || !code_read_bytes(reader, unwind, head, sizeof(head)) ||
        !(head[0] & handler_flags))
        return;
    uint64_t at = unwind + sizeof(head) + 2ull * ((head[2] + 1u) & ~1u);
    if (!code_read_bytes(reader, at, &handler, sizeof(handler)))
        return;
    code_add_target(reader, handler);
    add_scopes(reader, function, at + sizeof(handler));
}

static int compare_ranges(const void *left, const void *right)
{
    uint32_t a = ((const struct code_range *)left)->begin;
    uint32_t b = ((const struct code_range *)right)->begin;
    return (a > b) - (a < b);
}

static void add_functions(struct code_reader *reader)
{
    uint32_t address, size, entry[3];
    sb_image_directory(reader->image, SB_IMAGE_EXCEPTIONS, &address, &size);
    size_t count = size / sizeof(entry);
    if (!count || !sb_image_data(reader->image, address, size))
        return;
    reader->functions = calloc(count, sizeof(*reader->functions));
    if (!reader->functions) {
        reader->is_exhausted = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        code_read_bytes(reader, address + i * sizeof(entry), entry, sizeof(entry));
        struct code_range function = {entry[0], entry[1]};
        if (function.begin >= function.end || !code_is_executable(reader, function.begin) ||
            !code_is_executable(reader, function.end - 1))
            continue;
        reader->functions[reader->function_count++] = function;
        code_add_target(reader, function.begin);
        add_handler(reader, function, entry[2]);
    }
    qsort(reader->functions, reader->function_count, sizeof(*reader->functions), compare_ranges);
}

/* Pointers in data that the loader adjusts: tables of routines. */
static void guess_pointers(struct code_reader *reader)
{
    uint32_t at, size, header[2];
    sb_image_directory(reader->image, SB_IMAGE_RELOCATIONS, &at, &size);
    for (uint64_t end = (uint64_t)at + size, next = at; next + sizeof(header) <= end;
         next += header[1]) {
        if (!code_read_bytes(reader, next, header, sizeof(header)) || header[1] < sizeof(header) ||
            header[1] > end - next)
            return;
        for (uint32_t i = sizeof(header); i + 2 <= header[1]; i += 2) {
            uint16_t entry;
            uint64_t pointer;
            if (code_read_bytes(reader, next + i, &entry, sizeof(entry)) && entry >> 12 == 10 &&
                code_read_bytes(reader, (uint64_t)header[0] + (entry & 0xFFF), &pointer,
                                sizeof(pointer)))
                guess(reader, pointer - reader->base);
        }
    }
}

void code_find_roots(struct code_reader *reader)
{
    struct sb_image_header header;
    mark_sections(reader);
    sb_image_header(reader->image, &header);
    code_add_target(reader, header.entry_point);
    add_functions(reader);
    sb_image_exports(reader->image, add_export, reader);
    guess_pointers(reader);
}

const struct code_range *code_function(const struct code_reader *reader, uint32_t address)
{
    size_t low = 0, high = reader->function_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct code_range *function = &reader->functions[middle];
        if (address < function->begin)
            high = middle;
        else if (address >= function->end)
            low = middle + 1;
        else
            return function;
    }
    return NULL;
}
