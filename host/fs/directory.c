/* IRP_MJ_DIRECTORY_CONTROL: listings. The first query reads the folder; the rest walk what it read.
 */
#include "host/fs/fs.h"

struct fs_entry {
    struct linux_file_status status;
    ULONG count;
    WCHAR name[LINUX_NAME_BYTES];
};

struct fs_listing {
    struct fs_entry *entries; /* host memory */
    ULONG count, capacity;
    WCHAR pattern[LINUX_NAME_BYTES]; /* upper case; empty: everything */
    ULONG pattern_count;
    BOOLEAN failed;
    struct fs_volume *volume;
    char path[FS_PATH_BYTES]; /* of the folder when it was read */
};

void fs_listing_free(struct fs_listing *listing)
{
    if (!listing)
        return;
    linux_free(listing->entries);
    linux_free(listing);
}

static struct fs_entry *add(struct fs_listing *listing)
{
    if (listing->count == listing->capacity) {
        ULONG capacity = listing->capacity ? listing->capacity * 2 : 16;
        void *entries = linux_reallocate(listing->entries, capacity * sizeof(*listing->entries));
        if (!entries)
            return NULL;
        listing->entries = entries;
        listing->capacity = capacity;
    }
    return &listing->entries[listing->count++];
}

static BOOLEAN matches(const struct fs_listing *listing, PCUNICODE_STRING name)
{
    UNICODE_STRING pattern = {(USHORT)(listing->pattern_count * sizeof(WCHAR)), 0,
                              (PWSTR)listing->pattern};
    return !pattern.Length || FsRtlIsNameInExpression(&pattern, (PUNICODE_STRING)name, TRUE, NULL);
}

static BOOLEAN status_of(struct fs_listing *listing, const char *name,
                         struct linux_file_status *status)
{
    char path[FS_PATH_BYTES];
    ULONG at = 0;
    for (const char *from = listing->path; *from; from++)
        path[at++] = *from;
    if (at)
        path[at++] = '/';
    for (; *name && at < sizeof(path) - 1; name++)
        path[at++] = *name;
    path[at] = 0;
    int file = *name ? -1 : linux_tree_open_file(listing->volume->tree, path, 0);
    if (file < 0)
        return FALSE;
    int result = linux_file_status(file, status);
    linux_file_close(file);
    return result == 0;
}

/* Names that NT could not open again, and what is neither file nor folder, are not shown. */
static bool tell(void *context, const char *name)
{
    struct fs_listing *listing = context;
    struct linux_file_status status;
    WCHAR units[LINUX_NAME_BYTES];
    ULONG count = fs_name_to_unicode(name, units, LINUX_NAME_BYTES);
    UNICODE_STRING string = {(USHORT)(count * sizeof(WCHAR)), 0, units};
    if (!matches(listing, &string) || !status_of(listing, name, &status) || status.is_special)
        return true;
    struct fs_entry *entry = add(listing);
    if (!entry) {
        listing->failed = TRUE;
        return false;
    }
    entry->status = status;
    entry->count = count;
    __builtin_memcpy(entry->name, units, string.Length);
    return true;
}

static LONG compare(const struct fs_entry *a, const struct fs_entry *b)
{
    UNICODE_STRING left = {(USHORT)(a->count * sizeof(WCHAR)), 0, (PWSTR)a->name};
    UNICODE_STRING right = {(USHORT)(b->count * sizeof(WCHAR)), 0, (PWSTR)b->name};
    return RtlCompareUnicodeString(&left, &right, TRUE);
}

/* By name from first on, as NTFS lists them: Shell's sort, for thousands of names at most. */
static void sort(struct fs_listing *listing, ULONG first)
{
    struct fs_entry *entries = listing->entries + first;
    ULONG count = listing->count - first;
    for (ULONG gap = count / 2; gap; gap /= 2) {
        for (ULONG i = gap; i < count; i++) {
            struct fs_entry moved = entries[i];
            ULONG at = i;
            for (; at >= gap && compare(&entries[at - gap], &moved) > 0; at -= gap)
                entries[at] = entries[at - gap];
            entries[at] = moved;
        }
    }
}

