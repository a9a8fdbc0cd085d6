/* The forms in which a statement writes bytes. */
#include <string.h>

#include "cli/script/cursor.h"
#include "cli/utf8.h"

/* Bytes as they come together; the arena keeps what was outgrown, up to twice the data. */
struct collection {
    struct cursor *cursor;
    uint8_t *bytes;
    size_t length, capacity;
    struct action_pointer *pointers;
};

static uint8_t *room(struct collection *collection, size_t length)
{
    size_t capacity = collection->capacity ? collection->capacity : 64;

    if (length > (size_t)LARGEST_DATA - collection->length) {
        (void)cursor_fail(collection->cursor, "more than %d bytes of data", (int)LARGEST_DATA);
        return NULL;
    }
    while (capacity < collection->length + length)
        capacity *= 2;
    if (capacity > collection->capacity) {
        uint8_t *grown = arena_allocate(collection->cursor->arena, capacity);
        if (collection->length)
            memcpy(grown, collection->bytes, collection->length);
        collection->bytes = grown;
        collection->capacity = capacity;
    }
    collection->length += length;
    return collection->bytes + collection->length - length;
}

static bool add(struct collection *collection, const void *bytes, size_t length)
{
    uint8_t *place = room(collection, length);

    if (place && length)
        memcpy(place, bytes, length);
    return place != NULL;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Pairs of hex digits, blanks between the pairs allowed. Adds nothing with collection NULL. */
static bool hex_pairs(const struct script_text *word, struct collection *collection)
{
    size_t i = 0;

    while (i < word->length) {
        if (word->bytes[i] == ' ') {
            i++;
            continue;
        }
        int high = hex_digit(word->bytes[i]);
        int low = i + 1 < word->length ? hex_digit(word->bytes[i + 1]) : -1;
        if (high < 0 || low < 0)
            return false;
        uint8_t byte = (uint8_t)(high << 4 | low);
        if (collection && !add(collection, &byte, 1))
            return false;
        i += 2;
    }
    return true;
}

static bool add_hex(struct collection *collection)
{
    struct cursor *cursor = collection->cursor;
    size_t first = cursor->next;

    while (cursor_has_more(cursor) && hex_pairs(&cursor->words[cursor->next], NULL)) {
        if (!hex_pairs(&cursor->words[cursor->next], collection))
            return false;
        cursor->next++;
    }
    return cursor->next > first ||
           cursor_fail(cursor, "pairs of hexadecimal digits must follow hex");
}

static bool add_text(struct collection *collection)
{
    struct cursor *cursor = collection->cursor;

    if (!cursor_has_more(cursor))
        return cursor_fail(cursor, "a text must follow text");
    const struct script_text *word = &cursor->words[cursor->next++];
    return add(collection, word->bytes, word->length);
}

static bool add_unit(struct collection *collection, uint32_t unit)
{
    const uint8_t bytes[2] = {(uint8_t)unit, (uint8_t)(unit >> 8)};

    return add(collection, bytes, sizeof bytes);
}

static bool add_utf16(struct collection *collection)
{
    struct cursor *cursor = collection->cursor;

    if (!cursor_has_more(cursor))
        return cursor_fail(cursor, "a text must follow utf16");
    const struct script_text *word = &cursor->words[cursor->next++];
    for (size_t at = 0; at < word->length;) {
        uint32_t point;
        size_t size = utf8_decode(word->bytes + at, word->length - at, &point);
        if (size == 0)
            return cursor_fail(cursor, "the text is no UTF-8");
        uint16_t units[2];
        unsigned count = utf16_encode(point, units);
        for (unsigned i = 0; i < count; i++)
            if (!add_unit(collection, units[i]))
                return false;
        at += size;
    }
    return true;
}

static bool add_file(struct collection *collection)
{
    struct cursor *cursor = collection->cursor;
    struct action_data data = {0};
    const char *path, *reason = "files cannot be read here";

    if (!cursor_take_text(cursor, "a file's name", &path))
        return false;
    if (!cursor->files ||
        !cursor->files->read(cursor->files->context, path, cursor->arena, &data, &reason))
        return script_fail(cursor->error, cursor->line, "%.200s: %s", path, reason);
    return add(collection, data.bytes, data.length);
}

static bool add_fill(struct collection *collection, bool with_byte)
{
    struct cursor *cursor = collection->cursor;
    uint64_t count, byte = 0;

    if (!cursor_take_number(cursor, LARGEST_DATA, "how many bytes", &count) ||
        (with_byte && !cursor_take_number(cursor, UINT8_MAX, "the byte", &byte)))
        return false;
    uint8_t *place = room(collection, count);
    if (place)
        memset(place, (int)byte, count);
    return place != NULL;
}

/* Little endian, as all of Windows. */
static bool add_numbers(struct collection *collection, size_t size)
{
    struct cursor *cursor = collection->cursor;
    uint64_t most = size == 8 ? UINT64_MAX : ((uint64_t)1 << 8 * size) - 1;

    do {
        uint64_t value;
        uint8_t bytes[8];
        if (!cursor_take_number(cursor, most, "a number", &value))
            return false;
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)(value >> 8 * i);
        if (!add(collection, bytes, size))
            return false;
    } while (cursor_is_number(cursor));
    return true;
}

