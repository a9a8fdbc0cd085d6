/* IRP_MJ_CREATE, CLEANUP, CLOSE. */
#include "host/fs/fs.h"
#include "host/mm/mm.h"

/* An open under way. */
struct opening {
    struct fs_volume *volume;
    PFILE_OBJECT file;
    ACCESS_MASK access;
    ULONG options, disposition;
    USHORT share;
    BOOLEAN read_only; /* FILE_ATTRIBUTE_READONLY for a new file */
    struct fs_path *path;
    struct linux_file_status status;
    ULONG_PTR information;
};

static const ACCESS_MASK writes = FILE_WRITE_DATA | FILE_APPEND_DATA;

/* Nodes are found by Linux' identity of the file, so that two names of it share. Lock held. */
static struct fs_node *find_node(struct fs_volume *volume, const struct linux_file_status *status)
{
    for (PLIST_ENTRY link = volume->nodes.Flink; link != &volume->nodes; link = link->Flink) {
        struct fs_node *node = CONTAINING_RECORD(link, struct fs_node, link);
        if (node->device == status->device && node->inode == status->inode && !node->is_removed)
            return node;
    }
    return NULL;
}

static char *copy_text(const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    char *copy = linux_allocate(length + 1);
    if (copy)
        __builtin_memcpy(copy, text, length);
    return copy;
}

static void node_free(struct fs_node *node)
{
    RemoveEntryList(&node->link);
    linux_free(node->path);
    linux_free(node);
}

static struct fs_node *make_node(struct opening *opening)
{
    struct fs_node *node = linux_allocate(sizeof(*node));
    if (!node)
        return NULL;
    node->path = copy_text(opening->path->text);
    if (!node->path) {
        linux_free(node);
        return NULL;
    }
    node->device = opening->status.device;
    node->inode = opening->status.inode;
    node->is_directory = opening->status.is_directory;
    InsertTailList(&opening->volume->nodes, &node->link);
    return node;
}

/* Enters the open in its node, if those there allow it. */
static NTSTATUS join_node(struct opening *opening, struct fs_open *open)
{
    struct fs_volume *volume = opening->volume;
    NTSTATUS status = STATUS_SUCCESS;
    linux_lock(&volume->lock);
    struct fs_node *node = find_node(volume, &opening->status);
    if (!node)
        node = make_node(opening);
    if (!node)
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (node->delete_pending)
        status = STATUS_DELETE_PENDING;
    else if (node->opens)
        status =
            IoCheckShareAccess(opening->access, opening->share, opening->file, &node->share, TRUE);
    else
        IoSetShareAccess(opening->access, opening->share, opening->file, &node->share);
    if (NT_SUCCESS(status)) {
        node->opens++;
        node->references++;
        open->node = node;
        InsertTailList(&volume->opens, &open->link);
    } else if (node && !node->references) {
        node_free(node);
    }
    linux_unlock(&volume->lock);
    return status;
}

static void leave_node(struct fs_volume *volume, struct fs_open *open, PFILE_OBJECT file)
{
    linux_lock(&volume->lock);
    IoRemoveShareAccess(file, &open->node->share);
    open->node->opens--;
    RemoveEntryList(&open->link);
    if (--open->node->references == 0)
        node_free(open->node);
    linux_unlock(&volume->lock);
}

/* May what is there be opened like this? */
static NTSTATUS check_existing(const struct opening *opening)
{
    BOOLEAN is_directory = opening->status.is_directory;
    BOOLEAN replaces = opening->disposition != FILE_OPEN && opening->disposition != FILE_OPEN_IF;
    if (opening->status.is_special)
        return STATUS_ACCESS_DENIED;
    if (opening->disposition == FILE_CREATE)
        return STATUS_OBJECT_NAME_COLLISION;
    if (is_directory && (opening->options & FILE_NON_DIRECTORY_FILE))
        return STATUS_FILE_IS_A_DIRECTORY;
    if (!is_directory && (opening->options & FILE_DIRECTORY_FILE))
        return STATUS_NOT_A_DIRECTORY;
    if (!is_directory && opening->path->names_directory)
        return STATUS_OBJECT_NAME_INVALID;
    if (is_directory && replaces)
        return STATUS_OBJECT_NAME_COLLISION;
    if (opening->status.is_read_only && ((opening->access & writes) || replaces))
        return STATUS_ACCESS_DENIED;
    if (opening->status.is_read_only && (opening->options & FILE_DELETE_ON_CLOSE))
        return STATUS_CANNOT_DELETE;
    return STATUS_SUCCESS;
}

