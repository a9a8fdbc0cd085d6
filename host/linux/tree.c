#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h> /* renameat2 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/linux/tree.h"

#define UNITS_PER_SECOND 10000000ll
#define SECONDS_TO_1970  11644473600ll

enum linux_error linux_error_of(int result)
{
    switch (-result) {
    case ENOENT:
        return LINUX_ERROR_NOT_FOUND;
    case ENOTDIR:
        return LINUX_ERROR_NOT_DIRECTORY;
    case EISDIR:
        return LINUX_ERROR_IS_DIRECTORY;
    case EACCES:
    case EPERM:
    case EROFS:
    case EXDEV: /* openat2 and renameat2 about ways out of the tree */
    case ELOOP:
    case ETXTBSY:
        return LINUX_ERROR_DENIED;
    case EEXIST:
        return LINUX_ERROR_EXISTS;
    case ENOTEMPTY:
        return LINUX_ERROR_NOT_EMPTY;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return LINUX_ERROR_FULL;
    case ENAMETOOLONG:
    case EILSEQ:
        return LINUX_ERROR_NAME;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return LINUX_ERROR_RESOURCES;
    default:
        return LINUX_ERROR_OTHER;
    }
}

struct linux_tree {
    int root;
};

int linux_tree_open(const char *path, struct linux_tree **opened)
{
    int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return -errno;
    struct linux_tree *tree = malloc(sizeof(*tree));
    if (!tree) {
        close(root);
        return -ENOMEM;
    }
    tree->root = root;
    *opened = tree;
    return 0;
}

void linux_tree_close(struct linux_tree *tree)
{
    if (!tree)
        return;
    close(tree->root);
    free(tree);
}

/* Opens below the root; symbolic links may lead about inside it but never out of it. */
static int open_beneath(struct linux_tree *tree, const char *path, uint64_t flags, uint64_t mode)
{
    struct open_how how = {.flags = flags | O_CLOEXEC,
                           .mode = mode,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long file;
    do
        file = syscall(SYS_openat2, tree->root, *path ? path : ".", &how, sizeof(how));
    while (file < 0 && (errno == EINTR || errno == EAGAIN));
    return file < 0 ? -errno : (int)file;
}

/* The folder of path, and the name in it. */
static int open_parent(struct linux_tree *tree, const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path)) : strdup("");
    if (!folder)
        return -ENOMEM;
    int parent = open_beneath(tree, folder, O_PATH | O_DIRECTORY, 0);
    free(folder);
    *name = slash ? slash + 1 : path;
    return parent;
}

struct search {
    const char *name;
    bool (*same)(const char *entry, const char *name);
    char *found;
    bool has_found;
};

static bool look(void *context, const char *entry)
{
    struct search *search = context;
    if (strlen(entry) >= LINUX_NAME_BYTES || !search->same(entry, search->name))
        return true;
    bool is_exact = strcmp(entry, search->name) == 0;
    if (is_exact || !search->has_found)
        strcpy(search->found, entry);
    search->has_found = true;
    return !is_exact;
}

int linux_tree_find(struct linux_tree *tree, const char *directory, const char *name,
                    bool (*same)(const char *entry, const char *name), char found[LINUX_NAME_BYTES])
{
    struct search search = {name, same, found, false};
    int folder = open_beneath(tree, directory, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0)
        return folder;
    int result = linux_directory_list(folder, look, &search);
    close(folder);
    if (result < 0)
        return result;
    return search.has_found ? 0 : -ENOENT;
}

