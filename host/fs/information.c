/* IRP_MJ_QUERY_INFORMATION and SET_INFORMATION. The system buffer holds the answer or the request.
 */
#include "host/fs/fs.h"
#include "host/mm/mm.h"
#include "host/ob/object.h"

ULONG fs_attributes(const struct linux_file_status *status)
{
    if (status->is_directory)
        return FILE_ATTRIBUTE_DIRECTORY;
    return FILE_ATTRIBUTE_ARCHIVE | (status->is_read_only ? FILE_ATTRIBUTE_READONLY : 0);
}

static FILE_BASIC_INFORMATION basic_of(const struct linux_file_status *status)
{
    return (FILE_BASIC_INFORMATION){.CreationTime.QuadPart = status->created,
                                    .LastAccessTime.QuadPart = status->accessed,
                                    .LastWriteTime.QuadPart = status->written,
                                    .ChangeTime.QuadPart = status->changed,
                                    .FileAttributes = fs_attributes(status)};
}

static FILE_STANDARD_INFORMATION standard_of(const struct fs_open *open,
                                             const struct linux_file_status *status)
{
    return (FILE_STANDARD_INFORMATION){.AllocationSize.QuadPart = (int64_t)status->allocated,
                                       .EndOfFile.QuadPart = (int64_t)status->size,
                                       .NumberOfLinks = status->is_directory ? 1 : status->links,
                                       .DeletePending = open->node->delete_pending,
                                       .Directory = status->is_directory};
}

static FILE_NETWORK_OPEN_INFORMATION network_of(const struct linux_file_status *status)
{
    return (FILE_NETWORK_OPEN_INFORMATION){.CreationTime.QuadPart = status->created,
                                           .LastAccessTime.QuadPart = status->accessed,
                                           .LastWriteTime.QuadPart = status->written,
                                           .ChangeTime.QuadPart = status->changed,
                                           .AllocationSize.QuadPart = (int64_t)status->allocated,
                                           .EndOfFile.QuadPart = (int64_t)status->size,
                                           .FileAttributes = fs_attributes(status)};
}

struct answer {
    PUCHAR buffer;
    ULONG room, used;
};

/* A fixed structure: all of it or nothing. */
static NTSTATUS give(struct answer *answer, const void *data, ULONG size)
{
    if (answer->room < size)
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(answer->buffer, data, size);
    answer->used = size;
    return STATUS_SUCCESS;
}

