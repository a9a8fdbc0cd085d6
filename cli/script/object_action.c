/* Completion ports, sections and their views, and what a file says of itself. */
#include "cli/names.h"
#include "cli/script/verbs.h"

static bool take_of(struct cursor *cursor, struct action *action)
{
    return !cursor_take_keyword(cursor, "of") || cursor_take_handle(cursor, &action->handle);
}

/* Bytes that are known before any call is made. */
static bool take_known_data(struct cursor *cursor, struct action *action)
{
    return cursor_take_data(cursor, &action->input.data) &&
           (!action->input.data.pointers ||
            cursor_fail(cursor, "pointer, handle and address are for requests"));
}

/* ---- ports ---- */
bool verb_port(struct cursor *cursor, struct action *action)
{
    return cursor_take_name(cursor, "the port's name", &action->name);
}

bool verb_associate(struct cursor *cursor, struct action *action)
{
    return cursor_take_name(cursor, "a port", &action->name) &&
           (!cursor_take_keyword(cursor, "key") ||
            cursor_take_number(cursor, UINT64_MAX, "the key", &action->key)) &&
           take_of(cursor, action);
}

bool verb_packet(struct cursor *cursor, struct action *action)
{
    if (!cursor_take_name(cursor, "a port", &action->name))
        return false;
    action->has_limit = cursor_take_keyword(cursor, "for");
    return !action->has_limit ||
           cursor_take_number(cursor, UINT32_MAX - 1, "a number of milliseconds",
                              &action->milliseconds);
}

static bool take_status(struct cursor *cursor, struct action *action)
{
    const char *name;

    if (cursor_is_number(cursor))
        return cursor_take_length(cursor, "a status", &action->code);
    return cursor_take_text(cursor, "a status", &name) &&
           (status_from_name(name, &action->code) ||
            cursor_fail(cursor, "'%.60s' is no status", name));
}

bool verb_post(struct cursor *cursor, struct action *action)
{
    bool fine = cursor_take_name(cursor, "a port", &action->name);

    while (fine && cursor_has_more(cursor)) {
        if (cursor_take_keyword(cursor, "key"))
            fine = cursor_take_number(cursor, UINT64_MAX, "the key", &action->key);
        else if (cursor_take_keyword(cursor, "context"))
            fine = cursor_take_number(cursor, UINT64_MAX, "the context", &action->context);
        else if (cursor_take_keyword(cursor, "information"))
            fine = cursor_take_number(cursor, UINT64_MAX, "Information", &action->information);
        else if (cursor_take_keyword(cursor, "status"))
            fine = take_status(cursor, action);
        else
            break;
    }
    return fine;
}

/* ---- sections ---- */
bool verb_section(struct cursor *cursor, struct action *action)
{
    if (!cursor_take_name(cursor, "the section's name", &action->name) ||
        !cursor_take_number(cursor, UINT64_MAX, "the section's size", &action->size))
        return false;
    if (cursor_take_keyword(cursor, "named") && !cursor_take_text(cursor, "a path", &action->path))
        return false;
    action->is_on = cursor_take_keyword(cursor, "read-only");
    return true;
}

bool verb_map(struct cursor *cursor, struct action *action)
{
    uint64_t offset = 0;

    if (!cursor_take_name(cursor, "a section", &action->name))
        return false;
    if (cursor_take_keyword(cursor, "at") &&
        !cursor_take_number(cursor, INT64_MAX, "the offset", &offset))
        return false;
    if (cursor_take_keyword(cursor, "length") &&
        !cursor_take_number(cursor, UINT64_MAX, "the length", &action->size))
        return false;
    action->offset = (int64_t)offset;
    action->is_on = cursor_take_keyword(cursor, "read-only");
    if (!cursor_take_keyword(cursor, "as"))
        return cursor_fail(cursor, "as and the view's name are expected");
    return cursor_take_name(cursor, "the view's name", &action->as);
}

bool verb_unmap(struct cursor *cursor, struct action *action)
{
    return cursor_take_name(cursor, "a view", &action->name);
}

/* Data is written, a length is read. */
bool verb_view(struct cursor *cursor, struct action *action)
{
    uint64_t offset = 0;

    if (!cursor_take_name(cursor, "a view", &action->name))
        return false;
    if (cursor_take_keyword(cursor, "at") &&
        !cursor_take_number(cursor, INT64_MAX, "the offset", &offset))
        return false;
    action->offset = (int64_t)offset;
    if (cursor_is_data(cursor))
        return take_known_data(cursor, action);
    return cursor_take_length(cursor, "a length or bytes", &action->output.length);
}

/* ---- file information ---- */
static const struct {
    const char *name;
    uint32_t class;
} classes[] = {
    {"basic", 4}, {"standard", 5},   {"name", 9}, {"disposition", 13}, {"position", 14},
    {"mode", 16}, {"alignment", 17}, {"all", 18}, {"end-of-file", 20},
};

static bool take_class(struct cursor *cursor, struct action *action)
{
    if (cursor_is_number(cursor))
        return cursor_take_length(cursor, "a class", &action->code);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (cursor_take_keyword(cursor, classes[i].name)) {
            action->code = classes[i].class;
            return true;
        }
    return cursor_fail(cursor, "basic, standard, name, disposition, position, mode, alignment, "
                               "all, end-of-file or a number is expected");
}

bool verb_query(struct cursor *cursor, struct action *action)
{
    return take_class(cursor, action) &&
           cursor_take_length(cursor, "a length", &action->output.length) &&
           take_of(cursor, action);
}

bool verb_change(struct cursor *cursor, struct action *action)
{
    return take_class(cursor, action) && take_known_data(cursor, action) && take_of(cursor, action);
}
