/*
 * A trace as a file. It is valid JSON whenever it was written to: each write ends with the closing
 * bracket, and the next one begins on it. Where the file cannot be sought in (a pipe) the bracket
 * comes last.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysbuf/host.h"

#define BEGIN "{\"displayTimeUnit\":\"ns\",\"traceEvents\":["
#define END   "\n]}\n"

struct sb_trace_file {
    pthread_mutex_t mutex;
    int file;
    bool is_open, seeks, separates;
    int error; /* errno of the first write that failed */
    size_t length;
    char text[1 << 16];
};

static void write_all(struct sb_trace_file *trace, const char *text, size_t length)
{
    while (length > 0 && !trace->error) {
        ssize_t written = write(trace->file, text, length);
        if (written >= 0) {
            text += written;
            length -= (size_t)written;
        } else if (errno != EINTR) {
            trace->error = errno;
        }
    }
}

static void flush(struct sb_trace_file *trace, bool is_last)
{
    write_all(trace, trace->text, trace->length);
    trace->length = 0;
    if (trace->seeks || is_last)
        write_all(trace, END, strlen(END));
    if (trace->seeks && !is_last && lseek(trace->file, -(off_t)strlen(END), SEEK_CUR) < 0)
        trace->error = trace->error ? trace->error : errno;
}

static void append(struct sb_trace_file *trace, const char *text, size_t length)
{
    if (length > sizeof trace->text - trace->length)
        flush(trace, false);
    memcpy(trace->text + trace->length, text, length);
    trace->length += length;
}

int sb_trace_file_create(const char *path, struct sb_trace_file **file)
{
    struct sb_trace_file *trace = malloc(sizeof *trace);
    if (!trace)
        return ENOMEM;
    memset(trace, 0, offsetof(struct sb_trace_file, text));
    trace->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (trace->file < 0) {
        int error = errno;
        free(trace);
        return error;
    }
    pthread_mutex_init(&trace->mutex, NULL);
    trace->seeks = lseek(trace->file, 0, SEEK_CUR) == 0;
    trace->is_open = true;
    append(trace, BEGIN, strlen(BEGIN));
    *file = trace;
    return 0;
}

void sb_trace_file_event(void *file, const char *event, size_t length)
{
    struct sb_trace_file *trace = file;
    pthread_mutex_lock(&trace->mutex);
    if (trace->is_open && length < sizeof trace->text / 2) {
        append(trace, trace->separates ? ",\n" : "\n", trace->separates ? 2 : 1);
        append(trace, event, length);
        trace->separates = true;
    }
    pthread_mutex_unlock(&trace->mutex);
}

int sb_trace_file_finish(struct sb_trace_file *trace)
{
    pthread_mutex_lock(&trace->mutex);
    if (trace->is_open) {
        trace->is_open = false;
        flush(trace, true);
        if (close(trace->file) != 0 && !trace->error)
            trace->error = errno;
    }
    int error = trace->error;
    pthread_mutex_unlock(&trace->mutex);
    return error;
}

void sb_trace_file_delete(struct sb_trace_file *trace)
{
    if (!trace)
        return;
    (void)sb_trace_file_finish(trace);
    pthread_mutex_destroy(&trace->mutex);
    free(trace);
}
