/* The words of one statement, one after the other; for the parsers of action_*.c alone. */
#ifndef SYSBUF_CLI_CURSOR_H
#define SYSBUF_CLI_CURSOR_H

#include "cli/script/action.h"

struct cursor {
    struct script_text *words; /* expanded */
    size_t count, next;
    unsigned line;
    const char *usage;
    struct arena *arena;
    const struct action_files *files;
    struct script_error *error;
};

enum { LARGEST_DATA = 16 << 20 }; /* bytes that one statement may carry */

/* Always false, for return: what is wrong, and the statement's usage. */
bool cursor_fail(struct cursor *cursor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool cursor_has_more(const struct cursor *cursor);
/* The next word is this keyword (never one in quotes): takes it. */
bool cursor_take_keyword(struct cursor *cursor, const char *keyword);
bool cursor_is_number(const struct cursor *cursor);
bool cursor_take_number(struct cursor *cursor, uint64_t most, const char *what, uint64_t *value);
bool cursor_take_length(struct cursor *cursor, const char *what, uint32_t *length);
/* Any word without a zero byte. */
bool cursor_take_text(struct cursor *cursor, const char *what, const char **text);
/* Letters, digits, _ and -, and no keyword. */
bool cursor_is_name(const struct cursor *cursor);
bool cursor_take_name(struct cursor *cursor, const char *what, const char **name);
/* A name, admin or user. */
bool cursor_take_process(struct cursor *cursor, const char **name);
/* "handle N", a name or, if neither is there, nothing. */
bool cursor_take_handle(struct cursor *cursor, struct action_handle *handle);
/* hex, text, utf16, file, fill, zeros, u8 ... u64, pointer, handle, address, any number of them,
 * one after the other. */
bool cursor_is_data(const struct cursor *cursor);
bool cursor_take_data(struct cursor *cursor, struct action_data *data);

#endif