/* "." and ".." come first, in every folder but the root. */
static NTSTATUS add_dots(struct fs_listing *listing, int folder)
{
    static const WCHAR dots[] = L"..";
    for (USHORT count = 1; count <= 2 && listing->path[0]; count++) {
        UNICODE_STRING name = {(USHORT)(count * sizeof(WCHAR)), 0, (PWSTR)dots};
        struct linux_file_status status;
        if (!matches(listing, &name))
            continue;
        struct fs_entry *entry = add(listing);
        if (!entry)
            return STATUS_INSUFFICIENT_RESOURCES;
        int result = linux_file_status(folder, &status);
        if (result < 0)
            return fs_status(result);
        entry->status = status;
        entry->count = count;
        __builtin_memcpy(entry->name, dots, name.Length);
    }
    return STATUS_SUCCESS;
}

static void copy_path(struct fs_volume *volume, const struct fs_node *node,
                      char path[FS_PATH_BYTES])
{
    ULONG at = 0;
    linux_lock(&volume->lock);
    for (; node->path[at]; at++)
        path[at] = node->path[at];
    linux_unlock(&volume->lock);
    path[at] = 0;
}

static NTSTATUS read_folder(struct fs_volume *volume, struct fs_open *open,
                            PCUNICODE_STRING pattern)
{
    struct fs_listing *listing = linux_allocate(sizeof(*listing));
    if (!listing)
        return STATUS_INSUFFICIENT_RESOURCES;
    listing->volume = volume;
    copy_path(volume, open->node, listing->path);
    if (pattern && pattern->Length) {
        UNICODE_STRING upper = {0, sizeof(listing->pattern), listing->pattern};
        if (pattern->Length > sizeof(listing->pattern)) {
            linux_free(listing);
            return STATUS_OBJECT_NAME_INVALID;
        }
        RtlUpcaseUnicodeString(&upper, pattern, FALSE);
        listing->pattern_count = upper.Length / sizeof(WCHAR);
    }
    NTSTATUS status = add_dots(listing, open->file);
    ULONG first = listing->count;
    int result = NT_SUCCESS(status) ? linux_directory_list(open->file, tell, listing) : 0;
    if (result < 0)
        status = fs_status(result);
    if (listing->failed)
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status)) {
        fs_listing_free(listing);
        return status;
    }
    sort(listing, first);
    open->listing = listing;
    return STATUS_SUCCESS;
}

/* Where the name begins in an entry of each class; 0: not a class of this file system. */
static ULONG name_offset(FILE_INFORMATION_CLASS class)
{
    switch (class) {
    case FileDirectoryInformation:
        return FIELD_OFFSET(FILE_DIRECTORY_INFORMATION, FileName);
    case FileFullDirectoryInformation:
        return FIELD_OFFSET(FILE_FULL_DIR_INFORMATION, FileName);
    case FileIdFullDirectoryInformation:
        return FIELD_OFFSET(FILE_ID_FULL_DIR_INFORMATION, FileName);
    case FileBothDirectoryInformation:
        return FIELD_OFFSET(FILE_BOTH_DIR_INFORMATION, FileName);
    case FileIdBothDirectoryInformation:
        return FIELD_OFFSET(FILE_ID_BOTH_DIR_INFORMATION, FileName);
    case FileNamesInformation:
        return FIELD_OFFSET(FILE_NAMES_INFORMATION, FileName);
    default:
        return 0;
    }
}

/* The fixed part: the classes grow from one another. Short names do not exist here. */
static void fill_entry(PUCHAR at, const struct fs_entry *entry, FILE_INFORMATION_CLASS class)
{
    const struct linux_file_status *status = &entry->status;
    RtlZeroMemory(at, name_offset(class));
    if (class == FileNamesInformation) {
        ((PFILE_NAMES_INFORMATION)at)->FileNameLength = entry->count * (ULONG)sizeof(WCHAR);
        return;
    }
    PFILE_DIRECTORY_INFORMATION body = (PVOID)at;
    body->CreationTime.QuadPart = status->created;
    body->LastAccessTime.QuadPart = status->accessed;
    body->LastWriteTime.QuadPart = status->written;
    body->ChangeTime.QuadPart = status->changed;
    body->EndOfFile.QuadPart = (int64_t)status->size;
    body->AllocationSize.QuadPart = (int64_t)status->allocated;
    body->FileAttributes = fs_attributes(status);
    body->FileNameLength = entry->count * (ULONG)sizeof(WCHAR);
    if (class == FileIdBothDirectoryInformation)
        ((PFILE_ID_BOTH_DIR_INFORMATION)at)->FileId.QuadPart = (int64_t)status->inode;
    if (class == FileIdFullDirectoryInformation)
        ((PFILE_ID_FULL_DIR_INFORMATION)at)->FileId.QuadPart = (int64_t)status->inode;
}

