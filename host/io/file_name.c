/*
 * A file's full name: its device's, and behind it what its driver says (FileNameInformation). A
 * driver that knows no file names leaves the device's.
 */
#include "host/io/io.h"
#include "host/mm/mm.h"

enum { FILE_NAME_TAG = 0x6D4E6F49, NAME_AT_FIRST = 512, LONGEST_NAME = MAXUSHORT - 1 };

static BOOLEAN says_no_names(NTSTATUS status)
{
    return status == STATUS_INVALID_PARAMETER || status == STATUS_INVALID_DEVICE_REQUEST ||
           status == STATUS_NOT_IMPLEMENTED || status == STATUS_INVALID_INFO_CLASS;
}

/* The driver's answer in pool, with room for length bytes of name; NULL with STATUS_SUCCESS when it
 * has none to give. */
static NTSTATUS ask(struct io_file *file, ULONG length, PFILE_NAME_INFORMATION *answer)
{
    struct machine *machine = current_machine();
    ULONG size = FIELD_OFFSET(FILE_NAME_INFORMATION, FileName) + length;
    PFILE_NAME_INFORMATION name = mm_pool_allocate_zero(machine, size, FILE_NAME_TAG);
    ULONG_PTR information;
    *answer = NULL;
    if (!name)
        return STATUS_INSUFFICIENT_RESOURCES;
    /* Without waiting for the file, as drivers ask from within a request on it. */
    NTSTATUS status = io_ask_driver(file, IRP_MJ_QUERY_INFORMATION, FileNameInformation, name, size,
                                    &information);
    if (status == STATUS_BUFFER_OVERFLOW && name->FileNameLength > length &&
        name->FileNameLength <= LONGEST_NAME) {
        length = name->FileNameLength;
        mm_pool_free(machine, name);
        return ask(file, length, answer);
    }
    if (NT_SUCCESS(status) && name->FileNameLength <= length) {
        *answer = name;
        return STATUS_SUCCESS;
    }
    mm_pool_free(machine, name);
    return says_no_names(status) ? STATUS_SUCCESS : status;
}

/* device is in pool; so is what comes out. */
static NTSTATUS append(UNICODE_STRING *device, const FILE_NAME_INFORMATION *name)
{
    struct machine *machine = current_machine();
    SIZE_T length = device->Length + name->FileNameLength;
    if (length > LONGEST_NAME)
        return STATUS_NAME_TOO_LONG;
    PWSTR text = mm_pool_allocate(machine, PagedPool, length ? length : 1, FILE_NAME_TAG);
    if (!text)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(text, device->Buffer, device->Length);
    RtlCopyMemory((uint8_t *)text + device->Length, name->FileName, name->FileNameLength);
    mm_pool_free(machine, device->Buffer);
    *device = (UNICODE_STRING){(USHORT)length, (USHORT)length, text};
    return STATUS_SUCCESS;
}

NTSTATUS io_file_name_of(void *object, UNICODE_STRING *name)
{
    struct io_file *file = object;
    struct machine *machine = current_machine();
    PFILE_NAME_INFORMATION answer;
    NTSTATUS status = ob_path(file->file.DeviceObject, name);
    if (!NT_SUCCESS(status))
        return status;
    status = ask(file, NAME_AT_FIRST, &answer);
    if (NT_SUCCESS(status) && answer) {
        status = append(name, answer);
        mm_pool_free(machine, answer);
    }
    if (!NT_SUCCESS(status))
        mm_pool_free(machine, name->Buffer);
    return status;
}
