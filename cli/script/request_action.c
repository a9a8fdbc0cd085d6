/* Opening, and the requests on what is open. */
#include <string.h>

#include "cli/script/verbs.h"

struct flag {
    const char *name;
    uint32_t value;
};

static const struct flag access_flags[] = {{"read", 0x80000000u},       {"write", 0x40000000u},
                                           {"execute", 0x20000000u},    {"all", 0x10000000u},
                                           {"attributes", 0x00000080u}, {"delete", 0x00010000u},
                                           {"maximum", 0x02000000u},    {NULL, 0}};

static const struct flag share_flags[] = {{"none", 0},   {"read", 1}, {"write", 2},
                                          {"delete", 4}, {"all", 7},  {NULL, 0}};

static const struct flag dispositions[] = {{"supersede", 0}, {"open", 1},      {"create", 2},
                                           {"open-if", 3},   {"overwrite", 4}, {"overwrite-if", 5},
                                           {NULL, 0}};

static bool take_flag(struct cursor *cursor, const struct flag *flags, uint32_t *value)
{
    for (; flags->name; flags++) {
        if (cursor_take_keyword(cursor, flags->name)) {
            *value |= flags->value;
            return true;
        }
    }
    return false;
}

/* One or more words or a number. */
static bool take_flags(struct cursor *cursor, const struct flag *flags, const char *what,
                       uint32_t *value)
{
    if (cursor_is_number(cursor))
        return cursor_take_length(cursor, what, value);
    if (!take_flag(cursor, flags, value))
        return cursor_fail(cursor, "%s is expected", what);
    while (take_flag(cursor, flags, value))
        ;
    return true;
}

static bool take_disposition(struct cursor *cursor, struct action *action)
{
    action->disposition = 0;
    return take_flag(cursor, dispositions, &action->disposition) ||
           cursor_fail(cursor, "open, create, open-if, overwrite, overwrite-if or supersede is "
                               "expected");
}

static bool take_access(struct cursor *cursor, struct action *action)
{
    return take_flags(cursor, access_flags,
                      "read, write, execute, all, attributes, delete, maximum or a number",
                      &action->access);
}

bool verb_open(struct cursor *cursor, struct action *action)
{
    bool fine;

    action->disposition = 1;
    fine = cursor_take_text(cursor, "a path", &action->path);
    while (fine && cursor_has_more(cursor)) {
        if (cursor_take_keyword(cursor, "as"))
            fine = cursor_take_name(cursor, "the handle's name", &action->as);
        else if (cursor_take_keyword(cursor, "access"))
            fine = take_access(cursor, action);
        else if (cursor_take_keyword(cursor, "share"))
            fine = take_flags(cursor, share_flags, "read, write, delete, all, none or a number",
                              &action->share);
        else if (cursor_take_keyword(cursor, "disposition"))
            fine = take_disposition(cursor, action);
        else if (cursor_take_keyword(cursor, "overlapped"))
            action->is_overlapped = true;
        else
            break;
    }
    return fine;
}

bool verb_close(struct cursor *cursor, struct action *action)
{
    return cursor_take_handle(cursor, &action->handle);
}

bool verb_duplicate(struct cursor *cursor, struct action *action)
{
    bool fine = cursor_take_handle(cursor, &action->handle);

    while (fine && cursor_has_more(cursor) && !action->as) {
        if (cursor_take_keyword(cursor, "to"))
            fine = cursor_take_process(cursor, &action->name);
        else if (cursor_take_keyword(cursor, "access"))
            fine = take_access(cursor, action);
        else if (cursor_take_keyword(cursor, "close"))
            action->closes_source = true;
        else if (cursor_take_keyword(cursor, "as"))
            fine = cursor_take_name(cursor, "the copy's name", &action->as);
        else
            break;
    }
    return fine && (action->as || cursor_fail(cursor, "as and the copy's name are missing"));
}

/* "null N", "bad N", "kernel N": pointers that lead nowhere. */
static bool take_bad_pointer(struct cursor *cursor, struct action_buffer *buffer, bool *found)
{
    *found = true;
    if (cursor_take_keyword(cursor, "null"))
        buffer->kind = BUFFER_NULL;
    else if (cursor_take_keyword(cursor, "bad"))
        buffer->kind = BUFFER_BAD;
    else if (cursor_take_keyword(cursor, "kernel"))
        buffer->kind = BUFFER_KERNEL;
    else
        *found = false;
    return !*found || cursor_take_length(cursor, "the buffer's length", &buffer->length);
}

/* The driver is told the buffer's length, or "claim N": a caller may say what it likes. */
static bool take_claim(struct cursor *cursor, struct action_buffer *buffer)
{
    buffer->room = buffer->length;
    return !cursor_take_keyword(cursor, "claim") ||
           cursor_take_length(cursor, "a length to claim", &buffer->length);
}

