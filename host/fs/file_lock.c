#include "host/fs/file_lock.h"
#include "host/mm/mm.h"

enum { LOCK_TAG = 0x6B4C5346 };

/* ---- ranges ---- */

static uint64_t start_of(const FILE_LOCK_INFO *info)
{
    return (uint64_t)info->StartingByte.QuadPart;
}

/* The last byte; in front of the first when there is none. */
static uint64_t end_of(const FILE_LOCK_INFO *info)
{
    return start_of(info) + (uint64_t)info->Length.QuadPart - 1;
}

static BOOLEAN is_empty(const FILE_LOCK_INFO *info)
{
    return info->Length.QuadPart == 0;
}

/* An empty range meets one that has bytes on both sides of it. */
static BOOLEAN overlap(const FILE_LOCK_INFO *a, const FILE_LOCK_INFO *b)
{
    if (is_empty(a) && is_empty(b))
        return FALSE;
    if (is_empty(a))
        return start_of(b) < start_of(a) && start_of(a) <= end_of(b);
    if (is_empty(b))
        return start_of(a) < start_of(b) && start_of(b) <= end_of(a);
    return start_of(a) <= end_of(b) && start_of(b) <= end_of(a);
}

static BOOLEAN same_owner(const FILE_LOCK_INFO *a, const FILE_LOCK_INFO *b)
{
    return a->FileObject == b->FileObject && a->ProcessId == b->ProcessId && a->Key == b->Key;
}

/* A shared lock may lie over an exclusive one of the same owner; an exclusive one over none. */
BOOLEAN range_is_free(struct range_locks *locks, const FILE_LOCK_INFO *info)
{
    for (PLIST_ENTRY link = locks->held.Flink; link != &locks->held; link = link->Flink) {
        const FILE_LOCK_INFO *other = &CONTAINING_RECORD(link, struct range_lock, link)->info;
        if (!overlap(other, info))
            continue;
        if (info->ExclusiveLock || (other->ExclusiveLock && !same_owner(other, info)))
            return FALSE;
    }
    return TRUE;
}

