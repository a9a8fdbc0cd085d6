#include "cli/script/cursor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Words that cannot be names, since a statement would be ambiguous. */
static const char *const keywords[] = {
    "in",     "out",   "as",  "at",      "access", "share", "disposition", "overlapped",
    "async",  "event", "hex", "text",    "utf16",  "file",  "fill",        "zeros",
    "u8",     "u16",   "u32", "u64",     "null",   "bad",   "kernel",      "same",
    "handle", "for",   "to",  "within",  "admin",  "user",  "bits",        "ctl",
    "close",  "of",    "key", "address", "claim",  NULL};

bool cursor_fail(struct cursor *cursor, const char *format, ...)
{
    char text[200];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return script_fail(cursor->error, cursor->line, "%s (usage: %s)", text, cursor->usage);
}

bool cursor_has_more(const struct cursor *cursor)
{
    return cursor->next < cursor->count;
}

static const struct script_text *peek(const struct cursor *cursor)
{
    return cursor_has_more(cursor) ? &cursor->words[cursor->next] : NULL;
}

bool cursor_take_keyword(struct cursor *cursor, const char *keyword)
{
    const struct script_text *word = peek(cursor);
    bool found = word && !word->is_quoted && strcmp(word->bytes, keyword) == 0;

    cursor->next += found;
    return found;
}

static bool missing(struct cursor *cursor, const char *what)
{
    const struct script_text *word = peek(cursor);

    if (!word)
        return cursor_fail(cursor, "%s is missing", what);
    return cursor_fail(cursor, "%s is expected, not '%.60s'", what, word->bytes);
}

bool cursor_is_number(const struct cursor *cursor)
{
    const struct script_text *word = peek(cursor);
    const char *text = word && !word->is_quoted ? word->bytes : "";

    return (text[0] >= '0' && text[0] <= '9') ||
           (text[0] == '-' && text[1] >= '0' && text[1] <= '9');
}

bool cursor_take_number(struct cursor *cursor, uint64_t most, const char *what, uint64_t *value)
{
    const struct script_text *word = peek(cursor);
    bool takes_negative = (most & (most + 1)) == 0; /* all bits of some size */
    bool negative = word && word->bytes[0] == '-';
    uint64_t number;

    if (!cursor_is_number(cursor) || (negative && !takes_negative) ||
        !script_number(word->bytes, word->length, &number))
        return missing(cursor, what);
    if (negative ? 0 - number > most / 2 + 1 : number > most)
        return cursor_fail(cursor, "%s is at most %" PRIu64 ", not %.60s", what, most, word->bytes);
    *value = number & (negative ? most : UINT64_MAX); /* -1 is all ones, as many as there are */
    cursor->next++;
    return true;
}

bool cursor_take_length(struct cursor *cursor, const char *what, uint32_t *length)
{
    uint64_t number;

    if (!cursor_take_number(cursor, UINT32_MAX, what, &number))
        return false;
    *length = (uint32_t)number;
    return true;
}

bool cursor_take_text(struct cursor *cursor, const char *what, const char **text)
{
    const struct script_text *word = peek(cursor);

    if (!word)
        return missing(cursor, what);
    if (strlen(word->bytes) != word->length)
        return cursor_fail(cursor, "%s has a zero byte in it", what);
    if (word->length == 0)
        return cursor_fail(cursor, "%s is empty", what);
    *text = word->bytes;
    cursor->next++;
    return true;
}

static bool is_name(const char *text)
{
    size_t length =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

    if (length == 0 || length > 60 || text[length] || (text[0] >= '0' && text[0] <= '9') ||
        text[0] == '-' || text[0] == '.')
        return false;
    for (size_t i = 0; keywords[i]; i++)
        if (strcmp(keywords[i], text) == 0)
            return false;
    return true;
}

bool cursor_is_name(const struct cursor *cursor)
{
    const struct script_text *word = peek(cursor);

    return word && !word->is_quoted && is_name(word->bytes);
}

bool cursor_take_name(struct cursor *cursor, const char *what, const char **name)
{
    if (!cursor_is_name(cursor))
        return missing(cursor, what);
    *name = cursor->words[cursor->next++].bytes;
    return true;
}

bool cursor_take_process(struct cursor *cursor, const char **name)
{
    if (cursor_take_keyword(cursor, "admin"))
        *name = "admin";
    else if (cursor_take_keyword(cursor, "user"))
        *name = "user";
    else
        return cursor_take_name(cursor, "a process", name);
    return true;
}

bool cursor_take_handle(struct cursor *cursor, struct action_handle *handle)
{
    if (cursor_take_keyword(cursor, "handle")) {
        handle->has_value = true;
        return cursor_take_number(cursor, UINT64_MAX, "the handle's value", &handle->value);
    }
    return !cursor_is_name(cursor) || cursor_take_name(cursor, "a handle", &handle->name);
}
