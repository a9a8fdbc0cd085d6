/* Scripts that are made, a statement a line, so that parts can be left out. */
#ifndef SYSBUF_CLI_LINES_H
#define SYSBUF_CLI_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
    char **lines;
    size_t count;
};

/* Adds one line, printf's way. */
void lines_add(struct lines *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Cuts a script at its line feeds. */
void lines_read(struct lines *lines, const char *script);
/* The lines as one script, without those whose keep is false (NULL: all); free() it. */
char *lines_join(const struct lines *lines, const bool *keep);
void lines_free(struct lines *lines);

#endif
