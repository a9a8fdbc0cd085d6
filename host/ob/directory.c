/* Directory objects and symbolic links by handle. */
#include "host/ke/ke.h"
#include "host/mm/mm.h"
#include "host/ob/namespace.h"

NTSTATUS NTAPI NtCreateDirectoryObject(PHANDLE handle, ACCESS_MASK access,
                                       POBJECT_ATTRIBUTES attributes);

static NTSTATUS create_directory(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                                 KPROCESSOR_MODE mode)
{
    struct directory *directory;
    NTSTATUS status =
        ob_allocate(current_machine(), &ob_directory_type, sizeof(*directory), (void **)&directory);
    if (!NT_SUCCESS(status))
        return status;
    InitializeListHead(&directory->entries);
    return ob_create_handle(directory, attributes, access, mode, handle);
}

NTSTATUS NTAPI ZwCreateDirectoryObject(PHANDLE handle, ACCESS_MASK access,
                                       POBJECT_ATTRIBUTES attributes)
{
    return create_directory(handle, access, attributes, KernelMode);
}
SB_EXPORT(ZwCreateDirectoryObject)

NTSTATUS NTAPI NtCreateDirectoryObject(PHANDLE handle, ACCESS_MASK access,
                                       POBJECT_ATTRIBUTES attributes)
{
    return create_directory(handle, access, attributes, current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtCreateDirectoryObject)

NTSTATUS NTAPI ZwOpenDirectoryObject(PHANDLE handle, ACCESS_MASK access,
                                     POBJECT_ATTRIBUTES attributes)
{
    return ob_open_handle(attributes, &ob_directory_type, access, KernelMode, handle);
}
SB_EXPORT(ZwOpenDirectoryObject)

NTSTATUS NTAPI ZwCreateSymbolicLinkObject(PHANDLE handle, ACCESS_MASK access,
                                          POBJECT_ATTRIBUTES attributes, PUNICODE_STRING target)
{
    struct symbolic_link *link;
    NTSTATUS status = ob_symbolic_link_allocate(current_machine(), target, (void **)&link);
    if (!NT_SUCCESS(status))
        return status;
    return ob_create_handle(link, attributes, access, KernelMode, handle);
}
SB_EXPORT(ZwCreateSymbolicLinkObject)

NTSTATUS NTAPI ZwOpenSymbolicLinkObject(PHANDLE handle, ACCESS_MASK access,
                                        POBJECT_ATTRIBUTES attributes)
{
    return ob_open_handle(attributes, &ob_symbolic_link_type, access, KernelMode, handle);
}
SB_EXPORT(ZwOpenSymbolicLinkObject)

NTSTATUS NTAPI ZwQuerySymbolicLinkObject(HANDLE handle, PUNICODE_STRING target,
                                         PULONG return_length)
{
    struct handle_entry entry;
    struct symbolic_link *link;
    NTSTATUS status =
        ob_handle_reference(current_thread()->Tcb.process, handle, SYMBOLIC_LINK_QUERY,
                            &ob_symbolic_link_type, KernelMode, (void **)&link, &entry);
    if (!NT_SUCCESS(status))
        return status;
    if (return_length)
        *return_length = link->target.Length + sizeof(WCHAR);
    if (target->MaximumLength < link->target.Length) {
        status = STATUS_BUFFER_TOO_SMALL;
    } else {
        RtlCopyMemory(target->Buffer, link->target.Buffer, link->target.Length);
        target->Length = link->target.Length;
        if (target->MaximumLength >= target->Length + sizeof(WCHAR))
            target->Buffer[target->Length / sizeof(WCHAR)] = 0;
    }
    ob_dereference(link);
    return status;
}
SB_EXPORT(ZwQuerySymbolicLinkObject)

/* ---- ZwQueryDirectoryObject ---- */
struct directory_entry {
    UNICODE_STRING name, type;
};

/* One entry's texts, copied out of the namespace (host heap). */
static BOOLEAN copy_entry(struct directory *directory, ULONG index, struct directory_entry *entry)
{
    struct ob_state *ob = object_header_of(directory)->machine->ob;
    BOOLEAN found = FALSE;
    linux_lock(&ob->lock);
    PLIST_ENTRY link = directory->entries.Flink;
    while (link != &directory->entries && index-- > 0)
        link = link->Flink;
    if (link != &directory->entries) {
        struct object_header *header =
            CONTAINING_RECORD(link, struct object_header, directory_link);
        entry->type = header->type->name;
        entry->name = header->name;
        entry->name.Buffer = linux_allocate(header->name.Length + sizeof(WCHAR));
        if (entry->name.Buffer) {
            __builtin_memcpy(entry->name.Buffer, header->name.Buffer, header->name.Length);
            found = TRUE;
        }
    }
    linux_unlock(&ob->lock);
    return found;
}

static ULONG text_size(const struct directory_entry *entry)
{
    return entry->name.Length + entry->type.Length + 2 * sizeof(WCHAR);
}

static PWSTR store_text(UNICODE_STRING *to, const UNICODE_STRING *from, PWSTR text)
{
    RtlCopyMemory(text, from->Buffer, from->Length);
    text[from->Length / sizeof(WCHAR)] = 0;
    *to = (UNICODE_STRING){from->Length, (USHORT)(from->Length + sizeof(WCHAR)), text};
    return text + from->Length / sizeof(WCHAR) + 1;
}

/* Lays out the entries from *context on: an array ended by an empty one, their texts behind it. */
static NTSTATUS list(struct directory *directory, struct directory_entry *buffer, ULONG length,
                     BOOLEAN single, PULONG context, PULONG needed)
{
    enum { LIST_LIMIT = 256 };
    struct directory_entry found[LIST_LIMIT];
    ULONG count = 0, size = sizeof(struct directory_entry);
    BOOLEAN more = FALSE;
    while (count < (single ? 1 : LIST_LIMIT) &&
           copy_entry(directory, *context + count, &found[count])) {
        ULONG grown = size + sizeof(found[0]) + text_size(&found[count]);
        if (grown > length) {
            *needed = grown;
            linux_free(found[count].name.Buffer);
            more = TRUE;
            break;
        }
        size = grown;
        count++;
    }
    PWSTR text = (PWSTR)(buffer + count + 1);
    for (ULONG i = 0; i < count; i++) {
        text = store_text(&buffer[i].name, &found[i].name, text);
        text = store_text(&buffer[i].type, &found[i].type, text);
        linux_free(found[i].name.Buffer);
    }
    if (count == 0)
        return more ? STATUS_BUFFER_TOO_SMALL : STATUS_NO_MORE_ENTRIES;
    RtlZeroMemory(&buffer[count], sizeof(buffer[count]));
    *context += count;
    *needed = size;
    return more ? STATUS_MORE_ENTRIES : STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwQueryDirectoryObject(HANDLE handle, PVOID buffer, ULONG length, BOOLEAN single,
                                      BOOLEAN restart, PULONG context, PULONG return_length)
{
    struct handle_entry entry;
    struct directory *directory;
    ULONG needed = 0;
    NTSTATUS status =
        ob_handle_reference(current_thread()->Tcb.process, handle, DIRECTORY_QUERY,
                            &ob_directory_type, KernelMode, (void **)&directory, &entry);
    if (!NT_SUCCESS(status))
        return status;
    if (restart)
        *context = 0;
    status = list(directory, buffer, length, single, context, &needed);
    if (return_length)
        *return_length = needed;
    ob_dereference(directory);
    return status;
}
SB_EXPORT(ZwQueryDirectoryObject)
