#include "host/mm/section_file.h"

#include "host/io/zw.h"
#include "host/ke/ke.h"
#include "host/mm/mdl.h"
#include "host/ps/ps.h"

struct section_file {
    HANDLE handle; /* a kernel handle of ours */
    BOOLEAN writable;
    SIZE_T length;
    FAST_MUTEX flushing;
    uint8_t *written; /* what the file holds as far as this section knows; host heap */
};

static NTSTATUS file_length(HANDLE handle, LONGLONG *length)
{
    FILE_STANDARD_INFORMATION information;
    IO_STATUS_BLOCK result;
    NTSTATUS status = ZwQueryInformationFile(handle, &result, &information, sizeof(information),
                                             FileStandardInformation);
    if (NT_SUCCESS(status) && information.Directory)
        status = STATUS_INVALID_FILE_FOR_SECTION;
    *length = information.EndOfFile.QuadPart;
    return status;
}

static NTSTATUS choose_length(struct section_file *file, LARGE_INTEGER *size)
{
    FILE_END_OF_FILE_INFORMATION end;
    IO_STATUS_BLOCK result;
    LONGLONG length;
    NTSTATUS status = file_length(file->handle, &length);
    if (!NT_SUCCESS(status))
        return status;
    if (size->QuadPart == 0)
        size->QuadPart = length;
    if (size->QuadPart == 0)
        return STATUS_MAPPED_FILE_SIZE_ZERO;
    if (size->QuadPart <= length)
        return STATUS_SUCCESS;
    if (!file->writable)
        return STATUS_SECTION_TOO_BIG;
    end.EndOfFile = *size;
    return ZwSetInformationFile(file->handle, &result, &end, sizeof(end), FileEndOfFileInformation);
}

NTSTATUS mm_section_file_open(HANDLE handle, KPROCESSOR_MODE mode, BOOLEAN writable,
                              LARGE_INTEGER *size, struct section_file **opened)
{
    ACCESS_MASK access = FILE_READ_DATA | (writable ? FILE_WRITE_DATA : 0), granted;
    struct io_file *object;
    NTSTATUS status = zw_file(handle, access, mode, &object, &granted);
    if (!NT_SUCCESS(status))
        return status;
    struct section_file *file = linux_allocate(sizeof(*file));
    status = STATUS_INSUFFICIENT_RESOURCES;
    if (!file)
        goto no_file;
    status = ob_handle_create(current_machine()->ps->system_process, object,
                              access | SYNCHRONIZE | FILE_READ_ATTRIBUTES, 0, &file->handle);
    if (!NT_SUCCESS(status))
        goto no_handle;
    ExInitializeFastMutex(&file->flushing);
    file->writable = writable;
    status = choose_length(file, size);
    if (!NT_SUCCESS(status))
        goto no_length;
    file->length = (SIZE_T)size->QuadPart;
    ob_dereference(object);
    *opened = file;
    return STATUS_SUCCESS;
no_length:
    ZwClose(file->handle);
no_handle:
    linux_free(file);
no_file:
    ob_dereference(object);
    return status;
}

/* Reads or writes length bytes at offset, waiting for an overlapped file too. */
static NTSTATUS transfer(struct section_file *file, void *buffer, SIZE_T length, SIZE_T offset,
                         BOOLEAN writes)
{
    IO_STATUS_BLOCK result = {0};
    LARGE_INTEGER place = {.QuadPart = (LONGLONG)offset};
    NTSTATUS status = writes ? ZwWriteFile(file->handle, NULL, NULL, NULL, &result, buffer,
                                           (ULONG)length, &place, NULL)
                             : ZwReadFile(file->handle, NULL, NULL, NULL, &result, buffer,
                                          (ULONG)length, &place, NULL);
    if (status == STATUS_PENDING) {
        ZwWaitForSingleObject(file->handle, FALSE, NULL);
        status = result.Status;
    }
    return status == STATUS_END_OF_FILE ? STATUS_SUCCESS : status;
}

/* The section's pages at an address of the host's, for as long as it needs them. */
static uint8_t *pages_open(struct section *section)
{
    struct machine *machine = object_header_of(section)->machine;
    SIZE_T count = section->region->size / PAGE_SIZE;
    PFN_NUMBER *frames = linux_allocate(count * sizeof(*frames));
    if (!frames)
        return NULL;
    for (SIZE_T i = 0; i < count; i++)
        frames[i] = mm_frame_of(section->region->base) + i;
    uint8_t *pages = mm_frames_map(machine, NULL, NULL, frames, count, LINUX_READ_WRITE);
    linux_free(frames);
    return pages;
}

NTSTATUS mm_section_file_read(struct section_file *file, uint8_t *contents)
{
    enum { PART = 1 << 20 };
    NTSTATUS status = STATUS_SUCCESS;
    for (SIZE_T done = 0; done < file->length && NT_SUCCESS(status); done += PART) {
        SIZE_T part = file->length - done < PART ? file->length - done : PART;
        status = transfer(file, contents + done, part, done, FALSE);
    }
    return status;
}

NTSTATUS mm_section_file_load(struct section *section)
{
    struct section_file *file = section->file;
    uint8_t *pages = pages_open(section);
    NTSTATUS status = pages ? mm_section_file_read(file, pages) : STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status) && file->writable) {
        file->written = linux_allocate(file->length);
        if (file->written)
            __builtin_memcpy(file->written, pages, file->length);
        else
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (pages)
        mm_pages_free(object_header_of(section)->machine, pages);
    return status;
}

static NTSTATUS write_changes(struct section_file *file, uint8_t *pages)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (SIZE_T done = 0; done < file->length; done += PAGE_SIZE) {
        SIZE_T part = file->length - done < PAGE_SIZE ? file->length - done : PAGE_SIZE;
        if (__builtin_memcmp(pages + done, file->written + done, part) == 0)
            continue;
        __builtin_memcpy(file->written + done, pages + done, part); /* views go on changing it */
        NTSTATUS result = transfer(file, file->written + done, part, done, TRUE);
        if (!NT_SUCCESS(result))
            status = result;
    }
    return status;
}

NTSTATUS mm_section_file_flush(struct section *section)
{
    struct section_file *file = section->file;
    if (!file || !file->written)
        return STATUS_SUCCESS;
    uint8_t *pages = pages_open(section);
    if (!pages)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&file->flushing);
    NTSTATUS status = write_changes(file, pages);
    ExReleaseFastMutexUnsafe(&file->flushing);
    KeLeaveCriticalRegion();
    mm_pages_free(object_header_of(section)->machine, pages);
    return status;
}

void mm_section_file_close(struct section_file *file)
{
    ZwClose(file->handle);
    linux_free(file->written);
    linux_free(file);
}
