/* Byte-range locks: the structure by itself, and as ZwLockFile meets it in a file system. */
#include "volume.h"

static FILE_LOCK file_lock;
static LONG unlocked;
static ULONG unlocked_key;
static PEPROCESS self;

NTSTATUS locks_control(PIRP irp)
{
    return FsRtlProcessFileLock(&file_lock, irp, NULL);
}

static VOID NTAPI note_unlock(PVOID context, PFILE_LOCK_INFO info)
{
    (void)context;
    unlocked++;
    unlocked_key = info->Key;
}

/* Owners: file objects are told apart by address alone. */
static PFILE_OBJECT const one = (PFILE_OBJECT)0x1000, two = (PFILE_OBJECT)0x2000;

static NTSTATUS take(PFILE_OBJECT owner, LONGLONG at, LONGLONG count, BOOLEAN exclusive)
{
    LARGE_INTEGER offset = {.QuadPart = at}, length = {.QuadPart = count};
    IO_STATUS_BLOCK io = {.Status = 0x77};

    CHECK(FsRtlPrivateLock(&file_lock, owner, &offset, &length, self, 7, TRUE, exclusive, &io, NULL,
                           NULL, FALSE));
    return io.Status;
}

static NTSTATUS release(PFILE_OBJECT owner, LONGLONG at, LONGLONG count)
{
    LARGE_INTEGER offset = {.QuadPart = at}, length = {.QuadPart = count};

    return FsRtlFastUnlockSingle(&file_lock, owner, &offset, &length, self, 7, NULL, FALSE);
}

static BOOLEAN may_read(PFILE_OBJECT owner, LONGLONG at, LONGLONG count)
{
    LARGE_INTEGER offset = {.QuadPart = at}, length = {.QuadPart = count};

    return FsRtlFastCheckLockForRead(&file_lock, &offset, &length, 7, owner, self);
}

static BOOLEAN may_write(PFILE_OBJECT owner, LONGLONG at, LONGLONG count)
{
    LARGE_INTEGER offset = {.QuadPart = at}, length = {.QuadPart = count};

    return FsRtlFastCheckLockForWrite(&file_lock, &offset, &length, 7, owner, self);
}

void check_lock_rules(void)
{
    LARGE_INTEGER offset = {.QuadPart = 0}, length = {.QuadPart = 10};
    IO_STATUS_BLOCK io;

    self = PsGetCurrentProcess();
    FsRtlInitializeFileLock(&file_lock, NULL, note_unlock);
    CHECK(!FsRtlAreThereCurrentFileLocks(&file_lock));
    CHECK(may_read(one, 0, 10) && may_write(one, 0, 10));
    CHECK_STATUS(STATUS_RANGE_NOT_LOCKED, release(one, 0, 10));

    CHECK_STATUS(STATUS_SUCCESS, take(one, 100, 10, TRUE));
    CHECK(FsRtlAreThereCurrentFileLocks(&file_lock));
    CHECK_STATUS(STATUS_LOCK_NOT_GRANTED, take(two, 109, 1, FALSE));
    CHECK_STATUS(STATUS_LOCK_NOT_GRANTED, take(one, 100, 10, TRUE)); /* not even the owner */
    CHECK_STATUS(STATUS_SUCCESS, take(two, 110, 10, FALSE));
    CHECK_STATUS(STATUS_SUCCESS, take(one, 105, 10, FALSE)); /* over its own; two's is shared */
    CHECK(may_read(one, 100, 20) && !may_read(two, 100, 20) && may_read(two, 110, 10));
    CHECK(may_write(one, 100, 5) && !may_write(one, 105, 1)); /* shared: nobody writes */
    CHECK(!may_write(two, 110, 1) && !may_write(two, 100, 1) && may_write(two, 0, 100));
    CHECK(may_write(two, 100, 0));

    CHECK_STATUS(STATUS_RANGE_NOT_LOCKED, release(one, 100, 9));
    CHECK_STATUS(STATUS_RANGE_NOT_LOCKED, release(two, 100, 10));
    unlocked = 0;
    CHECK_STATUS(STATUS_SUCCESS, release(one, 100, 10));
    CHECK(unlocked == 1 && unlocked_key == 7);
    CHECK(may_write(two, 100, 5));
    CHECK_STATUS(STATUS_SUCCESS, FsRtlFastUnlockAll(&file_lock, one, self, NULL));
    CHECK(unlocked == 2);
    CHECK_STATUS(STATUS_RANGE_NOT_LOCKED, FsRtlFastUnlockAllByKey(&file_lock, two, self, 8, NULL));
    CHECK_STATUS(STATUS_SUCCESS, FsRtlFastUnlockAllByKey(&file_lock, two, self, 7, NULL));
    CHECK(unlocked == 3);

    /* nothing to wait with: FALSE, and no status */
    CHECK_STATUS(STATUS_SUCCESS, take(one, 0, 10, TRUE));
    CHECK(!FsRtlPrivateLock(&file_lock, two, &offset, &length, self, 7, FALSE, TRUE, &io, NULL,
                            NULL, FALSE));
    CHECK_STATUS(STATUS_INVALID_LOCK_RANGE, take(two, -1, 2, TRUE));
    CHECK_STATUS(STATUS_SUCCESS, take(two, -1, 1, TRUE));
    FsRtlUninitializeFileLock(&file_lock);
    CHECK(unlocked == 5);
}

