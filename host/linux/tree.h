/*
 * A folder of Linux that stands for a volume. Paths are relative to it, UTF-8, with slashes and
 * without "." or ".."; nothing outside is ever reached, whatever symbolic links say. All functions
 * return 0 (or a count) or -errno; they block as the file system does.
 */
#ifndef SYSBUF_HOST_LINUX_TREE_H
#define SYSBUF_HOST_LINUX_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct linux_tree; /* an open root folder */
int linux_tree_open(const char *path, struct linux_tree **tree);
void linux_tree_close(struct linux_tree *tree);

/* What a negative result means. */
enum linux_error {
    LINUX_ERROR_OTHER,
    LINUX_ERROR_NOT_FOUND,
    LINUX_ERROR_NOT_DIRECTORY,
    LINUX_ERROR_IS_DIRECTORY,
    LINUX_ERROR_DENIED, /* by rights, or because it leads out of the tree */
    LINUX_ERROR_EXISTS,
    LINUX_ERROR_NOT_EMPTY,
    LINUX_ERROR_FULL,
    LINUX_ERROR_NAME,
    LINUX_ERROR_RESOURCES,
};
enum linux_error linux_error_of(int result);

struct linux_file_status {
    uint64_t device, inode, size, allocated;
    int64_t created, accessed, written, changed; /* 100 ns since 1601 */
    uint32_t links;
    bool is_directory, is_read_only;
    bool is_special; /* neither file nor folder */
};

#define LINUX_NAME_BYTES 256

/* The entry of directory whose name is the same as name by same(), preferring an exact match, in
 * found. -ENOENT, -ENOTDIR. */
int linux_tree_find(struct linux_tree *tree, const char *directory, const char *name,
                    bool (*same)(const char *entry, const char *name),
                    char found[LINUX_NAME_BYTES]);

enum linux_open_flags {
    LINUX_OPEN_WRITE = 1,
    LINUX_OPEN_CREATE = 2, /* the file must not exist */
    LINUX_OPEN_DIRECTORY = 4,
};
/* A descriptor; "" is the root folder. */
int linux_tree_open_file(struct linux_tree *tree, const char *path, int flags);
int linux_tree_make_directory(struct linux_tree *tree, const char *path);
int linux_tree_remove(struct linux_tree *tree, const char *path, bool is_directory);
/* -EEXIST when the target exists and replace is not set. */
int linux_tree_rename(struct linux_tree *tree, const char *from, const char *to, bool replace);
/* Bytes of the file system that holds the root. */
int linux_tree_space(struct linux_tree *tree, uint64_t *total, uint64_t *available);

int linux_file_status(int file, struct linux_file_status *status);
int64_t linux_file_read(int file, void *buffer, size_t length, int64_t offset);
int64_t linux_file_write(int file, const void *buffer, size_t length, int64_t offset);
int linux_file_resize(int file, uint64_t size);
int linux_file_flush(int file);
/* 0 leaves a time as it is. */
int linux_file_set_times(int file, int64_t accessed, int64_t written);
int linux_file_set_read_only(int file, bool is_read_only);
void linux_file_close(int file);

/* Tells the names in an open directory, without "." and "..", until tell returns false. */
int linux_directory_list(int directory, bool (*tell)(void *context, const char *name),
                         void *context);

#endif
