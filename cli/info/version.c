/* The version resource: found in the resource tree, then read as the nested blocks that it is. */
#include <stdio.h>
#include <string.h>

#include "cli/info/report.h"

enum { VERSION_TYPE = 16, ENTRY_SIZE = 8, DIRECTORY_SIZE = 16, MOST_STRINGS = 64 };

static bool read_at(const struct info_report *report, uint64_t address, void *value, size_t size)
{
    const void *data = sb_image_data(report->image, address, size);

    if (data)
        memcpy(value, data, size);
    return data != NULL;
}

/* The entry of a directory with this id, or its first when id is 0: where it leads. */
static bool find_entry(const struct info_report *report, uint64_t directory, uint32_t id,
                       uint32_t *target)
{
    uint16_t counts[2];

    if (!read_at(report, directory + 12, counts, sizeof counts))
        return false;
    unsigned count = counts[0] + counts[1];
    for (unsigned i = 0; i < count; i++) {
        uint32_t entry[2];
        if (!read_at(report, directory + DIRECTORY_SIZE + i * ENTRY_SIZE, entry, sizeof entry))
            return false;
        if (id == 0 || entry[0] == id) {
            *target = entry[1];
            return true;
        }
    }
    return false;
}

/* The resource of type VERSION, any name, any language. */
static const uint8_t *find_version(const struct info_report *report, uint32_t *length)
{
    const uint32_t is_directory = 0x80000000u;
    uint32_t root, size, target = is_directory, id = VERSION_TYPE;
    uint32_t data[2];

    sb_image_directory(report->image, SB_IMAGE_RESOURCES, &root, &size);
    if (!size)
        return NULL;
    for (int level = 0; level < 3; level++, id = 0)
        if (!(target & is_directory) ||
            !find_entry(report, (uint64_t)root + (target & ~is_directory), id, &target))
            return NULL;
    if ((target & is_directory) || !read_at(report, (uint64_t)root + target, data, sizeof data))
        return NULL;
    *length = data[1];
    return sb_image_data(report->image, data[0], data[1]);
}

/* A block: length, length of value, type, key (UTF-16), padding, value, padding, children. */
struct block {
    const uint8_t *start, *end, *value;
    uint32_t value_length; /* in the block's own unit */
    const uint8_t *key;
    uint32_t key_length; /* in units of 16 bits */
};

static uint32_t unit_at(const uint8_t *place)
{
    return place[0] | (uint32_t)place[1] << 8;
}

static const uint8_t *align(const uint8_t *origin, const uint8_t *place)
{
    return origin + (((size_t)(place - origin) + 3) & ~(size_t)3);
}

/* origin: where the resource starts, for alignment. */
static bool read_block(const uint8_t *origin, const uint8_t *at, const uint8_t *end,
                       struct block *block)
{
    if (end - at < 6 || unit_at(at) < 6 || unit_at(at) > (size_t)(end - at))
        return false;
    block->start = at;
    block->end = at + unit_at(at);
    block->value_length = unit_at(at + 2);
    block->key = at + 6;
    block->key_length = 0;
    const uint8_t *place = block->key;
    while (block->end - place >= 2 && unit_at(place) != 0) {
        place += 2;
        block->key_length++;
    }
    place += 2;
    block->value = align(origin, place);
    if (place > block->end || block->value > block->end)
        block->value = block->end;
    return true;
}

static bool key_is(const struct block *block, const char *text)
{
    for (uint32_t i = 0; i < block->key_length; i++)
        if (!text[i] || unit_at(block->key + 2 * (size_t)i) != (uint8_t)text[i])
            return false;
    return text[block->key_length] == 0;
}

/* UTF-16 to UTF-8; lone surrogates and control characters become '?'. */
static const char *text_of(struct info_report *report, const uint8_t *units, uint32_t count)
{
    char *text = arena_allocate(&report->arena, 3 * (size_t)count + 1);
    size_t used = 0;

    for (uint32_t i = 0; i < count && unit_at(units + 2 * (size_t)i) != 0; i++) {
        uint32_t point = unit_at(units + 2 * (size_t)i);
        if (point >= 0xD800 && point < 0xDC00 && i + 1 < count) {
            uint32_t low = unit_at(units + 2 * (size_t)(i + 1));
            if (low >= 0xDC00 && low < 0xE000) {
                point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
                i++;
            }
        }
        if (point < 0x20 || point == 0x7F || (point >= 0xD800 && point < 0xE000))
            point = '?';
        if (point >= 0x10000)
            text[used++] = (char)(0xF0 | point >> 18);
        if (point >= 0x800)
            text[used++] =
                (char)(point >= 0x10000 ? 0x80 | (point >> 12 & 0x3F) : 0xE0 | point >> 12);
        if (point >= 0x80)
            text[used++] = (char)(point >= 0x800 ? 0x80 | (point >> 6 & 0x3F) : 0xC0 | point >> 6);
        text[used++] = (char)(point >= 0x80 ? 0x80 | (point & 0x3F) : point);
    }
    return text;
}

static void add_string(struct info_report *report, const struct block *block)
{
    uint32_t room = (uint32_t)(block->end - block->value) / 2;

    if (report->version_count == MOST_STRINGS)
        return;
    report->version = memory_grow(report->version, report->version_count, sizeof *report->version);
    report->version[report->version_count++] = (struct info_pair){
        text_of(report, block->key, block->key_length),
        text_of(report, block->value, room < block->value_length ? room : block->value_length)};
}

/* depth 1: StringFileInfo's tables; depth 0: a table's strings. */
static void read_strings(struct info_report *report, const uint8_t *origin,
                         const struct block *parent, int depth)
{
    const uint8_t *at = parent->value;
    struct block block;

    while (at < parent->end && read_block(origin, at, parent->end, &block)) {
        if (depth > 0)
            read_strings(report, origin, &block, depth - 1);
        else
            add_string(report, &block);
        at = align(origin, block.end);
    }
}

static void read_number(struct info_report *report, const struct block *root)
{
    const uint8_t *fixed = root->value;
    char text[48];

    if (root->end - fixed < 16 || root->value_length < 52 || unit_at(fixed) != 0x04BD)
        return;
    snprintf(text, sizeof text, "%u.%u.%u.%u", unit_at(fixed + 10), unit_at(fixed + 8),
             unit_at(fixed + 14), unit_at(fixed + 12));
    report->file_version = arena_copy(&report->arena, text, strlen(text));
}

void info_read_version(struct info_report *report)
{
    uint32_t length;
    const uint8_t *origin = find_version(report, &length);
    struct block root, child;

    if (!origin || !read_block(origin, origin, origin + length, &root) ||
        !key_is(&root, "VS_VERSION_INFO"))
        return;
    read_number(report, &root);
    const uint8_t *at = root.value + root.value_length;
    if (root.value_length > (size_t)(root.end - root.value))
        return;
    for (at = align(origin, at); at < root.end && read_block(origin, at, root.end, &child);
         at = align(origin, child.end))
        if (key_is(&child, "StringFileInfo"))
            read_strings(report, origin, &child, 1);
}
