/* IRP_MJ_READ, WRITE, FLUSH_BUFFERS: buffered I/O on the Linux file. */
#include "host/fs/fs.h"

static struct fs_open *file_of(PIO_STACK_LOCATION stack)
{
    struct fs_open *open = stack->FileObject->FsContext2;
    return open && open->node && !open->node->is_directory ? open : NULL;
}

static void advance(PFILE_OBJECT file, int64_t end)
{
    if (file->Flags & FO_SYNCHRONOUS_IO)
        file->CurrentByteOffset.QuadPart = end;
}

NTSTATUS fs_read(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct fs_open *open = file_of(stack);
    ULONG length = stack->Parameters.Read.Length;
    int64_t offset = stack->Parameters.Read.ByteOffset.QuadPart;
    if (!open)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (stack->Parameters.Read.ByteOffset.HighPart == -1 &&
        stack->Parameters.Read.ByteOffset.LowPart == FILE_USE_FILE_POINTER_POSITION)
        offset = stack->FileObject->CurrentByteOffset.QuadPart;
    if (offset < 0)
        return STATUS_INVALID_PARAMETER;
    if (!length)
        return STATUS_SUCCESS;
    int64_t got = linux_file_read(open->file, irp->AssociatedIrp.SystemBuffer, length, offset);
    if (got < 0)
        return fs_status((int)got);
    if (got == 0)
        return STATUS_END_OF_FILE;
    irp->IoStatus.Information = (ULONG_PTR)got;
    advance(stack->FileObject, offset + got);
    return STATUS_SUCCESS;
}

/* Where a write goes: the offset given, the file's position or, also for handles that may only
 * append, its end. */
static NTSTATUS write_offset(struct fs_open *open, PIO_STACK_LOCATION stack, int64_t *offset)
{
    LARGE_INTEGER asked = stack->Parameters.Write.ByteOffset;
    struct linux_file_status status;
    BOOLEAN appends = !(open->access & FILE_WRITE_DATA) && (open->access & FILE_APPEND_DATA);
    if (asked.HighPart == -1 && asked.LowPart == FILE_WRITE_TO_END_OF_FILE)
        appends = TRUE;
    else if (asked.HighPart == -1 && asked.LowPart == FILE_USE_FILE_POINTER_POSITION)
        asked = stack->FileObject->CurrentByteOffset;
    if (appends) {
        int result = linux_file_status(open->file, &status);
        if (result < 0)
            return fs_status(result);
        asked.QuadPart = (int64_t)status.size;
    }
    *offset = asked.QuadPart;
    return *offset < 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

NTSTATUS fs_write(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct fs_open *open = file_of(stack);
    ULONG length = stack->Parameters.Write.Length;
    int64_t offset = 0;
    if (!open)
        return STATUS_INVALID_DEVICE_REQUEST;
    NTSTATUS status = write_offset(open, stack, &offset);
    if (!NT_SUCCESS(status) || !length)
        return status;
    int64_t put = linux_file_write(open->file, irp->AssociatedIrp.SystemBuffer, length, offset);
    if (put < 0)
        return fs_status((int)put);
    irp->IoStatus.Information = (ULONG_PTR)put;
    advance(stack->FileObject, offset + put);
    return put < (int64_t)length ? STATUS_DISK_FULL : STATUS_SUCCESS;
}

NTSTATUS fs_flush(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct fs_open *open = file_of(stack);
    if (!open)
        return STATUS_SUCCESS; /* of a folder or the volume there is nothing to write */
    int result = linux_file_flush(open->file);
    return result < 0 ? fs_status(result) : STATUS_SUCCESS;
}
