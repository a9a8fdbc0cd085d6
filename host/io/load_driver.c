/* ZwLoadDriver and ZwUnloadDriver: a driver by its service key, its image from the mapped folder.
 */
#include "host/cm/cm.h"
#include "host/io/library.h"
#include "host/io/zw.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { LOAD_TAG = 0x644C6F49, NAME_BYTES = 64, IMAGE_LIMIT = 64 * 1024 * 1024 };

NTSTATUS NTAPI ZwLoadDriver(PUNICODE_STRING service_key);
NTSTATUS NTAPI ZwUnloadDriver(PUNICODE_STRING service_key);

/* "\Registry\...\Services\name" gives "name", in UTF-8. */
static NTSTATUS service_name(PCUNICODE_STRING key, UNICODE_STRING *wide, char name[NAME_BYTES])
{
    USHORT count = key->Length / sizeof(WCHAR), start = count;
    ULONG bytes = 0;
    while (start > 0 && key->Buffer[start - 1] != '\\')
        start--;
    if (start == 0 || start == count)
        return STATUS_INVALID_PARAMETER;
    *wide = (UNICODE_STRING){(USHORT)((count - start) * sizeof(WCHAR)),
                             (USHORT)((count - start) * sizeof(WCHAR)), key->Buffer + start};
    NTSTATUS status = RtlUnicodeToUTF8N(name, NAME_BYTES - 5, &bytes, wide->Buffer, wide->Length);
    if (status != STATUS_SUCCESS)
        return STATUS_OBJECT_NAME_INVALID;
    __builtin_memcpy(name + bytes, ".sys", 5);
    return STATUS_SUCCESS;
}

NTSTATUS io_image_path(PCUNICODE_STRING key, PCUNICODE_STRING service, UNICODE_STRING *path)
{
    static const WCHAR value_text[] = L"ImagePath", root[] = L"\\SystemRoot\\",
                       folder[] = L"System32\\drivers\\", suffix[] = L".sys";
    UNICODE_STRING value = SB_UNICODE(value_text);
    WCHAR text[IO_PATH_BYTES / sizeof(WCHAR)];
    ULONG type = 0, size = 0;
    NTSTATUS status = cm_read(key, &value, &type, text, sizeof(text), &size);
    if (NT_SUCCESS(status) && type != REG_SZ && type != REG_EXPAND_SZ)
        return STATUS_ILL_FORMED_SERVICE_ENTRY;
    path->Length = 0;
    if (status == STATUS_OBJECT_NAME_NOT_FOUND) {
        RtlAppendUnicodeToString(path, root);
        RtlAppendUnicodeToString(path, folder);
        RtlAppendUnicodeStringToString(path, service);
        return RtlAppendUnicodeToString(path, suffix);
    }
    if (!NT_SUCCESS(status))
        return status;
    ULONG count = size / sizeof(WCHAR);
    while (count && text[count - 1] == 0)
        count--;
    UNICODE_STRING found = {(USHORT)(count * sizeof(WCHAR)), (USHORT)(count * sizeof(WCHAR)), text};
    if (count && text[0] != '\\')
        RtlAppendUnicodeToString(path, root);
    return RtlAppendUnicodeStringToString(path, &found);
}

