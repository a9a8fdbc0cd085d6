/*
 * Device interfaces: symbolic links named after a device instance and a class GUID, which exist
 * while the driver has them enabled.
 */
#include "host/io/pnp.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { INTERFACE_NAME_LIMIT = 260 };

struct io_interface {
    LIST_ENTRY link; /* io_state.interfaces, host memory */
    PDEVICE_OBJECT device;
    GUID class;
    BOOLEAN enabled;
    UNICODE_STRING name; /* "\??\ROOT#X#0000#{guid}[\reference]" */
    WCHAR text[INTERFACE_NAME_LIMIT];
};

static BOOLEAN append(struct io_interface *entry, const UNICODE_STRING *part)
{
    USHORT used = entry->name.Length / sizeof(WCHAR), count = part->Length / sizeof(WCHAR);
    if (used + count + 1 > INTERFACE_NAME_LIMIT)
        return FALSE;
    for (USHORT i = 0; i < count; i++)
        entry->text[used + i] = part->Buffer[i];
    entry->name.Length += part->Length;
    return TRUE;
}

/* The instance path's backslashes become #, as the name is one component. */
static BOOLEAN build_name(struct io_interface *entry, const struct io_node *node,
                          const UNICODE_STRING *guid, PUNICODE_STRING reference)
{
    static const WCHAR prefix_text[] = L"\\\?\?\\", hash_text[] = L"#", slash_text[] = L"\\";
    const UNICODE_STRING prefix = SB_UNICODE(prefix_text), hash = SB_UNICODE(hash_text),
                         slash = SB_UNICODE(slash_text);
    entry->name = (UNICODE_STRING){0, sizeof(entry->text), entry->text};
    BOOLEAN fits = append(entry, &prefix) && append(entry, &node->instance);
    for (USHORT i = prefix.Length / sizeof(WCHAR); i < entry->name.Length / sizeof(WCHAR); i++)
        if (entry->text[i] == '\\')
            entry->text[i] = '#';
    fits = fits && append(entry, &hash) && append(entry, guid);
    if (reference && reference->Length)
        fits = fits && append(entry, &slash) && append(entry, reference);
    return fits;
}

static struct io_interface *find(struct io_state *io, PCUNICODE_STRING name)
{
    for (PLIST_ENTRY link = io->interfaces.Flink; link != &io->interfaces; link = link->Flink) {
        struct io_interface *entry = CONTAINING_RECORD(link, struct io_interface, link);
        if (RtlEqualUnicodeString(&entry->name, name, TRUE))
            return entry;
    }
    return NULL;
}

BOOLEAN io_interface_exists(PCUNICODE_STRING name)
{
    struct io_state *io = current_machine()->io;
    linux_lock(&io->lock);
    BOOLEAN exists = find(io, name) != NULL;
    linux_unlock(&io->lock);
    return exists;
}

static NTSTATUS give_name(const struct io_interface *entry, PUNICODE_STRING name)
{
    name->Buffer =
        mm_pool_allocate_zero(current_machine(), entry->name.Length + sizeof(WCHAR), PNP_TAG);
    if (!name->Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memcpy(name->Buffer, entry->text, entry->name.Length);
    name->Length = entry->name.Length;
    name->MaximumLength = name->Length + sizeof(WCHAR);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoRegisterDeviceInterface(PDEVICE_OBJECT device, CONST GUID *class,
                                         PUNICODE_STRING reference, PUNICODE_STRING name)
{
    struct io_state *io = current_machine()->io;
    struct io_node *node = io_node_of(device);
    UNICODE_STRING guid;
    if (!node)
        return STATUS_INVALID_DEVICE_REQUEST;
    struct io_interface *entry = linux_allocate(sizeof(*entry));
    NTSTATUS status = entry ? RtlStringFromGUID(class, &guid) : STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status))
        goto fail;
    entry->device = device;
    entry->class = *class;
    status = build_name(entry, node, &guid, reference) ? STATUS_SUCCESS : STATUS_NAME_TOO_LONG;
    RtlFreeUnicodeString(&guid);
    if (NT_SUCCESS(status))
        status = give_name(entry, name);
    if (!NT_SUCCESS(status))
        goto fail;
    linux_lock(&io->lock);
    BOOLEAN known = find(io, &entry->name) != NULL;
    if (!known)
        InsertTailList(&io->interfaces, &entry->link);
    linux_unlock(&io->lock);
    if (!known)
        return STATUS_SUCCESS;
    status = STATUS_OBJECT_NAME_EXISTS;
fail:
    linux_free(entry);
    return status;
}
SB_EXPORT(IoRegisterDeviceInterface)

static NTSTATUS link_to_device(struct io_interface *entry, BOOLEAN enable)
{
    UNICODE_STRING path;
    if (!enable)
        return IoDeleteSymbolicLink(&entry->name);
    NTSTATUS status = ob_path(entry->device, &path);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&entry->name, &path);
    mm_pool_free(current_machine(), path.Buffer);
    return status;
}

