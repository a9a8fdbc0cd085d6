/* What a script does to the machine itself: its devices and its registry. */
#include <string.h>

#include <sysbuf/host.h>

#include "cli/script/verbs.h"
#include "cli/utf8.h"

/* ---- device ---- */
static const struct {
    const char *name;
    enum sb_device_action action;
} device_actions[] = {
    {"start", SB_DEVICE_START},
    {"query-stop", SB_DEVICE_QUERY_STOP},
    {"cancel-stop", SB_DEVICE_CANCEL_STOP},
    {"stop", SB_DEVICE_STOP},
    {"query-remove", SB_DEVICE_QUERY_REMOVE},
    {"cancel-remove", SB_DEVICE_CANCEL_REMOVE},
    {"remove", SB_DEVICE_REMOVE},
    {"surprise-remove", SB_DEVICE_SURPRISE_REMOVE},
    {"sleep", SB_DEVICE_SLEEP},
    {"wake", SB_DEVICE_WAKE},
};

static bool take_device_action(struct cursor *cursor, struct action *action)
{
    for (size_t i = 0; i < sizeof device_actions / sizeof *device_actions; i++)
        if (cursor_take_keyword(cursor, device_actions[i].name)) {
            action->code = device_actions[i].action;
            return true;
        }
    return cursor_fail(cursor, "add, start, stop, remove or another of the actions is expected");
}

static bool add_device(struct cursor *cursor, struct action *action)
{
    bool fine = true;

    action->is_on = true;
    while (fine && cursor_has_more(cursor)) {
        if (cursor_take_keyword(cursor, "of"))
            fine = cursor_take_name(cursor, "the driver", &action->name);
        else if (cursor_take_keyword(cursor, "as"))
            fine = cursor_take_name(cursor, "the device's name", &action->as);
        else if (!action->path)
            fine = cursor_take_text(cursor, "the hardware id", &action->path);
        else
            break;
    }
    return fine;
}

bool verb_device(struct cursor *cursor, struct action *action)
{
    if (cursor_take_keyword(cursor, "add"))
        return add_device(cursor, action);
    return take_device_action(cursor, action) &&
           (!cursor_has_more(cursor) || cursor_take_name(cursor, "the device", &action->name));
}

/* ---- registry ---- */
enum {
    REG_SZ = 1,
    REG_EXPAND_SZ = 2,
    REG_BINARY = 3,
    REG_DWORD = 4,
    REG_MULTI_SZ = 7,
    REG_QWORD = 11
};

struct registry_text {
    uint8_t *bytes;
    size_t length;
};

static void add_unit(struct registry_text *text, uint32_t unit)
{
    text->bytes[text->length++] = (uint8_t)unit;
    text->bytes[text->length++] = (uint8_t)(unit >> 8);
}

/* One word as UTF-16 with its terminator. */
static bool add_word(struct cursor *cursor, struct registry_text *text)
{
    const struct script_text *word = &cursor->words[cursor->next++];

    for (size_t at = 0; at < word->length;) {
        uint32_t point;
        size_t size = utf8_decode(word->bytes + at, word->length - at, &point);
        if (size == 0)
            return cursor_fail(cursor, "the text is no UTF-8");
        uint16_t units[2];
        unsigned count = utf16_encode(point, units);
        for (unsigned i = 0; i < count; i++)
            add_unit(text, units[i]);
        at += size;
    }
    add_unit(text, 0);
    return true;
}

static bool take_texts(struct cursor *cursor, struct action *action, bool many)
{
    struct registry_text text = {0};
    size_t room = 2;

    for (size_t i = cursor->next; i < cursor->count; i++)
        room += 2 * cursor->words[i].length + 2;
    text.bytes = arena_allocate(cursor->arena, room);
    if (!many && !cursor_has_more(cursor))
        return cursor_fail(cursor, "a text is expected");
    do {
        if (cursor_has_more(cursor) && !add_word(cursor, &text))
            return false;
    } while (many && cursor_has_more(cursor));
    if (many)
        add_unit(&text, 0);
    action->input.data = (struct action_data){.bytes = text.bytes, .length = text.length};
    return true;
}

static bool take_number(struct cursor *cursor, struct action *action, size_t size)
{
    uint8_t *bytes = arena_allocate(cursor->arena, size);
    uint64_t value;

    if (!cursor_take_number(cursor, size == 4 ? UINT32_MAX : UINT64_MAX, "a number", &value))
        return false;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    action->input.data = (struct action_data){.bytes = bytes, .length = size};
    return true;
}

static bool take_binary(struct cursor *cursor, struct action *action)
{
    return cursor_take_data(cursor, &action->input.data) &&
           (!action->input.data.pointers ||
            cursor_fail(cursor, "a pointer has no place in the registry"));
}

static bool take_value(struct cursor *cursor, struct action *action)
{
    if (cursor_take_keyword(cursor, "sz"))
        return action->code = REG_SZ, take_texts(cursor, action, false);
    if (cursor_take_keyword(cursor, "expand"))
        return action->code = REG_EXPAND_SZ, take_texts(cursor, action, false);
    if (cursor_take_keyword(cursor, "multi"))
        return action->code = REG_MULTI_SZ, take_texts(cursor, action, true);
    if (cursor_take_keyword(cursor, "dword"))
        return action->code = REG_DWORD, take_number(cursor, action, 4);
    if (cursor_take_keyword(cursor, "qword"))
        return action->code = REG_QWORD, take_number(cursor, action, 8);
    if (cursor_take_keyword(cursor, "binary"))
        return action->code = REG_BINARY, take_binary(cursor, action);
    return cursor_fail(cursor, "sz, expand, multi, dword, qword or binary is expected");
}

bool verb_registry(struct cursor *cursor, struct action *action)
{
    bool writes = cursor_take_keyword(cursor, "write");

    if (!writes && !cursor_take_keyword(cursor, "read"))
        return cursor_fail(cursor, "write or read is expected");
    action->is_on = writes;
    return cursor_take_text(cursor, "a key", &action->path) &&
           cursor_take_text(cursor, "a value's name", &action->name) &&
           (!writes || take_value(cursor, action));
}