/* A length and the name below the volume, as much as fits; at is where it begins. */
static NTSTATUS give_name(struct answer *answer, PFILE_OBJECT file, ULONG at)
{
    UNICODE_STRING name = file->FileName;
    ULONG fixed = at + (ULONG)FIELD_OFFSET(FILE_NAME_INFORMATION, FileName);
    if (answer->room < fixed)
        return STATUS_INFO_LENGTH_MISMATCH;
    ULONG left = answer->room - fixed, copied = name.Length < left ? name.Length : left;
    ((PFILE_NAME_INFORMATION)(answer->buffer + at))->FileNameLength = name.Length;
    RtlCopyMemory(answer->buffer + fixed, name.Buffer, copied);
    answer->used = fixed + copied;
    return copied < name.Length ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static NTSTATUS give_all(struct answer *answer, PFILE_OBJECT file,
                         const struct linux_file_status *status)
{
    struct fs_open *open = file->FsContext2;
    FILE_ALL_INFORMATION all = {.BasicInformation = basic_of(status),
                                .StandardInformation = standard_of(open, status),
                                .InternalInformation.IndexNumber.QuadPart = (int64_t)status->inode,
                                .AccessInformation.AccessFlags = open->access,
                                .PositionInformation.CurrentByteOffset = file->CurrentByteOffset,
                                .AlignmentInformation.AlignmentRequirement =
                                    file->DeviceObject->AlignmentRequirement};
    const ULONG fixed = FIELD_OFFSET(FILE_ALL_INFORMATION, NameInformation);
    if (file->Flags & FO_SYNCHRONOUS_IO)
        all.ModeInformation.Mode = FILE_SYNCHRONOUS_IO_NONALERT;
    if (answer->room < fixed + sizeof(ULONG))
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(answer->buffer, &all, fixed);
    return give_name(answer, file, fixed);
}

static NTSTATUS answer_class(struct answer *answer, PFILE_OBJECT file,
                             const struct linux_file_status *status, FILE_INFORMATION_CLASS class)
{
    FILE_BASIC_INFORMATION basic = basic_of(status);
    FILE_STANDARD_INFORMATION standard = standard_of(file->FsContext2, status);
    FILE_NETWORK_OPEN_INFORMATION network = network_of(status);
    FILE_ATTRIBUTE_TAG_INFORMATION tag = {basic.FileAttributes, 0};
    LARGE_INTEGER inode = {.QuadPart = (int64_t)status->inode};
    ULONG no_attributes = 0;
    switch (class) {
    case FileBasicInformation:
        return give(answer, &basic, sizeof(basic));
    case FileStandardInformation:
        /* Callers built for older headers have a structure without the tail padding. */
        return give(answer, &standard, sizeof(standard));
    case FileInternalInformation:
        return give(answer, &inode, sizeof(inode));
    case FileEaInformation:
        return give(answer, &no_attributes, sizeof(no_attributes));
    case FileNetworkOpenInformation:
        return give(answer, &network, sizeof(network));
    case FileAttributeTagInformation:
        return give(answer, &tag, sizeof(tag));
    case FilePositionInformation:
        return give(answer, &file->CurrentByteOffset, sizeof(LARGE_INTEGER));
    case FileNameInformation:
        return give_name(answer, file, 0);
    case FileAllInformation:
        return give_all(answer, file, status);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS fs_query_information(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct fs_open *open = stack->FileObject->FsContext2;
    struct linux_file_status found;
    if (!open || !open->node)
        return STATUS_INVALID_PARAMETER;
    int result = linux_file_status(open->file, &found);
    if (result < 0)
        return fs_status(result);
    struct answer answer = {irp->AssociatedIrp.SystemBuffer, stack->Parameters.QueryFile.Length, 0};
    NTSTATUS status = answer_class(&answer, stack->FileObject, &found,
                                   stack->Parameters.QueryFile.FileInformationClass);
    irp->IoStatus.Information = answer.used;
    return status;
}

/* Times of 0 and -1 stay as they are; of the attributes Linux knows read-only. */
static NTSTATUS set_basic(struct fs_open *open, const FILE_BASIC_INFORMATION *basic)
{
    int64_t accessed = basic->LastAccessTime.QuadPart, written = basic->LastWriteTime.QuadPart;
    if (accessed < -1 || written < -1)
        return STATUS_INVALID_PARAMETER;
    if ((basic->FileAttributes & FILE_ATTRIBUTE_DIRECTORY) && !open->node->is_directory)
        return STATUS_INVALID_PARAMETER;
    int result = linux_file_set_times(open->file, accessed == -1 ? 0 : accessed,
                                      written == -1 ? 0 : written);
    if (result == 0 && basic->FileAttributes && !open->node->is_directory)
        result =
            linux_file_set_read_only(open->file, basic->FileAttributes & FILE_ATTRIBUTE_READONLY);
    return result < 0 ? fs_status(result) : STATUS_SUCCESS;
}

struct emptiness {
    BOOLEAN is_empty;
};

static bool not_empty(void *context, const char *name)
{
    ((struct emptiness *)context)->is_empty = FALSE;
    return false;
}

static NTSTATUS set_disposition(struct fs_volume *volume, struct fs_open *open, BOOLEAN remove)
{
    struct linux_file_status status;
    struct emptiness emptiness = {TRUE};
    int result = linux_file_status(open->file, &status);
    if (result == 0 && remove && open->node->is_directory)
        result = linux_directory_list(open->file, not_empty, &emptiness);
    if (result < 0)
        return fs_status(result);
    if (remove && (status.is_read_only || !open->node->path[0]))
        return STATUS_CANNOT_DELETE;
    if (!emptiness.is_empty)
        return STATUS_DIRECTORY_NOT_EMPTY;
    linux_lock(&volume->lock);
    open->node->delete_pending = remove;
    linux_unlock(&volume->lock);
    return STATUS_SUCCESS;
}

static NTSTATUS resize(struct fs_open *open, int64_t size)
{
    if (open->node->is_directory || size < 0)
        return STATUS_INVALID_PARAMETER;
    int result = linux_file_resize(open->file, (uint64_t)size);
    return result < 0 ? fs_status(result) : STATUS_SUCCESS;
}

/* An allocation smaller than the file cuts it; a larger one is Linux' own affair. */
static NTSTATUS set_allocation(struct fs_open *open, int64_t size)
{
    struct linux_file_status status;
    int result = linux_file_status(open->file, &status);
    if (result < 0)
        return fs_status(result);
    return size >= 0 && (uint64_t)size >= status.size && !open->node->is_directory
               ? STATUS_SUCCESS
               : resize(open, size);
}

static BOOLEAN begins_with(const char *text, const char *folder)
{
    while (*folder && *text == *folder)
        text++, folder++;
    return !*folder && *text == '/';
}

/* Is path, or something below it, open? Lock held. */
static BOOLEAN is_in_use(struct fs_volume *volume, const char *path, const struct fs_node *but)
{
    for (PLIST_ENTRY link = volume->nodes.Flink; link != &volume->nodes; link = link->Flink) {
        struct fs_node *node = CONTAINING_RECORD(link, struct fs_node, link);
        const char *a = node->path, *b = path;
        while (*a && *a == *b)
            a++, b++;
        if (node != but && node->opens && ((!*a && !*b) || begins_with(node->path, path)))
            return TRUE;
    }
    return FALSE;
}

/* The new path, with the last component as it was asked for. */
static char *target_path(const struct fs_path *path)
{
    ULONG end = 0, folder = 0, length = 0;
    for (; path->text[end]; end++)
        if (path->text[end] == '/')
            folder = end + 1;
    while (path->wanted[length])
        length++;
    char *target = linux_allocate(folder + length + 1);
    if (!target)
        return NULL;
    __builtin_memcpy(target, path->text, folder);
    __builtin_memcpy(target + folder, path->wanted, length);
    return target;
}

static NTSTATUS move(struct fs_volume *volume, struct fs_node *node, const struct fs_path *path,
                     BOOLEAN replace)
{
    char *target = target_path(path);
    if (!target)
        return STATUS_INSUFFICIENT_RESOURCES;
    linux_lock(&volume->lock);
    BOOLEAN in_use = (node->is_directory && is_in_use(volume, node->path, node)) ||
                     (path->exists && is_in_use(volume, path->text, node));
    linux_unlock(&volume->lock);
    const char *a = node->path, *b = path->text;
    while (*a && *a == *b)
        a++, b++;
    BOOLEAN is_itself = !*a && !*b; /* only its case changes */
    NTSTATUS status = in_use ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
    if (NT_SUCCESS(status) && path->exists && !is_itself && !replace)
        status = STATUS_OBJECT_NAME_COLLISION;
    /* What is replaced may bear the name in another case: it goes first. */
    if (NT_SUCCESS(status) && path->exists && !is_itself) {
        int result = linux_tree_remove(volume->tree, path->text, false);
        status = result < 0 ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
    }
    if (NT_SUCCESS(status)) {
        int result = linux_tree_rename(volume->tree, node->path, target, false);
        if (result < 0 && !(is_itself && linux_error_of(result) == LINUX_ERROR_EXISTS))
            status = fs_status(result);
    }
    if (!NT_SUCCESS(status)) {
        linux_free(target);
        return status;
    }
    linux_lock(&volume->lock);
    char *old = node->path;
    node->path = target;
    linux_unlock(&volume->lock);
    linux_free(old);
    return STATUS_SUCCESS;
}

/* The part of a full NT name below the volume. */
static BOOLEAN strip_volume(UNICODE_STRING *name)
{
    static const UNICODE_STRING prefixes[] = {RTL_CONSTANT_STRING(L"\\\?\?\\C:"),
                                              RTL_CONSTANT_STRING(L"\\DosDevices\\C:"),
                                              RTL_CONSTANT_STRING(L"\\GLOBAL\?\?\\C:"),
                                              RTL_CONSTANT_STRING(L"\\Device\\HarddiskVolume1")};
    for (ULONG i = 0; i < RTL_NUMBER_OF(prefixes); i++) {
        if (!RtlPrefixUnicodeString((PUNICODE_STRING)&prefixes[i], name, TRUE))
            continue;
        name->Buffer += prefixes[i].Length / sizeof(WCHAR);
        name->Length -= prefixes[i].Length;
        return TRUE;
    }
    return FALSE;
}

/* folder\name in pool; folder is that of the file when none was opened for it. */
static NTSTATUS join_name(UNICODE_STRING folder, PCUNICODE_STRING name, UNICODE_STRING *joined)
{
    ULONG length = (ULONG)folder.Length + sizeof(WCHAR) + name->Length;
    if (length > MAXUSHORT)
        return STATUS_OBJECT_NAME_INVALID;
    PUCHAR text = ExAllocatePoolWithTag(PagedPool, length, FS_TAG);
    if (!text)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(text, folder.Buffer, folder.Length);
    *(PWSTR)(text + folder.Length) = '\\';
    RtlCopyMemory(text + folder.Length + sizeof(WCHAR), name->Buffer, name->Length);
    *joined = (UNICODE_STRING){(USHORT)length, (USHORT)length, (PWSTR)text};
    return STATUS_SUCCESS;
}

static UNICODE_STRING folder_of(UNICODE_STRING name)
{
    while (name.Length && name.Buffer[name.Length / sizeof(WCHAR) - 1] != '\\')
        name.Length -= sizeof(WCHAR);
    if (name.Length)
        name.Length -= sizeof(WCHAR);
    return name;
}

/* Where a rename leads, as a name on the volume in pool. */
static NTSTATUS target_name(PFILE_OBJECT file, const FILE_RENAME_INFORMATION *rename, ULONG length,
                            UNICODE_STRING *target)
{
    const ULONG fixed = FIELD_OFFSET(FILE_RENAME_INFORMATION, FileName);
    if (length < fixed || rename->FileNameLength > length - fixed || !rename->FileNameLength ||
        rename->FileNameLength % sizeof(WCHAR) || rename->FileNameLength > MAXUSHORT - 1u)
        return STATUS_INVALID_PARAMETER;
    UNICODE_STRING name = {(USHORT)rename->FileNameLength, 0, (PWSTR)rename->FileName};
    if (name.Buffer[0] != '\\' && !rename->RootDirectory)
        return join_name(folder_of(file->FileName), &name, target);
    if (name.Buffer[0] == '\\') {
        if (rename->RootDirectory || !strip_volume(&name))
            return rename->RootDirectory ? STATUS_INVALID_PARAMETER : STATUS_NOT_SAME_DEVICE;
        name.Buffer++; /* the backslash that join_name puts back */
        name.Length = name.Length ? name.Length - sizeof(WCHAR) : 0;
        return join_name((UNICODE_STRING){0}, &name, target);
    }
    PFILE_OBJECT folder;
    NTSTATUS status = ObReferenceObjectByHandle(rename->RootDirectory, 0,
                                                current_machine()->data_exports->file_object_type,
                                                KernelMode, (PVOID *)&folder, NULL);
    if (!NT_SUCCESS(status))
        return status;
    if (folder->DeviceObject != file->DeviceObject)
        status = STATUS_NOT_SAME_DEVICE;
    else
        status = join_name(folder->FileName, &name, target);
    ob_dereference(folder);
    return status;
}

static NTSTATUS set_rename(struct fs_volume *volume, PFILE_OBJECT file,
                           const FILE_RENAME_INFORMATION *rename, ULONG length)
{
    struct fs_open *open = file->FsContext2;
    UNICODE_STRING name;
    if (!open->node->path[0])
        return STATUS_INVALID_PARAMETER; /* the root */
    NTSTATUS status = target_name(file, rename, length, &name);
    if (!NT_SUCCESS(status))
        return status;
    struct fs_path *path = linux_allocate(sizeof(*path));
    status = path ? fs_path_resolve(volume, &name, path) : STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status))
        status = move(volume, open->node, path, rename->ReplaceIfExists);
    linux_free(path);
    if (NT_SUCCESS(status)) { /* the file object bears the new name */
        UNICODE_STRING old = file->FileName;
        file->FileName = name;
        name = old;
    }
    ExFreePool(name.Buffer);
    return status;
}

NTSTATUS fs_set_information(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    PFILE_OBJECT file = stack->FileObject;
    struct fs_open *open = file->FsContext2;
    PVOID buffer = irp->AssociatedIrp.SystemBuffer;
    ULONG length = stack->Parameters.SetFile.Length;
    if (!open || !open->node)
        return STATUS_INVALID_PARAMETER;
    switch (stack->Parameters.SetFile.FileInformationClass) {
    case FileBasicInformation:
        if (length < sizeof(FILE_BASIC_INFORMATION))
            return STATUS_INFO_LENGTH_MISMATCH;
        return set_basic(open, buffer);
    case FileDispositionInformation:
        if (length < sizeof(FILE_DISPOSITION_INFORMATION))
            return STATUS_INFO_LENGTH_MISMATCH;
        return set_disposition(volume, open, *(PBOOLEAN)buffer);
    case FileEndOfFileInformation:
        if (length < sizeof(LARGE_INTEGER))
            return STATUS_INFO_LENGTH_MISMATCH;
        return resize(open, ((PLARGE_INTEGER)buffer)->QuadPart);
    case FileAllocationInformation:
        if (length < sizeof(LARGE_INTEGER))
            return STATUS_INFO_LENGTH_MISMATCH;
        return set_allocation(open, ((PLARGE_INTEGER)buffer)->QuadPart);
    case FilePositionInformation:
        if (length < sizeof(LARGE_INTEGER))
            return STATUS_INFO_LENGTH_MISMATCH;
        file->CurrentByteOffset = *(PLARGE_INTEGER)buffer;
        return STATUS_SUCCESS;
    case FileRenameInformation:
        return set_rename(volume, file, buffer, length);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}