NTSTATUS NTAPI IoSetDeviceInterfaceState(PUNICODE_STRING name, BOOLEAN enable)
{
    struct io_state *io = current_machine()->io;
    linux_lock(&io->lock);
    struct io_interface *entry = find(io, name);
    linux_unlock(&io->lock);
    if (!entry)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (entry->enabled == enable)
        return enable ? STATUS_OBJECT_NAME_EXISTS : STATUS_OBJECT_NAME_NOT_FOUND;
    NTSTATUS status = link_to_device(entry, enable);
    if (!NT_SUCCESS(status))
        return status;
    entry->enabled = enable;
    io_notify_interface(&entry->class, &entry->name, enable);
    return status;
}
SB_EXPORT(IoSetDeviceInterfaceState)

/* The index-th interface of a class (any when NULL) and device (any when NULL). Lock held. */
static struct io_interface *nth(struct io_state *io, const GUID *class, PDEVICE_OBJECT device,
                                BOOLEAN disabled_too, ULONG index)
{
    for (PLIST_ENTRY link = io->interfaces.Flink; link != &io->interfaces; link = link->Flink) {
        struct io_interface *entry = CONTAINING_RECORD(link, struct io_interface, link);
        if ((!class || __builtin_memcmp(class, &entry->class, sizeof(GUID)) == 0) &&
            (!device || entry->device == device) && (entry->enabled || disabled_too) &&
            index-- == 0)
            return entry;
    }
    return NULL;
}

void io_interfaces_visit(const GUID *class, void (*function)(PUNICODE_STRING link, void *context),
                         void *context)
{
    struct io_state *io = current_machine()->io;
    for (ULONG i = 0;; i++) {
        linux_lock(&io->lock);
        struct io_interface *entry = nth(io, class, NULL, FALSE, i);
        linux_unlock(&io->lock);
        if (!entry)
            return;
        function(&entry->name, context);
    }
}

NTSTATUS NTAPI IoGetDeviceInterfaces(CONST GUID *class, PDEVICE_OBJECT device, ULONG flags,
                                     PWSTR *list)
{
    struct io_state *io = current_machine()->io;
    BOOLEAN all = (flags & DEVICE_INTERFACE_INCLUDE_NONACTIVE) != 0;
    struct io_interface *entry;
    SIZE_T size = sizeof(WCHAR), used = 0;
    linux_lock(&io->lock);
    for (ULONG i = 0; (entry = nth(io, class, device, all, i)) != NULL; i++)
        size += entry->name.Length + sizeof(WCHAR);
    PWSTR names = mm_pool_allocate_zero(current_machine(), size, PNP_TAG);
    for (ULONG i = 0; names && (entry = nth(io, class, device, all, i)) != NULL; i++) {
        __builtin_memcpy(names + used, entry->text, entry->name.Length);
        used += entry->name.Length / sizeof(WCHAR) + 1;
    }
    linux_unlock(&io->lock);
    if (!names)
        return STATUS_INSUFFICIENT_RESOURCES;
    *list = names;
    return STATUS_SUCCESS;
}
SB_EXPORT(IoGetDeviceInterfaces)

/* The reference string of an interface's name, with its backslash: what stands behind the GUID. */
static UNICODE_STRING reference_of(const struct io_interface *entry)
{
    USHORT at = entry->name.Length / sizeof(WCHAR);
    while (at > 0 && entry->text[at - 1] != '}')
        at--;
    USHORT length = entry->name.Length - at * (USHORT)sizeof(WCHAR);
    return (UNICODE_STRING){length, length, (PWSTR)entry->text + at};
}

/* Another class's interface of the same device with the same reference string. Lock held. */
static struct io_interface *alias_of(struct io_state *io, const struct io_interface *entry,
                                     const GUID *class)
{
    UNICODE_STRING reference = reference_of(entry), other_reference;
    struct io_interface *other;
    for (ULONG i = 0; (other = nth(io, class, entry->device, TRUE, i)) != NULL; i++) {
        other_reference = reference_of(other);
        if (RtlEqualUnicodeString(&reference, &other_reference, TRUE))
            break;
    }
    return other;
}

NTSTATUS NTAPI IoGetDeviceInterfaceAlias(PUNICODE_STRING name, CONST GUID *class,
                                         PUNICODE_STRING alias)
{
    struct io_state *io = current_machine()->io;
    linux_lock(&io->lock);
    const struct io_interface *entry = find(io, name);
    const struct io_interface *other = entry ? alias_of(io, entry, class) : NULL;
    linux_unlock(&io->lock);
    return other ? give_name(other, alias) : STATUS_OBJECT_NAME_NOT_FOUND;
}
SB_EXPORT(IoGetDeviceInterfaceAlias)

void io_interfaces_forget(PDEVICE_OBJECT device)
{
    struct io_state *io = current_machine()->io;
    struct io_interface *entry;
    for (;;) {
        linux_lock(&io->lock);
        entry = nth(io, NULL, device, TRUE, 0);
        if (entry)
            RemoveEntryList(&entry->link);
        linux_unlock(&io->lock);
        if (!entry)
            return;
        if (entry->enabled)
            link_to_device(entry, FALSE);
        linux_free(entry);
    }
}
