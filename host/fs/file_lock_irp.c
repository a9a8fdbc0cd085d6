/* Requests for byte-range locks: granted, refused, waiting, cancelled. */
#include "host/fs/file_lock.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { WAIT_TAG = 0x774C5346 };

static struct range_lock *waiting_of(PIRP irp)
{
    return irp->Tail.Overlay.DriverContext[0];
}

/* The file system completes the request itself where it has asked for that; it may still refuse. */
static NTSTATUS complete(PFILE_LOCK file_lock, PIRP irp, PVOID context, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    if (file_lock->CompleteLockIrpRoutine)
        return file_lock->CompleteLockIrpRoutine(context, irp);
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* ---- waiting ---- */

static VOID NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{
    struct range_lock *range = waiting_of(irp);
    struct range_locks *locks = range_locks_of(range->owner);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    linux_lock(&locks->lock);
    RemoveEntryList(&range->link);
    linux_unlock(&locks->lock);
    complete(range->owner, irp, range->context, STATUS_CANCELLED);
    mm_pool_free(current_machine(), range);
}

/* The lock is held. FALSE: it was cancelled already. */
static BOOLEAN wait(struct range_locks *locks, struct range_lock *range)
{
    PIRP irp = range->irp;
    IoMarkIrpPending(irp);
    irp->Tail.Overlay.DriverContext[0] = range;
    InsertTailList(&locks->waiting, &range->link);
    IoSetCancelRoutine(irp, cancel);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL)) {
        RemoveEntryList(&range->link);
        return FALSE;
    }
    return TRUE;
}

/* Once held, a range may go at any time: what is told of it is a copy. */
static void tell_held(PFILE_LOCK file_lock, const struct range_lock *range, NTSTATUS *status)
{
    FILE_LOCK_INFO info = range->info;
    file_lock->FastIoIsQuestionable = TRUE;
    *status = STATUS_SUCCESS;
    if (range->irp)
        *status = complete(file_lock, range->irp, range->context, STATUS_SUCCESS);
    if (!NT_SUCCESS(*status)) /* the file system takes it back */
        FsRtlFastUnlockSingle(file_lock, info.FileObject, &info.StartingByte, &info.Length,
                              info.ProcessId, info.Key, range->context, FALSE);
}

/* Takes one that waits and need not any more; who is just being cancelled is the canceller's. */
static BOOLEAN take_grantable(struct range_locks *locks, struct range_lock *copy)
{
    struct range_lock *found = NULL;
    linux_lock(&locks->lock);
    for (PLIST_ENTRY link = locks->waiting.Flink; link != &locks->waiting && !found;
         link = link->Flink) {
        struct range_lock *range = CONTAINING_RECORD(link, struct range_lock, link);
        if (range_is_free(locks, &range->info) && IoSetCancelRoutine(range->irp, NULL))
            found = range;
    }
    if (found) {
        RemoveEntryList(&found->link);
        InsertTailList(&locks->held, &found->link);
        *copy = *found;
    }
    linux_unlock(&locks->lock);
    return found != NULL;
}

void range_locks_grant(PFILE_LOCK file_lock)
{
    struct range_locks *locks = range_locks_of(file_lock);
    struct range_lock granted;
    NTSTATUS status;
    while (take_grantable(locks, &granted))
        tell_held(file_lock, &granted, &status);
}

void range_locks_end_waits(PFILE_LOCK file_lock, NTSTATUS status)
{
    struct range_locks *locks = range_locks_of(file_lock);
    for (;;) {
        struct range_lock *found = NULL;
        linux_lock(&locks->lock);
        for (PLIST_ENTRY link = locks->waiting.Flink; link != &locks->waiting && !found;
             link = link->Flink) {
            struct range_lock *range = CONTAINING_RECORD(link, struct range_lock, link);
            if (IoSetCancelRoutine(range->irp, NULL))
                found = range;
        }
        if (found)
            RemoveEntryList(&found->link);
        linux_unlock(&locks->lock);
        if (!found)
            return;
        complete(file_lock, found->irp, found->context, status);
        mm_pool_free(current_machine(), found);
    }
}

/* ---- locking ---- */

static BOOLEAN is_valid(const FILE_LOCK_INFO *info)
{
    uint64_t start = (uint64_t)info->StartingByte.QuadPart;
    uint64_t length = (uint64_t)info->Length.QuadPart;
    return length == 0 || start + length - 1 >= start;
}

enum outcome { HELD, REFUSED, CANCELLED, WAITS, NO_ANSWER };

