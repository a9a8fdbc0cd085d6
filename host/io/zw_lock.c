/* ZwLockFile, ZwUnlockFile: ranges of a file, which its file system keeps. */
#include "host/io/zw.h"

NTSTATUS NTAPI ZwLockFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
                          PIO_STATUS_BLOCK result, PLARGE_INTEGER offset, PLARGE_INTEGER length,
                          ULONG key, BOOLEAN fails_at_once, BOOLEAN is_exclusive)
{
    struct io_request request = {.mode = KernelMode,
                                 .major = IRP_MJ_LOCK_CONTROL,
                                 .minor = IRP_MN_LOCK,
                                 .apc_routine = apc,
                                 .apc_context = apc_context,
                                 .status_block = result,
                                 .offset = *offset,
                                 .lock_length = *length,
                                 .key = key,
                                 .flags = (UCHAR)((fails_at_once ? SL_FAIL_IMMEDIATELY : 0) |
                                                  (is_exclusive ? SL_EXCLUSIVE_LOCK : 0))};
    return zw_send(file, event, &request);
}
SB_EXPORT(ZwLockFile)

static NTSTATUS unlock(PFILE_OBJECT file, PLARGE_INTEGER offset, PLARGE_INTEGER length, ULONG key,
                       ULONG_PTR *information)
{
    PDEVICE_OBJECT device;
    PIRP irp = io_file_irp(file, IRP_MJ_LOCK_CONTROL, &device);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    stack->MinorFunction = IRP_MN_UNLOCK_SINGLE;
    stack->Parameters.LockControl.Length = length;
    stack->Parameters.LockControl.Key = key;
    stack->Parameters.LockControl.ByteOffset = *offset;
    return io_call_and_wait(device, irp, information);
}

/* Waits for the end, on any file. */
NTSTATUS NTAPI ZwUnlockFile(HANDLE handle, PIO_STATUS_BLOCK result, PLARGE_INTEGER offset,
                            PLARGE_INTEGER length, ULONG key)
{
    LARGE_INTEGER captured = *length;
    ULONG_PTR information = 0;
    struct io_file *file;
    ACCESS_MASK granted;
    NTSTATUS status = zw_file(handle, 0, KernelMode, &file, &granted);
    if (!NT_SUCCESS(status))
        return status;
    BOOLEAN in_turn = (file->file.Flags & FO_SYNCHRONOUS_IO) != 0;
    if (in_turn && !io_file_enter(&file->file)) {
        ob_dereference(file);
        return STATUS_THREAD_IS_TERMINATING;
    }
    status = unlock(&file->file, offset, &captured, key, &information);
    if (in_turn)
        io_file_leave(&file->file);
    ob_dereference(file);
    if (!NT_ERROR(status))
        *result = (IO_STATUS_BLOCK){.Status = status, .Information = information};
    return status;
}
SB_EXPORT(ZwUnlockFile)