static bool take_input(struct cursor *cursor, struct action_buffer *buffer)
{
    bool found;

    if (!take_bad_pointer(cursor, buffer, &found))
        return false;
    if (found)
        return true;
    buffer->kind = BUFFER_VALID;
    if (!cursor_take_data(cursor, &buffer->data))
        return false;
    buffer->length = (uint32_t)buffer->data.length;
    return take_claim(cursor, buffer);
}

/* Room for a reply; with data, what is in the room before the call. */
static bool take_output(struct cursor *cursor, struct action_buffer *buffer)
{
    bool found;

    if (!take_bad_pointer(cursor, buffer, &found))
        return false;
    if (found)
        return true;
    if (cursor_is_data(cursor))
        return take_input(cursor, buffer);
    buffer->kind = cursor_take_keyword(cursor, "same") ? BUFFER_SAME : BUFFER_VALID;
    if (!cursor_take_length(cursor, "the output's length", &buffer->length))
        return false;
    if (buffer->length > LARGEST_DATA)
        return cursor_fail(cursor, "more than %d bytes of output", (int)LARGEST_DATA);
    return take_claim(cursor, buffer);
}

static bool take_offset(struct cursor *cursor, struct action *action)
{
    uint64_t offset;

    if (!cursor_take_number(cursor, UINT64_MAX, "an offset", &offset))
        return false;
    action->has_offset = true;
    action->offset = (int64_t)offset;
    return true;
}

/* What may follow every request, in any order. */
static bool take_request_options(struct cursor *cursor, struct action *action, bool has_offset)
{
    bool fine = true;

    while (fine && cursor_has_more(cursor)) {
        if (cursor_take_keyword(cursor, "event"))
            fine = cursor_take_name(cursor, "an event", &action->event);
        else if (cursor_take_keyword(cursor, "async"))
            action->is_asynchronous = true;
        else if (cursor_take_keyword(cursor, "as"))
            fine = cursor_take_name(cursor, "the request's name", &action->as);
        else if (has_offset && cursor_take_keyword(cursor, "at"))
            fine = take_offset(cursor, action);
        else
            break;
    }
    return fine;
}

static const struct flag methods[] = {
    {"buffered", 0}, {"in_direct", 1}, {"out_direct", 2}, {"neither", 3}, {NULL, 0}};
static const struct flag accesses[] = {{"any", 0}, {"read", 1}, {"write", 2}, {NULL, 0}};

static bool one_of(struct cursor *cursor, const struct flag *flags, const char *what, uint64_t most,
                   uint64_t *value)
{
    uint32_t found = 0;

    if (!take_flag(cursor, flags, &found))
        return cursor_take_number(cursor, most, what, value);
    *value = found;
    return true;
}

/* A number, or "ctl DEVICE FUNCTION METHOD ACCESS" as CTL_CODE makes it. */
static bool take_code(struct cursor *cursor, struct action *action)
{
    uint64_t device, function, method, access;

    if (!cursor_take_keyword(cursor, "ctl"))
        return cursor_take_length(cursor, "a control code", &action->code);
    if (!cursor_take_number(cursor, 0xFFFF, "a device type", &device) ||
        !cursor_take_number(cursor, 0xFFF, "a function", &function) ||
        !one_of(cursor, methods, "a method (buffered, in_direct, out_direct, neither)", 3,
                &method) ||
        !one_of(cursor, accesses, "an access (any, read, write)", 3, &access))
        return false;
    action->code = (uint32_t)(device << 16 | access << 14 | function << 2 | method);
    return true;
}

static bool is_ctl(struct cursor *cursor)
{
    struct cursor copy = *cursor;

    return cursor_take_keyword(&copy, "ctl");
}

bool verb_ioctl(struct cursor *cursor, struct action *action)
{
    if (!is_ctl(cursor) && !cursor_take_handle(cursor, &action->handle))
        return false;
    return take_code(cursor, action) &&
           (!cursor_take_keyword(cursor, "in") || take_input(cursor, &action->input)) &&
           (!cursor_take_keyword(cursor, "out") || take_output(cursor, &action->output)) &&
           take_request_options(cursor, action, false);
}

bool verb_read(struct cursor *cursor, struct action *action)
{
    return cursor_take_handle(cursor, &action->handle) && take_output(cursor, &action->output) &&
           take_request_options(cursor, action, true);
}

bool verb_write(struct cursor *cursor, struct action *action)
{
    return cursor_take_handle(cursor, &action->handle) && take_input(cursor, &action->input) &&
           take_request_options(cursor, action, true);
}

bool verb_wait(struct cursor *cursor, struct action *action)
{
    if (!cursor_take_name(cursor, "a request or an event", &action->name))
        return false;
    action->has_limit = cursor_take_keyword(cursor, "for");
    return !action->has_limit || cursor_take_number(cursor, 3600 * 1000, "a number of milliseconds",
                                                    &action->milliseconds);
}
