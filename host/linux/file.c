#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/linux/linux.h"

static int read_fully(int file, uint8_t *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(file, bytes + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return -EIO; /* the file shrank while it was read */
        done += (size_t)got;
    }
    return 0;
}

int linux_file_read_all(const char *path, void **contents, size_t *size)
{
    struct stat status;
    int result = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -errno;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        result = -EINVAL;
        goto done;
    }
    void *bytes = malloc(status.st_size ? (size_t)status.st_size : 1);
    result = bytes ? read_fully(file, bytes, (size_t)status.st_size) : -ENOMEM;
    if (result == 0) {
        *contents = bytes;
        *size = (size_t)status.st_size;
    } else {
        free(bytes);
    }
done:
    close(file);
    return result;
}

void linux_log_standard_error(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, text, length);
        if (written <= 0)
            return;
        text += written;
        length -= (size_t)written;
    }
}