static enum outcome place(struct range_locks *locks, struct range_lock *range, BOOLEAN waits)
{
    enum outcome outcome;
    linux_lock(&locks->lock);
    if (range_is_free(locks, &range->info)) {
        InsertTailList(&locks->held, &range->link);
        outcome = HELD;
    } else if (!waits) {
        outcome = REFUSED;
    } else if (!range->irp) {
        outcome = NO_ANSWER;
    } else {
        outcome = wait(locks, range) ? WAITS : CANCELLED;
    }
    linux_unlock(&locks->lock);
    return outcome;
}

/* FALSE: it cannot be had now, and there is no request that could wait. */
static BOOLEAN lock(PFILE_LOCK file_lock, const FILE_LOCK_INFO *info, BOOLEAN waits, PIRP irp,
                    PVOID context, NTSTATUS *status)
{
    static const NTSTATUS statuses[] = {
        [REFUSED] = STATUS_LOCK_NOT_GRANTED, [CANCELLED] = STATUS_CANCELLED};
    struct range_locks *locks = range_locks_make(file_lock);
    struct range_lock *range =
        locks ? mm_pool_allocate(current_machine(), NonPagedPoolNx, sizeof(*range), WAIT_TAG)
              : NULL;
    if (!range)
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES); /* as documented of the routines that lock */
    const struct range_lock wanted = {
        .info = *info, .irp = irp, .context = context, .owner = file_lock};
    *range = wanted;
    enum outcome outcome = place(locks, range, waits);
    if (outcome == WAITS) {
        *status = STATUS_PENDING;
        return TRUE;
    }
    if (outcome == HELD) {
        tell_held(file_lock, &wanted, status);
        return TRUE;
    }
    mm_pool_free(current_machine(), range);
    if (outcome == NO_ANSWER)
        return FALSE;
    *status = irp ? complete(file_lock, irp, context, statuses[outcome]) : statuses[outcome];
    return TRUE;
}

BOOLEAN NTAPI FsRtlPrivateLock(PFILE_LOCK file_lock, PFILE_OBJECT file, PLARGE_INTEGER offset,
                               PLARGE_INTEGER length, PEPROCESS process, ULONG key,
                               BOOLEAN fails_at_once, BOOLEAN is_exclusive,
                               PIO_STATUS_BLOCK status_block, PIRP irp, PVOID context,
                               BOOLEAN already_synchronized)
{
    FILE_LOCK_INFO info = range_info(offset, length, key, file, process);
    info.ExclusiveLock = is_exclusive;
    status_block->Information = 0;
    if (is_valid(&info))
        return lock(file_lock, &info, !fails_at_once, irp, context, &status_block->Status);
    status_block->Status = irp ? complete(file_lock, irp, context, STATUS_INVALID_LOCK_RANGE)
                               : STATUS_INVALID_LOCK_RANGE;
    return TRUE;
}
SB_EXPORT(FsRtlPrivateLock)

static NTSTATUS unlock(PFILE_LOCK file_lock, PIRP irp, PIO_STACK_LOCATION stack, PVOID context)
{
    PFILE_OBJECT file = stack->FileObject;
    PEPROCESS process = IoGetRequestorProcess(irp);
    ULONG key = stack->Parameters.LockControl.Key;
    switch (stack->MinorFunction) {
    case IRP_MN_UNLOCK_SINGLE:
        return FsRtlFastUnlockSingle(file_lock, file, &stack->Parameters.LockControl.ByteOffset,
                                     stack->Parameters.LockControl.Length, process, key, context,
                                     FALSE);
    case IRP_MN_UNLOCK_ALL:
        return FsRtlFastUnlockAll(file_lock, file, process, context);
    case IRP_MN_UNLOCK_ALL_BY_KEY:
        return FsRtlFastUnlockAllByKey(file_lock, file, process, key, context);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

/* The request is no longer the caller's. */
NTSTATUS NTAPI FsRtlProcessFileLock(PFILE_LOCK file_lock, PIRP irp, PVOID context)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    IO_STATUS_BLOCK result = {.Status = STATUS_SUCCESS};
    if (stack->MinorFunction != IRP_MN_LOCK)
        return complete(file_lock, irp, context, unlock(file_lock, irp, stack, context));
    FsRtlPrivateLock(file_lock, stack->FileObject, &stack->Parameters.LockControl.ByteOffset,
                     stack->Parameters.LockControl.Length, IoGetRequestorProcess(irp),
                     stack->Parameters.LockControl.Key, (stack->Flags & SL_FAIL_IMMEDIATELY) != 0,
                     (stack->Flags & SL_EXCLUSIVE_LOCK) != 0, &result, irp, context, FALSE);
    return result.Status;
}
SB_EXPORT(FsRtlProcessFileLock)