/* Puts as many entries as fit, each at a multiple of eight, linked by their first field. */
static NTSTATUS give_entries(struct fs_open *open, PUCHAR buffer, ULONG room,
                             FILE_INFORMATION_CLASS class, BOOLEAN single, ULONG_PTR *used)
{
    struct fs_listing *listing = open->listing;
    ULONG fixed = name_offset(class), at = 0, previous = 0;
    BOOLEAN any = FALSE;
    while (open->position < listing->count && !(any && single)) {
        const struct fs_entry *entry = &listing->entries[open->position];
        ULONG next = (at + 7) & ~7u, length = entry->count * (ULONG)sizeof(WCHAR);
        if (next + fixed + length > room || next + fixed + length < next) {
            if (any)
                break;
            /* Not even the first fits: as much of its name as does. */
            fill_entry(buffer, entry, class);
            RtlCopyMemory(buffer + fixed, entry->name, room - fixed);
            *used = room;
            return STATUS_BUFFER_OVERFLOW;
        }
        fill_entry(buffer + next, entry, class);
        RtlCopyMemory(buffer + next + fixed, entry->name, length);
        if (any)
            *(PULONG)(buffer + previous) = next - previous;
        previous = next;
        at = next + fixed + length;
        any = TRUE;
        open->position++;
    }
    *used = at;
    return any ? STATUS_SUCCESS : STATUS_NO_MORE_FILES;
}

/* Reads the folder, anew perhaps: the pattern of the first query stays. */
static NTSTATUS scan(struct fs_volume *volume, struct fs_open *open, PCUNICODE_STRING pattern)
{
    struct fs_listing *old = open->listing;
    UNICODE_STRING first = {0};
    if (old) {
        first = (UNICODE_STRING){(USHORT)(old->pattern_count * sizeof(WCHAR)), 0, old->pattern};
        pattern = &first;
    }
    open->listing = NULL;
    NTSTATUS status = read_folder(volume, open, pattern);
    if (NT_SUCCESS(status)) {
        open->position = 0;
        fs_listing_free(old);
    } else {
        open->listing = old;
    }
    return status;
}

static NTSTATUS query_directory(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct fs_open *open = stack->FileObject->FsContext2;
    FILE_INFORMATION_CLASS class = stack->Parameters.QueryDirectory.FileInformationClass;
    ULONG length = stack->Parameters.QueryDirectory.Length;
    if (!open || !open->node || !open->node->is_directory)
        return STATUS_INVALID_PARAMETER;
    if (!name_offset(class))
        return STATUS_INVALID_INFO_CLASS;
    if (length < name_offset(class))
        return STATUS_INFO_LENGTH_MISMATCH;
    BOOLEAN is_first = !open->listing;
    if (is_first || (stack->Flags & SL_RESTART_SCAN)) {
        NTSTATUS status = scan(volume, open, stack->Parameters.QueryDirectory.FileName);
        if (!NT_SUCCESS(status))
            return status;
    }
    if (stack->Flags & SL_INDEX_SPECIFIED)
        open->position = stack->Parameters.QueryDirectory.FileIndex;
    NTSTATUS status =
        give_entries(open, irp->AssociatedIrp.SystemBuffer, length, class,
                     (stack->Flags & SL_RETURN_SINGLE_ENTRY) != 0, &irp->IoStatus.Information);
    return is_first && status == STATUS_NO_MORE_FILES ? STATUS_NO_SUCH_FILE : status;
}

NTSTATUS fs_directory_control(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    if (stack->MinorFunction == IRP_MN_QUERY_DIRECTORY)
        return query_directory(volume, irp, stack);
    return STATUS_INVALID_DEVICE_REQUEST; /* change notification */
}
