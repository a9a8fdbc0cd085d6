#include "cli/check/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/memory.h"

static void append(struct lines *lines, char *line)
{
    lines->lines = memory_grow(lines->lines, lines->count, sizeof *lines->lines);
    lines->lines[lines->count++] = line;
}

void lines_add(struct lines *lines, const char *format, ...)
{
    va_list arguments;
    char *line;

    va_start(arguments, format);
    int length = vasprintf(&line, format, arguments);
    va_end(arguments);
    append(lines, length < 0 ? memory_copy_text("") : line);
}

void lines_read(struct lines *lines, const char *script)
{
    while (*script) {
        size_t length = strcspn(script, "\n");
        lines_add(lines, "%.*s", (int)length, script);
        script += length + (script[length] == '\n');
    }
}

char *lines_join(const struct lines *lines, const bool *keep)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    for (size_t i = 0; i < lines->count; i++)
        if (!keep || keep[i])
            fprintf(stream, "%s\n", lines->lines[i]);
    fclose(stream);
    return text;
}

void lines_free(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->lines[i]);
    free(lines->lines);
    *lines = (struct lines){0};
}
