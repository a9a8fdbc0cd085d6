/* Reading files whole, with a reason in words when that fails. */
#ifndef SYSBUF_CLI_FILES_H
#define SYSBUF_CLI_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_contents {
    uint8_t *bytes; /* free() it */
    size_t length;
};

enum { LARGEST_FILE = 256 << 20 };

/* A regular file of at most LARGEST_FILE bytes. */
bool file_read(const char *path, struct file_contents *contents, const char **reason);
/* Standard input up to its end. */
bool file_read_standard_input(struct file_contents *contents, const char **reason);

#endif
