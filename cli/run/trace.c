/*
 * The file is valid JSON whenever it was written to: each write ends with the closing bracket, and
 * the next one begins on it. Where the file cannot be sought in (a pipe) the bracket comes last.
 */
#include "cli/run/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

#define BEGIN "{\"displayTimeUnit\":\"ns\",\"traceEvents\":["
#define END   "\n]}\n"

static struct {
    pthread_mutex_t mutex;
    int file;
    bool is_open, seeks, separates;
    int error; /* errno of the first write that failed */
    size_t length;
    char text[1 << 16];
} trace = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void write_all(const char *text, size_t length)
{
    while (length > 0 && !trace.error) {
        ssize_t written = write(trace.file, text, length);
        if (written >= 0) {
            text += written;
            length -= (size_t)written;
        } else if (errno != EINTR) {
            trace.error = errno;
        }
    }
}

static void flush(bool is_last)
{
    write_all(trace.text, trace.length);
    trace.length = 0;
    if (trace.seeks || is_last)
        write_all(END, strlen(END));
    if (trace.seeks && !is_last && lseek(trace.file, -(off_t)strlen(END), SEEK_CUR) < 0)
        trace.error = trace.error ? trace.error : errno;
}

static void append(const char *text, size_t length)
{
    if (length > sizeof trace.text - trace.length)
        flush(false);
    memcpy(trace.text + trace.length, text, length);
    trace.length += length;
}

bool trace_open(const char *path)
{
    trace.file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (trace.file < 0) {
        command_fail("--trace: %s: %s", path, strerror(errno));
        return false;
    }
    trace.seeks = lseek(trace.file, 0, SEEK_CUR) == 0;
    trace.is_open = true;
    append(BEGIN, strlen(BEGIN));
    return true;
}

void trace_event(void *context, const char *event, size_t length)
{
    (void)context;
    pthread_mutex_lock(&trace.mutex);
    if (trace.is_open && length < sizeof trace.text / 2) {
        append(trace.separates ? ",\n" : "\n", trace.separates ? 2 : 1);
        append(event, length);
        trace.separates = true;
    }
    pthread_mutex_unlock(&trace.mutex);
}

int trace_close(void)
{
    pthread_mutex_lock(&trace.mutex);
    bool was_open = trace.is_open;
    if (was_open) {
        trace.is_open = false;
        flush(true);
        if (close(trace.file) != 0 && !trace.error)
            trace.error = errno;
    }
    pthread_mutex_unlock(&trace.mutex);
    return trace.error;
}