/* Eight bytes whose value the call finds out. */
static bool add_unknown(struct collection *collection, struct action_pointer unknown)
{
    struct action_pointer *pointer = arena_allocate(collection->cursor->arena, sizeof *pointer);
    uint8_t *place = room(collection, sizeof(uint64_t));

    if (!place)
        return false;
    memset(place, 0, sizeof(uint64_t));
    unknown.next = collection->pointers;
    unknown.offset = collection->length - sizeof(uint64_t);
    *pointer = unknown;
    collection->pointers = pointer;
    return true;
}

static bool add_pointer(struct collection *collection)
{
    uint64_t length;

    return cursor_take_number(collection->cursor, LARGEST_DATA, "how many bytes it points to",
                              &length) &&
           add_unknown(collection,
                       (struct action_pointer){.kind = POINTER_MEMORY, .length = (uint32_t)length});
}

static bool add_named(struct collection *collection, enum action_pointer_kind kind,
                      const char *what)
{
    struct action_pointer pointer = {.kind = kind};

    return cursor_take_name(collection->cursor, what, &pointer.name) &&
           add_unknown(collection, pointer);
}

static const char *const forms[] = {"hex", "text", "utf16", "file",    "fill",   "zeros",   "u8",
                                    "u16", "u32",  "u64",   "pointer", "handle", "address", NULL};

bool cursor_is_data(const struct cursor *cursor)
{
    struct cursor copy = *cursor;

    for (size_t i = 0; forms[i]; i++)
        if (cursor_take_keyword(&copy, forms[i]))
            return true;
    return false;
}

static bool add_item(struct collection *collection)
{
    struct cursor *cursor = collection->cursor;

    if (cursor_take_keyword(cursor, "hex"))
        return add_hex(collection);
    if (cursor_take_keyword(cursor, "text"))
        return add_text(collection);
    if (cursor_take_keyword(cursor, "utf16"))
        return add_utf16(collection);
    if (cursor_take_keyword(cursor, "file"))
        return add_file(collection);
    if (cursor_take_keyword(cursor, "fill"))
        return add_fill(collection, true);
    if (cursor_take_keyword(cursor, "zeros"))
        return add_fill(collection, false);
    if (cursor_take_keyword(cursor, "pointer"))
        return add_pointer(collection);
    if (cursor_take_keyword(cursor, "handle"))
        return add_named(collection, POINTER_HANDLE, "a handle");
    if (cursor_take_keyword(cursor, "address"))
        return add_named(collection, POINTER_VIEW, "a view");
    if (cursor_take_keyword(cursor, "u8"))
        return add_numbers(collection, 1);
    if (cursor_take_keyword(cursor, "u16"))
        return add_numbers(collection, 2);
    return add_numbers(collection, cursor_take_keyword(cursor, "u32") ? 4 : (cursor->next++, 8));
}

bool cursor_take_data(struct cursor *cursor, struct action_data *data)
{
    struct collection collection = {.cursor = cursor};

    if (!cursor_is_data(cursor))
        return cursor_fail(cursor, "bytes are expected: hex, text, utf16, file, fill, zeros, u8, "
                                   "u16, u32, u64, pointer, handle or address");
    while (cursor_is_data(cursor))
        if (!add_item(&collection))
            return false;
    data->bytes = collection.bytes ? collection.bytes : (const uint8_t *)"";
    data->length = collection.length;
    data->pointers = collection.pointers;
    return true;
}