static NTSTATUS open_existing(struct opening *opening, int *file)
{
    BOOLEAN replaces = opening->disposition != FILE_OPEN && opening->disposition != FILE_OPEN_IF;
    const char *path = opening->path->text;
    int found = linux_tree_open_file(opening->volume->tree, path, 0);
    if (found < 0)
        return fs_status(found);
    NTSTATUS status = STATUS_SUCCESS;
    int result = linux_file_status(found, &opening->status);
    if (result < 0)
        status = fs_status(result);
    else
        status = check_existing(opening);
    if (NT_SUCCESS(status) && !opening->status.is_directory &&
        ((opening->access & writes) || replaces)) {
        linux_file_close(found);
        found = linux_tree_open_file(opening->volume->tree, path, LINUX_OPEN_WRITE);
        if (found < 0)
            return fs_status(found);
    }
    if (!NT_SUCCESS(status)) {
        linux_file_close(found);
        return status;
    }
    *file = found;
    opening->information = opening->disposition == FILE_SUPERSEDE ? FILE_SUPERSEDED
                           : replaces                             ? FILE_OVERWRITTEN
                                                                  : FILE_OPENED;
    return STATUS_SUCCESS;
}

static NTSTATUS create_new(struct opening *opening, int *file)
{
    struct linux_tree *tree = opening->volume->tree;
    const char *path = opening->path->text;
    BOOLEAN is_directory = (opening->options & FILE_DIRECTORY_FILE) != 0;
    if (opening->disposition == FILE_OPEN || opening->disposition == FILE_OVERWRITE)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (opening->path->names_directory && !is_directory)
        return STATUS_OBJECT_NAME_INVALID;
    int result = is_directory ? linux_tree_make_directory(tree, path) : 0;
    if (result < 0)
        return fs_status(result);
    int found = linux_tree_open_file(
        tree, path, is_directory ? LINUX_OPEN_DIRECTORY : LINUX_OPEN_WRITE | LINUX_OPEN_CREATE);
    if (found < 0)
        return fs_status(found);
    if (opening->read_only && !is_directory)
        linux_file_set_read_only(found, true);
    result = linux_file_status(found, &opening->status);
    if (result < 0) {
        linux_file_close(found);
        return fs_status(result);
    }
    *file = found;
    opening->information = FILE_CREATED;
    return STATUS_SUCCESS;
}

/* An overwritten file is emptied only once its sharing allowed the open. */
static NTSTATUS finish(struct opening *opening, struct fs_open *open)
{
    NTSTATUS status = join_node(opening, open);
    if (!NT_SUCCESS(status))
        return status;
    if (opening->information == FILE_OVERWRITTEN || opening->information == FILE_SUPERSEDED) {
        int result = linux_file_resize(open->file, 0);
        if (result < 0) {
            leave_node(opening->volume, open, opening->file);
            return fs_status(result);
        }
    }
    opening->file->FsContext = open->node;
    opening->file->FsContext2 = open;
    return STATUS_SUCCESS;
}

static NTSTATUS open_file(struct opening *opening)
{
    struct fs_open *open = linux_allocate(sizeof(*open));
    if (!open)
        return STATUS_INSUFFICIENT_RESOURCES;
    open->access = opening->access;
    open->delete_on_close = (opening->options & FILE_DELETE_ON_CLOSE) != 0;
    NTSTATUS status = opening->path->exists ? open_existing(opening, &open->file)
                                            : create_new(opening, &open->file);
    if (NT_SUCCESS(status)) {
        status = finish(opening, open);
        if (!NT_SUCCESS(status))
            linux_file_close(open->file);
    }
    if (!NT_SUCCESS(status))
        linux_free(open);
    return status;
}

/* The volume by its own name, without a path: for queries about it. */
static NTSTATUS open_volume(struct opening *opening)
{
    if (opening->options & FILE_DIRECTORY_FILE)
        return STATUS_NOT_A_DIRECTORY;
    if (opening->disposition != FILE_OPEN && opening->disposition != FILE_OPEN_IF)
        return STATUS_ACCESS_DENIED;
    struct fs_open *open = linux_allocate(sizeof(*open));
    if (!open)
        return STATUS_INSUFFICIENT_RESOURCES;
    open->file = -1;
    linux_lock(&opening->volume->lock);
    InsertTailList(&opening->volume->opens, &open->link);
    linux_unlock(&opening->volume->lock);
    opening->file->FsContext2 = open;
    opening->information = FILE_OPENED;
    return STATUS_SUCCESS;
}

