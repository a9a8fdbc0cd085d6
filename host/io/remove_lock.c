/*
 * Remove locks: a count of a device's users that lets its removal wait for them. IoCount starts at
 * 1 (the device's own); the lock lives in the driver's memory with the free build's layout, or with
 * the checked build's behind it.
 */
#include "host/io/io.h"
#include "host/ke/schedule.h"

VOID NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK lock, ULONG tag, ULONG minutes,
                                    ULONG high_watermark, ULONG size)
{
    RtlZeroMemory(lock, size);
    lock->Common.Removed = FALSE;
    lock->Common.IoCount = 1;
    KeInitializeEvent(&lock->Common.RemoveEvent, SynchronizationEvent, FALSE);
}
SB_EXPORT(IoInitializeRemoveLockEx)

NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, PCSTR file, ULONG line,
                                     ULONG size)
{
    schedule_choice(current_machine());
    __atomic_add_fetch(&lock->Common.IoCount, 1, __ATOMIC_ACQ_REL);
    if (!lock->Common.Removed)
        return STATUS_SUCCESS;
    if (__atomic_sub_fetch(&lock->Common.IoCount, 1, __ATOMIC_ACQ_REL) == 0)
        KeSetEvent(&lock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
    return STATUS_DELETE_PENDING;
}
SB_EXPORT(IoAcquireRemoveLockEx)

VOID NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG size)
{
    if (__atomic_sub_fetch(&lock->Common.IoCount, 1, __ATOMIC_ACQ_REL) == 0)
        KeSetEvent(&lock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
    else
        schedule_choice(current_machine());
}
SB_EXPORT(IoReleaseRemoveLockEx)

VOID NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG size)
{
    lock->Common.Removed = TRUE;
    /* The caller's own acquisition and the device's. */
    __atomic_sub_fetch(&lock->Common.IoCount, 1, __ATOMIC_ACQ_REL);
    if (__atomic_sub_fetch(&lock->Common.IoCount, 1, __ATOMIC_ACQ_REL) > 0)
        KeWaitForSingleObject(&lock->Common.RemoveEvent, Executive, KernelMode, FALSE, NULL);
}
SB_EXPORT(IoReleaseRemoveLockAndWaitEx)
