/*
 * Byte-range locks: FILE_LOCK.LockInformation points at the ranges that are held and at the
 * requests that wait for one. file_lock.c: the ranges and their rules; file_lock_irp.c: requests.
 */
#ifndef SYSBUF_HOST_FS_FILE_LOCK_H
#define SYSBUF_HOST_FS_FILE_LOCK_H

#include "host/machine.h"

/* A range that is held, or wanted. */
struct range_lock {
    LIST_ENTRY link;
    FILE_LOCK_INFO info;
    PIRP irp;         /* waiting: whom it is for */
    PVOID context;    /* waiting: of its completion */
    PFILE_LOCK owner; /* waiting: where it waits */
};

struct range_locks {
    struct linux_lock lock; /* a leaf */
    LIST_ENTRY held;        /* struct range_lock.link, oldest first */
    LIST_ENTRY waiting;
};

/* What FILE_LOCK has, or NULL before the first lock. */
static inline struct range_locks *range_locks_of(PFILE_LOCK file_lock)
{
    return file_lock->LockInformation;
}

static inline FILE_LOCK_INFO range_info(const LARGE_INTEGER *offset, const LARGE_INTEGER *length,
                                        ULONG key, PFILE_OBJECT file, PVOID process)
{
    uint64_t end = (uint64_t)offset->QuadPart + (uint64_t)length->QuadPart - 1;
    return (FILE_LOCK_INFO){.StartingByte = *offset,
                            .Length = *length,
                            .Key = key,
                            .FileObject = file,
                            .ProcessId = process,
                            .EndingByte.QuadPart = (LONGLONG)end};
}

/* The same, made when there is none; NULL when memory is short. */
struct range_locks *range_locks_make(PFILE_LOCK file_lock);
/* May info be locked beside what is held? The lock is held. */
BOOLEAN range_is_free(struct range_locks *locks, const FILE_LOCK_INFO *info);
/* Locks are gone: who waits for them gets them now. No lock is held. */
void range_locks_grant(PFILE_LOCK file_lock);
/* Ends the waits of all with status. */
void range_locks_end_waits(PFILE_LOCK file_lock, NTSTATUS status);
/* Whose lock is it? file NULL: anybody's; key NULL: any. */
struct range_owner {
    PFILE_OBJECT file;
    PVOID process;
    const ULONG *key;
};
/* STATUS_RANGE_NOT_LOCKED: it holds none. */
NTSTATUS range_unlock_all(PFILE_LOCK file_lock, const struct range_owner *owner, PVOID context);

#endif