struct range_locks *range_locks_make(PFILE_LOCK file_lock)
{
    struct range_locks *made, *none = NULL;
    if (range_locks_of(file_lock))
        return range_locks_of(file_lock);
    made = mm_pool_allocate_zero(current_machine(), sizeof(*made), LOCK_TAG);
    if (!made)
        return NULL;
    InitializeListHead(&made->held);
    InitializeListHead(&made->waiting);
    if (__atomic_compare_exchange_n(&file_lock->LockInformation, (PVOID *)&none, made, false,
                                    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return made;
    mm_pool_free(current_machine(), made);
    return none;
}

/* ---- a lock's life ---- */

VOID NTAPI FsRtlInitializeFileLock(PFILE_LOCK file_lock, PCOMPLETE_LOCK_IRP_ROUTINE complete,
                                   PUNLOCK_ROUTINE unlock)
{
    RtlZeroMemory(file_lock, sizeof(*file_lock));
    file_lock->CompleteLockIrpRoutine = complete;
    file_lock->UnlockRoutine = unlock;
}
SB_EXPORT(FsRtlInitializeFileLock)

VOID NTAPI FsRtlUninitializeFileLock(PFILE_LOCK file_lock)
{
    static const struct range_owner anybody = {0};
    struct range_locks *locks = range_locks_of(file_lock);
    if (!locks)
        return;
    range_locks_end_waits(file_lock, STATUS_RANGE_NOT_LOCKED);
    range_unlock_all(file_lock, &anybody, NULL);
    file_lock->LockInformation = NULL;
    mm_pool_free(current_machine(), locks);
}
SB_EXPORT(FsRtlUninitializeFileLock)

PFILE_LOCK NTAPI FsRtlAllocateFileLock(PCOMPLETE_LOCK_IRP_ROUTINE complete, PUNLOCK_ROUTINE unlock)
{
    PFILE_LOCK file_lock =
        mm_pool_allocate(current_machine(), NonPagedPoolNx, sizeof(*file_lock), LOCK_TAG);
    if (file_lock)
        FsRtlInitializeFileLock(file_lock, complete, unlock);
    return file_lock;
}
SB_EXPORT(FsRtlAllocateFileLock)

VOID NTAPI FsRtlFreeFileLock(PFILE_LOCK file_lock)
{
    FsRtlUninitializeFileLock(file_lock);
    mm_pool_free(current_machine(), file_lock);
}
SB_EXPORT(FsRtlFreeFileLock)

/* ---- reads and writes ---- */

/* A read is kept out by others' exclusive locks, a write by all but the writer's exclusive ones. */
static BOOLEAN may_transfer(PFILE_LOCK file_lock, const FILE_LOCK_INFO *transfer, BOOLEAN writes)
{
    struct range_locks *locks = range_locks_of(file_lock);
    BOOLEAN may = TRUE;
    if (!locks || is_empty(transfer))
        return TRUE;
    linux_lock(&locks->lock);
    for (PLIST_ENTRY link = locks->held.Flink; link != &locks->held && may; link = link->Flink) {
        const FILE_LOCK_INFO *held = &CONTAINING_RECORD(link, struct range_lock, link)->info;
        if (overlap(held, transfer))
            may = held->ExclusiveLock ? same_owner(held, transfer) : !writes;
    }
    linux_unlock(&locks->lock);
    return may;
}

BOOLEAN NTAPI FsRtlFastCheckLockForRead(PFILE_LOCK file_lock, PLARGE_INTEGER offset,
                                        PLARGE_INTEGER length, ULONG key, PFILE_OBJECT file,
                                        PVOID process)
{
    FILE_LOCK_INFO transfer = range_info(offset, length, key, file, process);
    return may_transfer(file_lock, &transfer, FALSE);
}
SB_EXPORT(FsRtlFastCheckLockForRead)

BOOLEAN NTAPI FsRtlFastCheckLockForWrite(PFILE_LOCK file_lock, PLARGE_INTEGER offset,
                                         PLARGE_INTEGER length, ULONG key, PFILE_OBJECT file,
                                         PVOID process)
{
    FILE_LOCK_INFO transfer = range_info(offset, length, key, file, process);
    return may_transfer(file_lock, &transfer, TRUE);
}
SB_EXPORT(FsRtlFastCheckLockForWrite)

/* Reads and writes have their parameters alike. */
static FILE_LOCK_INFO transfer_of(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    return (FILE_LOCK_INFO){.StartingByte = stack->Parameters.Read.ByteOffset,
                            .Length.QuadPart = stack->Parameters.Read.Length,
                            .Key = stack->Parameters.Read.Key,
                            .FileObject = stack->FileObject,
                            .ProcessId = IoGetRequestorProcess(irp)};
}

BOOLEAN NTAPI FsRtlCheckLockForReadAccess(PFILE_LOCK file_lock, PIRP irp)
{
    FILE_LOCK_INFO transfer = transfer_of(irp);
    return may_transfer(file_lock, &transfer, FALSE);
}
SB_EXPORT(FsRtlCheckLockForReadAccess)

BOOLEAN NTAPI FsRtlCheckLockForWriteAccess(PFILE_LOCK file_lock, PIRP irp)
{
    FILE_LOCK_INFO transfer = transfer_of(irp);
    return may_transfer(file_lock, &transfer, TRUE);
}
SB_EXPORT(FsRtlCheckLockForWriteAccess)

/* ---- unlocking ---- */

static BOOLEAN is_owned(const FILE_LOCK_INFO *info, const struct range_owner *owner)
{
    return !owner->file || (info->FileObject == owner->file && info->ProcessId == owner->process &&
                            (!owner->key || info->Key == *owner->key));
}

static void gone(PFILE_LOCK file_lock, struct range_lock *range, PVOID context)
{
    if (file_lock->UnlockRoutine)
        file_lock->UnlockRoutine(context, &range->info);
    mm_pool_free(current_machine(), range);
}

static struct range_lock *take_owned(struct range_locks *locks, const struct range_owner *owner)
{
    struct range_lock *found = NULL;
    linux_lock(&locks->lock);
    for (PLIST_ENTRY link = locks->held.Flink; link != &locks->held && !found; link = link->Flink) {
        struct range_lock *range = CONTAINING_RECORD(link, struct range_lock, link);
        if (is_owned(&range->info, owner))
            found = range;
    }
    if (found)
        RemoveEntryList(&found->link);
    linux_unlock(&locks->lock);
    return found;
}

NTSTATUS range_unlock_all(PFILE_LOCK file_lock, const struct range_owner *owner, PVOID context)
{
    struct range_locks *locks = range_locks_of(file_lock);
    struct range_lock *range;
    ULONG count = 0;
    for (; locks && (range = take_owned(locks, owner)) != NULL; count++)
        gone(file_lock, range, context);
    if (count == 0)
        return STATUS_RANGE_NOT_LOCKED;
    range_locks_grant(file_lock);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI FsRtlFastUnlockAll(PFILE_LOCK file_lock, PFILE_OBJECT file, PEPROCESS process,
                                  PVOID context)
{
    struct range_owner owner = {file, process, NULL};
    return range_unlock_all(file_lock, &owner, context);
}
SB_EXPORT(FsRtlFastUnlockAll)

NTSTATUS NTAPI FsRtlFastUnlockAllByKey(PFILE_LOCK file_lock, PFILE_OBJECT file, PEPROCESS process,
                                       ULONG key, PVOID context)
{
    struct range_owner owner = {file, process, &key};
    return range_unlock_all(file_lock, &owner, context);
}
SB_EXPORT(FsRtlFastUnlockAllByKey)

/* The same range of the same owner; of two, the exclusive one first. */
static struct range_lock *take_exact(struct range_locks *locks, const FILE_LOCK_INFO *info)
{
    struct range_lock *found = NULL;
    linux_lock(&locks->lock);
    for (PLIST_ENTRY link = locks->held.Flink; link != &locks->held; link = link->Flink) {
        struct range_lock *range = CONTAINING_RECORD(link, struct range_lock, link);
        BOOLEAN is_same = same_owner(&range->info, info) &&
                          start_of(&range->info) == start_of(info) &&
                          range->info.Length.QuadPart == info->Length.QuadPart;
        if (is_same && (!found || (range->info.ExclusiveLock && !found->info.ExclusiveLock)))
            found = range;
    }
    if (found)
        RemoveEntryList(&found->link);
    linux_unlock(&locks->lock);
    return found;
}

NTSTATUS NTAPI FsRtlFastUnlockSingle(PFILE_LOCK file_lock, PFILE_OBJECT file, PLARGE_INTEGER offset,
                                     PLARGE_INTEGER length, PEPROCESS process, ULONG key,
                                     PVOID context, BOOLEAN already_synchronized)
{
    FILE_LOCK_INFO info = range_info(offset, length, key, file, process);
    struct range_locks *locks = range_locks_of(file_lock);
    struct range_lock *range = locks ? take_exact(locks, &info) : NULL;
    if (!range)
        return STATUS_RANGE_NOT_LOCKED;
    gone(file_lock, range, context);
    range_locks_grant(file_lock);
    return STATUS_SUCCESS;
}
SB_EXPORT(FsRtlFastUnlockSingle)

/* ---- enumeration: one at a time, by the caller's own order of calls ---- */

PFILE_LOCK_INFO NTAPI FsRtlGetNextFileLock(PFILE_LOCK file_lock, BOOLEAN restart)
{
    struct range_locks *locks = range_locks_of(file_lock);
    struct range_lock *next = NULL;
    if (!locks)
        return NULL;
    linux_lock(&locks->lock);
    PLIST_ENTRY link = locks->held.Flink;
    while (!restart && link != &locks->held &&
           CONTAINING_RECORD(link, struct range_lock, link) != file_lock->LastReturnedLock)
        link = link->Flink;
    if (!restart && link != &locks->held)
        link = link->Flink; /* behind the last one */
    if (link != &locks->held) {
        next = CONTAINING_RECORD(link, struct range_lock, link);
        file_lock->LastReturnedLockInfo = next->info;
    }
    file_lock->LastReturnedLock = next;
    linux_unlock(&locks->lock);
    return next ? &file_lock->LastReturnedLockInfo : NULL;
}
SB_EXPORT(FsRtlGetNextFileLock)

BOOLEAN NTAPI FsRtlAreThereCurrentOrInProgressFileLocks(PFILE_LOCK file_lock)
{
    struct range_locks *locks = range_locks_of(file_lock);
    BOOLEAN has = file_lock->LockRequestsInProgress != 0;
    if (!locks)
        return has;
    linux_lock(&locks->lock);
    has = has || !IsListEmpty(&locks->held) || !IsListEmpty(&locks->waiting);
    linux_unlock(&locks->lock);
    return has;
}
SB_EXPORT(FsRtlAreThereCurrentOrInProgressFileLocks)
