#include "cli/run/log.h"

#include <stdlib.h>
#include <string.h>

#define MOST_TEXT (4u << 20)

void log_open(struct log *log, FILE *output, const char *prefix)
{
    *log = (struct log){.output = output, .prefix = prefix};
    pthread_mutex_init(&log->mutex, NULL);
}

/* A terminal must not obey what a driver prints. */
static void show_line(FILE *output, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '\r')
            continue;
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F)
            fprintf(output, "\\x%02x", byte);
        else
            putc(byte, output);
    }
    putc('\n', output);
}

static void show_lines(struct log *log, bool unfinished)
{
    while (log->shown < log->length) {
        const char *start = log->text + log->shown;
        const char *end = memchr(start, '\n', log->length - log->shown);
        if (!end && !unfinished)
            return;
        size_t length = end ? (size_t)(end - start) : log->length - log->shown;
        fputs(log->prefix, log->output);
        show_line(log->output, start, length);
        log->shown += length + (end != NULL);
    }
    fflush(log->output);
}

static void show(struct log *log, bool unfinished)
{
    if (log->prefix) {
        show_lines(log, unfinished);
        return;
    }
    fwrite(log->text + log->shown, 1, log->length - log->shown, log->output);
    fflush(log->output);
    log->shown = log->length;
}

/* The older half goes when there is too much. */
static void forget_old(struct log *log)
{
    size_t gone = log->shown < log->length / 2 ? log->shown : log->length / 2;

    memmove(log->text, log->text + gone, log->length - gone);
    log->length -= gone;
    log->shown -= gone;
    log->expected = log->expected > gone ? log->expected - gone : 0;
}

static bool make_room(struct log *log, size_t length)
{
    size_t capacity = log->capacity ? log->capacity : 4096;

    if (log->length > MOST_TEXT)
        forget_old(log);
    while (capacity < log->length + length)
        capacity *= 2;
    if (capacity == log->capacity)
        return true;
    char *grown = realloc(log->text, capacity);
    if (grown) {
        log->text = grown;
        log->capacity = capacity;
    }
    return grown != NULL;
}

void log_write(void *context, const char *text, size_t length)
{
    struct log *log = context;

    pthread_mutex_lock(&log->mutex);
    if (length > 0 && make_room(log, length)) {
        memcpy(log->text + log->length, text, length);
        log->length += length;
        show(log, false);
    }
    pthread_mutex_unlock(&log->mutex);
}

void log_flush(struct log *log)
{
    pthread_mutex_lock(&log->mutex);
    if (log->shown < log->length)
        show(log, true);
    pthread_mutex_unlock(&log->mutex);
}

bool log_find(struct log *log, const char *text, size_t length, bool consume)
{
    pthread_mutex_lock(&log->mutex);
    size_t rest = log->length - log->expected;
    const char *found = rest ? memmem(log->text + log->expected, rest, text, length) : NULL;

    if (found && consume)
        log->expected = (size_t)(found - log->text) + length;
    pthread_mutex_unlock(&log->mutex);
    return found != NULL;
}

void log_forget(struct log *log)
{
    pthread_mutex_lock(&log->mutex);
    log->expected = log->length;
    pthread_mutex_unlock(&log->mutex);
}

void log_unseen(struct log *log, char *text, size_t capacity)
{
    pthread_mutex_lock(&log->mutex);
    size_t length = log->length - log->expected;
    if (length > capacity - 1)
        length = capacity - 1;
    if (length)
        memcpy(text, log->text + log->expected, length);
    text[length] = 0;
    pthread_mutex_unlock(&log->mutex);
}

void log_close(struct log *log)
{
    log_flush(log);
    free(log->text);
    pthread_mutex_destroy(&log->mutex);
}