int linux_tree_open_file(struct linux_tree *tree, const char *path, int flags)
{
    if (flags & LINUX_OPEN_DIRECTORY)
        return open_beneath(tree, path, O_RDONLY | O_DIRECTORY, 0);
    /* O_NONBLOCK: a FIFO must not hold up the caller. */
    uint64_t how = ((flags & LINUX_OPEN_WRITE) ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY;
    if (!(flags & LINUX_OPEN_CREATE))
        return open_beneath(tree, path, how, 0);
    return open_beneath(tree, path, how | O_CREAT | O_EXCL, 0666);
}

int linux_tree_make_directory(struct linux_tree *tree, const char *path)
{
    const char *name;
    int parent = open_parent(tree, path, &name);
    if (parent < 0)
        return parent;
    int result = mkdirat(parent, name, 0777) ? -errno : 0;
    close(parent);
    return result;
}

int linux_tree_remove(struct linux_tree *tree, const char *path, bool is_directory)
{
    const char *name;
    int parent = open_parent(tree, path, &name);
    if (parent < 0)
        return parent;
    int result = unlinkat(parent, name, is_directory ? AT_REMOVEDIR : 0) ? -errno : 0;
    close(parent);
    return result;
}

int linux_tree_rename(struct linux_tree *tree, const char *from, const char *to, bool replace)
{
    const char *from_name, *to_name;
    int result = 0;
    int from_parent = open_parent(tree, from, &from_name);
    if (from_parent < 0)
        return from_parent;
    int to_parent = open_parent(tree, to, &to_name);
    if (to_parent < 0) {
        result = to_parent;
        goto close_from;
    }
    if (renameat2(from_parent, from_name, to_parent, to_name, replace ? 0 : RENAME_NOREPLACE))
        result = -errno;
    close(to_parent);
close_from:
    close(from_parent);
    return result;
}

int linux_tree_space(struct linux_tree *tree, uint64_t *total, uint64_t *available)
{
    struct statvfs status;
    if (fstatvfs(tree->root, &status))
        return -errno;
    *total = (uint64_t)status.f_blocks * status.f_frsize;
    *available = (uint64_t)status.f_bavail * status.f_frsize;
    return 0;
}

static int64_t nt_time(int64_t seconds, uint32_t nanoseconds)
{
    return (seconds + SECONDS_TO_1970) * UNITS_PER_SECOND + nanoseconds / 100;
}

int linux_file_status(int file, struct linux_file_status *status)
{
    struct statx found;
    if (statx(file, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &found))
        return -errno;
    struct statx_timestamp created =
        found.stx_mask & STATX_BTIME ? found.stx_btime : found.stx_mtime;
    *status = (struct linux_file_status){
        .device = (uint64_t)found.stx_dev_major << 32 | found.stx_dev_minor,
        .inode = found.stx_ino,
        .size = S_ISREG(found.stx_mode) ? found.stx_size : 0,
        .allocated = S_ISREG(found.stx_mode) ? found.stx_blocks * 512 : 0,
        .created = nt_time(created.tv_sec, created.tv_nsec),
        .accessed = nt_time(found.stx_atime.tv_sec, found.stx_atime.tv_nsec),
        .written = nt_time(found.stx_mtime.tv_sec, found.stx_mtime.tv_nsec),
        .changed = nt_time(found.stx_ctime.tv_sec, found.stx_ctime.tv_nsec),
        .links = found.stx_nlink,
        .is_directory = S_ISDIR(found.stx_mode),
        .is_read_only = !S_ISDIR(found.stx_mode) && !(found.stx_mode & 0222),
        .is_special = !S_ISDIR(found.stx_mode) && !S_ISREG(found.stx_mode)};
    return 0;
}

int64_t linux_file_read(int file, void *buffer, size_t length, int64_t offset)
{
    size_t done = 0;
    while (done < length) {
        ssize_t got = pread(file, (char *)buffer + done, length - done, offset + (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (int64_t)done;
}

int64_t linux_file_write(int file, const void *buffer, size_t length, int64_t offset)
{
    size_t done = 0;
    while (done < length) {
        ssize_t put =
            pwrite(file, (const char *)buffer + done, length - done, offset + (off_t)done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return done ? (int64_t)done : -errno;
        done += (size_t)put;
    }
    return (int64_t)done;
}

int linux_file_resize(int file, uint64_t size)
{
    return ftruncate(file, (off_t)size) ? -errno : 0;
}

int linux_file_flush(int file)
{
    return fsync(file) ? -errno : 0;
}

static struct timespec linux_time(int64_t time)
{
    if (time == 0)
        return (struct timespec){.tv_nsec = UTIME_OMIT};
    return (struct timespec){.tv_sec = time / UNITS_PER_SECOND - SECONDS_TO_1970,
                             .tv_nsec = time % UNITS_PER_SECOND * 100};
}

int linux_file_set_times(int file, int64_t accessed, int64_t written)
{
    struct timespec times[2] = {linux_time(accessed), linux_time(written)};
    return futimens(file, times) ? -errno : 0;
}

int linux_file_set_read_only(int file, bool is_read_only)
{
    struct stat status;
    if (fstat(file, &status))
        return -errno;
    mode_t mode = status.st_mode & 07777;
    mode = is_read_only ? mode & ~(mode_t)0222 : mode | 0200;
    return fchmod(file, mode) ? -errno : 0;
}

void linux_file_close(int file)
{
    close(file);
}

int linux_directory_list(int directory, bool (*tell)(void *context, const char *name),
                         void *context)
{
    /* A description of its own, so that two listings do not share a position. */
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0)
        return -errno;
    DIR *stream = fdopendir(copy);
    if (!stream) {
        int error = errno;
        close(copy);
        return -error;
    }
    for (struct dirent *entry; (entry = readdir(stream));)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
            !tell(context, entry->d_name))
            break;
    closedir(stream);
    return 0;
}
