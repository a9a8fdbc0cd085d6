/*
 * The file system driver behind \Device\HarddiskVolume1 (\??\C:): a Linux folder shown as an NT
 * volume. It is a driver like any other: requests reach it as IRPs, its routines run at
 * PASSIVE_LEVEL and complete what they get at once.
 *
 * Lock: fs_volume.lock guards nodes and opens; it is not held across Linux calls that touch files.
 */
#ifndef SYSBUF_HOST_FS_H
#define SYSBUF_HOST_FS_H

#include "host/linux/tree.h"
#include "host/machine.h"

enum { FS_TAG = 0x73467353, FS_PATH_BYTES = 4096 }; /* "SsFs" in memory */

/* An open Linux file, whoever opened it: what its NT opens share. */
struct fs_node {
    LIST_ENTRY link; /* fs_volume.nodes */
    uint64_t device, inode;
    SHARE_ACCESS share;
    ULONG opens;      /* handles' file objects before their cleanup */
    ULONG references; /* file objects before their close */
    BOOLEAN is_directory, delete_pending, is_removed;
    char *path; /* below the root, as Linux writes it; host memory */
};

/* FILE_OBJECT.FsContext2. */
struct fs_open {
    LIST_ENTRY link;      /* fs_volume.opens */
    struct fs_node *node; /* NULL: the volume itself */
    int file;             /* Linux descriptor, -1 for the volume */
    ACCESS_MASK access;
    BOOLEAN delete_on_close;
    struct fs_listing *listing; /* of a directory, from the first query on */
    ULONG position;             /* the next entry */
};

struct fs_volume {
    struct machine *machine;
    struct linux_tree *tree;
    struct linux_lock lock;
    LIST_ENTRY nodes, opens;
    PDEVICE_OBJECT device;
};

NTSTATUS fs_initialize(struct machine *machine); /* nothing to do without a root directory */
void fs_destroy(struct machine *machine);

static inline struct fs_volume *fs_volume_of(PDEVICE_OBJECT device)
{
    return *(struct fs_volume **)device->DeviceExtension;
}

NTSTATUS fs_status(int result); /* of a negative Linux result */

/* ---- names (path.c) ---- */
/* Where an NT path ("\dir\file", any case) leads in Linux. */
struct fs_path {
    char text[FS_PATH_BYTES]; /* resolved; with the last component even when it does not exist */
    char wanted[LINUX_NAME_BYTES]; /* the last component as it was asked for */
    BOOLEAN exists;
    BOOLEAN names_directory; /* it ended with a backslash */
};
/* STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_PATH_NOT_FOUND (a folder on the way), ... */
NTSTATUS fs_path_resolve(struct fs_volume *volume, PCUNICODE_STRING name, struct fs_path *path);
/* UTF-8 of host memory as UTF-16, count units at most; returns the units. */
ULONG fs_name_to_unicode(const char *name, PWSTR units, ULONG count);

/* ---- requests: each returns the status and sets irp->IoStatus.Information; none completes ---- */
NTSTATUS fs_create(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS fs_cleanup(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS fs_close(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS fs_read(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS fs_write(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS fs_flush(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS fs_query_information(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS fs_set_information(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS fs_query_volume(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);
NTSTATUS fs_directory_control(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack);

ULONG fs_attributes(const struct linux_file_status *status);
void fs_listing_free(struct fs_listing *listing);

#endif