static NTSTATUS read_image(PUNICODE_STRING path, void **image, SIZE_T *size)
{
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result;
    FILE_STANDARD_INFORMATION information;
    LARGE_INTEGER start = {.QuadPart = 0};
    HANDLE file;
    InitializeObjectAttributes(&attributes, path, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    NTSTATUS status = ZwCreateFile(&file, FILE_READ_DATA | SYNCHRONIZE, &attributes, &result, NULL,
                                   0, FILE_SHARE_READ, FILE_OPEN,
                                   FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE, NULL, 0);
    if (!NT_SUCCESS(status))
        return status;
    status = ZwQueryInformationFile(file, &result, &information, sizeof(information),
                                    FileStandardInformation);
    if (NT_SUCCESS(status) && information.EndOfFile.QuadPart > IMAGE_LIMIT)
        status = STATUS_INVALID_IMAGE_FORMAT;
    if (NT_SUCCESS(status)) {
        *size = (SIZE_T)information.EndOfFile.QuadPart;
        *image = mm_pool_allocate(current_machine(), PagedPool, *size ? *size : 1, LOAD_TAG);
        status =
            *image ? ZwReadFile(file, NULL, NULL, NULL, &result, *image, (ULONG)*size, &start, NULL)
                   : STATUS_INSUFFICIENT_RESOURCES;
        if (!NT_SUCCESS(status) && *image)
            mm_pool_free(current_machine(), *image);
    }
    ZwClose(file);
    return status;
}

/* Loading and unloading happen in the System process, whoever asks. */
struct load {
    PUNICODE_STRING key;
    NTSTATUS status;
    KEVENT done;
};

/* Beside the driver's own file, whose path is the context. */
static NTSTATUS read_module(void *context, const char *module, void **file, SIZE_T *size)
{
    const UNICODE_STRING *driver = context;
    WCHAR text[IO_PATH_BYTES];
    UNICODE_STRING path = {driver->Length, sizeof(text), text};
    __builtin_memcpy(text, driver->Buffer, driver->Length);
    while (path.Length && text[path.Length / sizeof(WCHAR) - 1] != '\\')
        path.Length -= sizeof(WCHAR);
    for (; *module && path.Length + sizeof(WCHAR) < path.MaximumLength; module++) {
        text[path.Length / sizeof(WCHAR)] = (UCHAR)*module;
        path.Length += sizeof(WCHAR);
    }
    return read_image(&path, file, size);
}

static void release_module(void *file)
{
    mm_pool_free(current_machine(), file);
}

static NTSTATUS load(PUNICODE_STRING key)
{
    char name[NAME_BYTES], error[512];
    WCHAR text[IO_PATH_BYTES];
    UNICODE_STRING service, path = {0, sizeof(text), text};
    struct io_driver *driver;
    void *image;
    SIZE_T size;
    NTSTATUS status = service_name(key, &service, name);
    if (NT_SUCCESS(status))
        status = io_image_path(key, &service, &path);
    if (NT_SUCCESS(status))
        status = read_image(&path, &image, &size);
    if (!NT_SUCCESS(status))
        return status;
    struct io_library_source source = {read_module, release_module, &path};
    status = io_driver_load(image, size, name, &source, &driver, error, sizeof(error));
    mm_pool_free(current_machine(), image);
    if (!NT_SUCCESS(status) && error[0]) {
        SIZE_T length = 0;
        while (error[length])
            length++;
        error[length < sizeof(error) - 1 ? length++ : length - 1] = '\n';
        machine_log(current_machine(), error, length);
    }
    return status;
}

static NTSTATUS unload(PUNICODE_STRING key)
{
    static const WCHAR prefix[] = L"\\Driver\\";
    char name[NAME_BYTES];
    WCHAR text[NAME_BYTES + RTL_NUMBER_OF(prefix)];
    UNICODE_STRING service, path = {0, sizeof(text), text};
    struct ob_open open = {.wanted = &io_driver_type};
    void *driver;
    NTSTATUS status = service_name(key, &service, name);
    if (!NT_SUCCESS(status))
        return status;
    RtlAppendUnicodeToString(&path, prefix);
    RtlAppendUnicodeStringToString(&path, &service);
    status = ob_lookup(current_machine(), &path, &open, &driver);
    if (!NT_SUCCESS(status))
        return status;
    status = io_driver_unload_when_unused(driver);
    ob_dereference(driver);
    return status;
}

static VOID NTAPI load_worker(PVOID context)
{
    struct load *work = context;
    work->status = load(work->key);
    KeSetEvent(&work->done, IO_NO_INCREMENT, FALSE);
}

static VOID NTAPI unload_worker(PVOID context)
{
    struct load *work = context;
    work->status = unload(work->key);
    KeSetEvent(&work->done, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS in_system_process(PWORKER_THREAD_ROUTINE routine, PUNICODE_STRING key)
{
    struct load work = {.key = key};
    WORK_QUEUE_ITEM item;
    KeInitializeEvent(&work.done, NotificationEvent, FALSE);
    ExInitializeWorkItem(&item, routine, &work);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    KeWaitForSingleObject(&work.done, Executive, KernelMode, FALSE, NULL);
    return work.status;
}

NTSTATUS NTAPI ZwLoadDriver(PUNICODE_STRING service_key)
{
    return in_system_process(load_worker, service_key);
}
SB_EXPORT(ZwLoadDriver)

NTSTATUS NTAPI ZwUnloadDriver(PUNICODE_STRING service_key)
{
    return in_system_process(unload_worker, service_key);
}
SB_EXPORT(ZwUnloadDriver)
