#include "cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads up to the end; capacity is what it begins with. */
static bool read_all(int file, size_t capacity, struct file_contents *contents, const char **reason)
{
    uint8_t *bytes = malloc(capacity);
    size_t length = 0;
    ssize_t got = 1;

    *reason = "out of memory";
    while (bytes && got > 0) {
        got = read(file, bytes + length, capacity - length);
        if (got < 0 && errno == EINTR) {
            got = 1;
            continue;
        }
        length += got > 0 ? (size_t)got : 0;
        *reason = got < 0 ? strerror(errno) : "it is too large";
        if (got > 0 && length == capacity) {
            capacity *= 2;
            uint8_t *grown = length < LARGEST_FILE ? realloc(bytes, capacity) : NULL;
            if (!grown)
                break;
            bytes = grown;
        }
    }
    if (!bytes || got != 0) {
        free(bytes);
        return false;
    }
    *contents = (struct file_contents){bytes, length};
    return true;
}

bool file_read(const char *path, struct file_contents *contents, const char **reason)
{
    struct stat status;
    /* Not blocking: a pipe or a device is refused, and must not hang the open. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool fine = false;

    if (file < 0) {
        *reason = strerror(errno);
        return false;
    }
    if (fstat(file, &status) != 0)
        *reason = strerror(errno);
    else if (S_ISDIR(status.st_mode))
        *reason = "it is a directory";
    else if (!S_ISREG(status.st_mode))
        *reason = "it is no regular file";
    else if (status.st_size >= LARGEST_FILE)
        *reason = "it is too large";
    else
        fine = read_all(file, (size_t)status.st_size + 1, contents, reason);
    close(file);
    return fine;
}

bool file_read_standard_input(struct file_contents *contents, const char **reason)
{
    return read_all(STDIN_FILENO, 4096, contents, reason);
}