void check_lock_list(void)
{
    PFILE_LOCK allocated = FsRtlAllocateFileLock(NULL, NULL);
    LARGE_INTEGER offset = {.QuadPart = 0}, length = {.QuadPart = 10};
    PFILE_LOCK_INFO info;
    IO_STATUS_BLOCK io;
    ULONG count = 0;

    CHECK(allocated != NULL && FsRtlGetNextFileLock(allocated, TRUE) == NULL);
    for (; offset.QuadPart < 50; offset.QuadPart += 10)
        CHECK(FsRtlPrivateLock(allocated, one, &offset, &length, self, 7, TRUE, TRUE, &io, NULL,
                               NULL, FALSE));
    for (info = FsRtlGetNextFileLock(allocated, TRUE); info && count < 9;
         info = FsRtlGetNextFileLock(allocated, FALSE), count++) {
        CHECK(info->StartingByte.QuadPart == 10 * count && info->Length.QuadPart == 10);
        CHECK(info->EndingByte.QuadPart == 10 * count + 9 && info->ExclusiveLock);
        CHECK(info->FileObject == one && info->ProcessId == self && info->Key == 7);
    }
    CHECK(count == 5);
    FsRtlFreeFileLock(allocated);
}

static NTSTATUS lock_range(HANDLE file, LONGLONG at, BOOLEAN fails, IO_STATUS_BLOCK *io)
{
    LARGE_INTEGER offset = {.QuadPart = at}, length = {.QuadPart = 10};

    return ZwLockFile(file, NULL, NULL, NULL, io, &offset, &length, 3, fails, TRUE);
}

static NTSTATUS unlock_range(HANDLE file, LONGLONG at)
{
    LARGE_INTEGER offset = {.QuadPart = at}, length = {.QuadPart = 10};
    IO_STATUS_BLOCK io;

    return ZwUnlockFile(file, &io, &offset, &length, 3);
}

/* Requests that wait are granted when the range gets free, and can be cancelled. */
void check_lock_requests(void)
{
    LARGE_INTEGER none = {.QuadPart = 0};
    IO_STATUS_BLOCK io, first, second;
    HANDLE owner, waiter;

    FsRtlInitializeFileLock(&file_lock, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS, volume_open(L"\\data", 0, &owner, &io));
    CHECK_STATUS(STATUS_SUCCESS, volume_open(L"\\data", 0, &waiter, &io));
    CHECK_STATUS(STATUS_SUCCESS, lock_range(owner, 0, TRUE, &io));
    CHECK_STATUS(STATUS_LOCK_NOT_GRANTED, lock_range(waiter, 5, TRUE, &io));
    CHECK_STATUS(STATUS_PENDING, lock_range(waiter, 5, FALSE, &first));
    CHECK_STATUS(STATUS_TIMEOUT, ZwWaitForSingleObject(waiter, FALSE, &none));
    CHECK_STATUS(STATUS_SUCCESS, unlock_range(owner, 0));
    CHECK_STATUS(STATUS_SUCCESS, ZwWaitForSingleObject(waiter, FALSE, &none));
    CHECK_STATUS(STATUS_SUCCESS, first.Status);
    CHECK_STATUS(STATUS_LOCK_NOT_GRANTED, lock_range(owner, 0, TRUE, &io));

    CHECK_STATUS(STATUS_PENDING, lock_range(owner, 0, FALSE, &second));
    CHECK_STATUS(STATUS_SUCCESS, ZwCancelIoFile(owner, &io));
    CHECK_STATUS(STATUS_CANCELLED, second.Status);
    CHECK_STATUS(STATUS_SUCCESS, unlock_range(waiter, 5));
    CHECK_STATUS(STATUS_RANGE_NOT_LOCKED, unlock_range(waiter, 5));
    CHECK_STATUS(STATUS_SUCCESS, lock_range(owner, 0, TRUE, &io));

    CHECK_STATUS(STATUS_PENDING, lock_range(waiter, 0, FALSE, &first));
    FsRtlUninitializeFileLock(&file_lock);
    CHECK_STATUS(STATUS_RANGE_NOT_LOCKED, first.Status);
    ZwClose(owner);
    ZwClose(waiter);
}