/* The name, relative to another open file when there is one. */
static NTSTATUS full_name(PFILE_OBJECT file, UNICODE_STRING *name)
{
    PFILE_OBJECT related = file->RelatedFileObject;
    *name = (UNICODE_STRING){0};
    UNICODE_STRING base = related ? related->FileName : *name, own = file->FileName;
    BOOLEAN needs_slash =
        base.Length && own.Length && base.Buffer[base.Length / sizeof(WCHAR) - 1] != '\\';
    ULONG length = base.Length + own.Length + (needs_slash ? (ULONG)sizeof(WCHAR) : 0);
    if (related && own.Length && own.Buffer[0] == '\\')
        return STATUS_INVALID_PARAMETER;
    if (length > MAXUSHORT)
        return STATUS_OBJECT_NAME_INVALID;
    if (!length)
        return STATUS_SUCCESS;
    PUCHAR text = ExAllocatePoolWithTag(PagedPool, length, FS_TAG);
    if (!text)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(text, base.Buffer, base.Length);
    if (needs_slash)
        *(PWSTR)(text + base.Length) = '\\';
    RtlCopyMemory(text + length - own.Length, own.Buffer, own.Length);
    *name = (UNICODE_STRING){(USHORT)length, (USHORT)length, (PWSTR)text};
    return STATUS_SUCCESS;
}

static NTSTATUS open_named(struct opening *opening, PCUNICODE_STRING name)
{
    if (!name->Length)
        return open_volume(opening);
    opening->path = linux_allocate(sizeof(*opening->path));
    if (!opening->path)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = fs_path_resolve(opening->volume, name, opening->path);
    if (NT_SUCCESS(status))
        status = open_file(opening);
    linux_free(opening->path);
    return status;
}

/* The file object keeps the whole path, as file systems give it to ObQueryNameString. */
static void keep_name(PFILE_OBJECT file, UNICODE_STRING *name)
{
    if (!file->RelatedFileObject || !name->Buffer)
        return;
    UNICODE_STRING old = file->FileName;
    file->FileName = *name;
    *name = old;
}

NTSTATUS fs_create(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    UNICODE_STRING name;
    struct opening opening = {
        .volume = volume,
        .file = stack->FileObject,
        .access = stack->Parameters.Create.SecurityContext->DesiredAccess,
        .options = stack->Parameters.Create.Options & 0xFFFFFF,
        .disposition = stack->Parameters.Create.Options >> 24,
        .share = stack->Parameters.Create.ShareAccess,
        .read_only = (stack->Parameters.Create.FileAttributes & FILE_ATTRIBUTE_READONLY) != 0};
    if (opening.options & FILE_OPEN_BY_FILE_ID)
        return STATUS_NOT_SUPPORTED;
    NTSTATUS status = full_name(stack->FileObject, &name);
    if (!NT_SUCCESS(status))
        return status;
    status = open_named(&opening, &name);
    if (NT_SUCCESS(status)) {
        keep_name(stack->FileObject, &name);
        irp->IoStatus.Information = opening.information;
    }
    if (name.Buffer)
        ExFreePool(name.Buffer);
    return status;
}

/* The last handle is closed: sharing ends, and a file marked for it is deleted with its last one.
 */
NTSTATUS fs_cleanup(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct fs_open *open = stack->FileObject->FsContext2;
    BOOLEAN remove = FALSE;
    if (!open || !open->node)
        return STATUS_SUCCESS;
    linux_lock(&volume->lock);
    struct fs_node *node = open->node;
    IoRemoveShareAccess(stack->FileObject, &node->share);
    if (open->delete_on_close)
        node->delete_pending = TRUE;
    if (--node->opens == 0 && node->delete_pending && !node->is_removed)
        remove = node->is_removed = TRUE;
    linux_unlock(&volume->lock);
    if (remove) /* a folder that is not empty stays, as on NT */
        linux_tree_remove(volume->tree, node->path, node->is_directory);
    return STATUS_SUCCESS;
}

NTSTATUS fs_close(struct fs_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct fs_open *open = stack->FileObject->FsContext2;
    if (!open)
        return STATUS_SUCCESS;
    stack->FileObject->FsContext = stack->FileObject->FsContext2 = NULL;
    linux_lock(&volume->lock);
    RemoveEntryList(&open->link);
    if (open->node && --open->node->references == 0)
        node_free(open->node);
    linux_unlock(&volume->lock);
    if (open->file >= 0)
        linux_file_close(open->file);
    fs_listing_free(open->listing);
    linux_free(open);
    return STATUS_SUCCESS;
}
