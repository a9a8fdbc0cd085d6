/* Key objects: open, create, delete, rename. */
#include "host/cm/cm.h"
#include "host/mm/mm.h"
#include "host/ps/ps.h"
#include "host/se/se.h"

static void key_close(struct _EPROCESS *process, void *object, LONG64 process_handles,
                      LONG64 handles_left)
{
    struct cm_key *key = object;
    REG_KEY_HANDLE_CLOSE_INFORMATION information = {.Object = key};
    struct cm_call call = CM_CALL(KeyHandleClose, key, information);
    NTSTATUS status = STATUS_SUCCESS;
    cm_call_before(&call, &status); /* a close cannot be refused */
    cm_call_after(&call, STATUS_SUCCESS);
    if (handles_left == 0)
        cm_end_watches(key);
}

static void key_remove(void *object)
{
    struct cm_key *key = object;
    struct cm_state *cm = cm_of(key);
    cm_end_watches(key);
    cm_forget_contexts(key);
    if (key->shown_name)
        CmCallbackReleaseKeyObjectIDEx(key->shown_name);
    linux_lock(&cm->lock);
    if (key->node)
        cm_node_release(key->node);
    linux_unlock(&cm->lock);
}

static NTSTATUS key_name_of(void *object, UNICODE_STRING *name)
{
    return cm_key_path(object, name);
}

OBJECT_TYPE cm_key_type = {.self = &cm_key_type,
                           .name = RTL_CONSTANT_STRING(L"Key"),
                           .mapping = {KEY_READ, KEY_WRITE, KEY_EXECUTE, KEY_ALL_ACCESS},
                           .valid_access = KEY_ALL_ACCESS,
                           .name_of = key_name_of,
                           .close = key_close,
                           .remove = key_remove};

NTSTATUS cm_capture(PCUNICODE_STRING string, ULONG limit, UNICODE_STRING *copy)
{
    *copy = (UNICODE_STRING){0};
    UNICODE_STRING seen = string ? *string : *copy; /* read once */
    if (seen.Length % sizeof(WCHAR))
        return STATUS_OBJECT_NAME_INVALID;
    if (seen.Length > limit)
        return STATUS_INVALID_PARAMETER;
    if (!seen.Length)
        return STATUS_SUCCESS;
    PWSTR buffer = ExAllocatePoolWithTag(PagedPool, seen.Length, CM_TAG);
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(buffer, seen.Buffer, seen.Length);
    *copy = (UNICODE_STRING){seen.Length, seen.Length, buffer};
    return STATUS_SUCCESS;
}

void cm_capture_end(UNICODE_STRING *copy)
{
    if (copy->Buffer)
        ExFreePoolWithTag(copy->Buffer, CM_TAG);
    copy->Buffer = NULL;
}

NTSTATUS cm_key_reference(HANDLE handle, ACCESS_MASK access, struct cm_key **key)
{
    struct cm_key *found;
    NTSTATUS status =
        ObReferenceObjectByHandle(handle, access, &cm_key_type, KernelMode, (PVOID *)&found, NULL);
    if (!NT_SUCCESS(status))
        return status;
    struct cm_state *cm = cm_of(found);
    linux_lock(&cm->lock);
    BOOLEAN deleted = found->node->is_deleted;
    linux_unlock(&cm->lock);
    if (deleted) {
        ob_dereference(found);
        return STATUS_KEY_DELETED;
    }
    *key = found;
    return STATUS_SUCCESS;
}

NTSTATUS cm_key_path(struct cm_key *key, UNICODE_STRING *path)
{
    struct cm_state *cm = cm_of(key);
    UNICODE_STRING text = {0};
    linux_lock(&cm->lock);
    BOOLEAN found = cm_node_path(key->node, &text);
    linux_unlock(&cm->lock);
    if (!found)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = cm_capture(&text, MAXUSHORT, path);
    linux_free(text.Buffer);
    return status;
}

/* What an open starts from: the root or a key object, and the name below it. */
struct start {
    struct cm_key *root; /* referenced, or NULL */
    UNICODE_STRING name; /* captured */
    UNICODE_STRING path; /* the part of name below the start */
};

static BOOLEAN strip_registry(UNICODE_STRING *path)
{
    UNICODE_STRING prefix = SB_UNICODE(L"\\REGISTRY");
    if (!RtlPrefixUnicodeString(&prefix, path, TRUE))
        return FALSE;
    UNICODE_STRING rest = {path->Length - prefix.Length, path->Length - prefix.Length,
                           path->Buffer + prefix.Length / sizeof(WCHAR)};
    if (rest.Length && rest.Buffer[0] != '\\')
        return FALSE;
    *path = rest;
    return TRUE;
}

/* A name outside the registry: the object manager says why it is no key. */
static NTSTATUS not_a_key(PCUNICODE_STRING name)
{
    struct ob_open open = {.wanted = &cm_key_type};
    void *object;
    NTSTATUS status = ob_lookup(current_machine(), name, &open, &object);
    if (!NT_SUCCESS(status))
        return status;
    ob_dereference(object);
    return STATUS_OBJECT_TYPE_MISMATCH;
}

static NTSTATUS begin(POBJECT_ATTRIBUTES attributes, struct start *start)
{
    *start = (struct start){0};
    if (!attributes || attributes->Length != sizeof(*attributes))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = cm_capture(attributes->ObjectName, MAXUSHORT, &start->name);
    if (!NT_SUCCESS(status))
        return status;
    start->path = start->name;
    BOOLEAN is_absolute = start->path.Length && start->path.Buffer[0] == '\\';
    if (attributes->RootDirectory) {
        if (is_absolute)
            status = STATUS_OBJECT_PATH_SYNTAX_BAD;
        else
            status = cm_key_reference(attributes->RootDirectory, 0, &start->root);
    } else if (!is_absolute) {
        status = STATUS_OBJECT_PATH_SYNTAX_BAD;
    } else if (!strip_registry(&start->path)) {
        status = not_a_key(&start->name);
    }
    if (!NT_SUCCESS(status))
        cm_capture_end(&start->name);
    return status;
}

static void end(struct start *start)
{
    cm_capture_end(&start->name);
    if (start->root)
        ob_dereference(start->root);
}

/* Finds the node or makes it; *node is referenced. */
static NTSTATUS find_or_create(struct cm_state *cm, const struct start *start,
                               const struct cm_open *open, PCUNICODE_STRING class,
                               ULONG *disposition, struct cm_node **node)
{
    BOOLEAN open_link = (open->options & REG_OPTION_OPEN_LINK) ||
                        (open->attributes->Attributes & OBJ_OPENLINK) ||
                        (open->creates && (open->options & REG_OPTION_CREATE_LINK));
    struct cm_walk walk;
    linux_lock(&cm->lock);
    NTSTATUS status =
        cm_walk(cm, start->root ? start->root->node : cm->root, start->path, open_link, &walk);
    *disposition = REG_OPENED_EXISTING_KEY;
    if (status == STATUS_OBJECT_NAME_NOT_FOUND && open->creates && walk.is_last) {
        status = cm_node_create(cm, walk.node, &walk.missing, class,
                                (open->options & REG_OPTION_VOLATILE) != 0, node);
        *disposition = REG_CREATED_NEW_KEY;
        if (NT_SUCCESS(status))
            (*node)->is_link = (open->options & REG_OPTION_CREATE_LINK) != 0;
    } else if (NT_SUCCESS(status)) {
        *node = walk.node;
    }
    if (NT_SUCCESS(status))
        (*node)->references++;
    cm_walk_end(&walk);
    linux_unlock(&cm->lock);
    return status;
}

static NTSTATUS key_create(struct cm_state *cm, struct cm_node *node, struct cm_key **created)
{
    struct cm_key *key;
    NTSTATUS status = ob_allocate(current_machine(), &cm_key_type, sizeof(*key), (void **)&key);
    if (NT_SUCCESS(status)) {
        InitializeListHead(&key->contexts);
        key->node = node; /* takes over the reference */
        *created = key;
        return status;
    }
    linux_lock(&cm->lock);
    cm_node_release(node);
    linux_unlock(&cm->lock);
    return status;
}

/* Ordinary users may read the machine's keys only. */
static NTSTATUS check_access(const struct start *start, ACCESS_MASK access, KPROCESSOR_MODE mode)
{
    const ACCESS_MASK changes =
        KEY_SET_VALUE | KEY_CREATE_SUB_KEY | KEY_CREATE_LINK | DELETE | WRITE_DAC | WRITE_OWNER;
    SECURITY_IMPERSONATION_LEVEL level;
    UNICODE_STRING prefix = SB_UNICODE(L"\\REGISTRY\\MACHINE");
    if (mode == KernelMode || !(access & changes) || start->root ||
        !RtlPrefixUnicodeString(&prefix, &start->name, TRUE))
        return STATUS_SUCCESS;
    struct token *token = se_effective_token(&level);
    BOOLEAN allowed = SeTokenIsAdmin(token);
    ob_dereference(token);
    return allowed ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

static NTSTATUS open_node(const struct start *start, const struct cm_open *open,
                          PCUNICODE_STRING class, ULONG *disposition, struct cm_key **key)
{
    struct cm_state *cm = current_machine()->cm;
    struct cm_node *node, *parent = NULL;
    NTSTATUS status = check_access(start, open->access, open->mode);
    if (!NT_SUCCESS(status))
        return status;
    status = find_or_create(cm, start, open, class, disposition, &node);
    if (NT_SUCCESS(status))
        status = key_create(cm, node, key);
    if (NT_SUCCESS(status) && *disposition == REG_CREATED_NEW_KEY && (parent = node->parent))
        cm_changed(cm, parent, REG_NOTIFY_CHANGE_NAME);
    return status;
}

/* Opens with the callbacks told; *key is referenced. */
static NTSTATUS open_with_callbacks(struct start *start, const struct cm_open *open,
                                    PUNICODE_STRING class, ACCESS_MASK granted, ULONG *disposition,
                                    struct cm_key **key)
{
    PVOID result = NULL;
    REG_CREATE_KEY_INFORMATION_V1 information = {.CompleteName = &start->name,
                                                 .RootObject = start->root,
                                                 .ObjectType = &cm_key_type,
                                                 .Options = open->options,
                                                 .Class = class,
                                                 .DesiredAccess = open->access,
                                                 .GrantedAccess = granted,
                                                 .Disposition = disposition,
                                                 .ResultObject = &result,
                                                 .Version = 1,
                                                 .RemainingName = &start->path,
                                                 .Attributes = open->attributes->Attributes,
                                                 .CheckAccessMode = open->mode};
    struct cm_call call = {.before = open->creates ? RegNtPreCreateKeyEx : RegNtPreOpenKeyEx,
                           .after = open->creates ? RegNtPostCreateKeyEx : RegNtPostOpenKeyEx,
                           .information = &information,
                           .call_context = &information.CallContext,
                           .object_context = &information.RootObjectContext};
    NTSTATUS status;
    if (cm_call_before(&call, &status)) {
        status = open_node(start, open, class, disposition, key);
        if (NT_SUCCESS(status))
            call.key = *key;
    } else if (NT_SUCCESS(status)) { /* a callback opened it itself */
        if (!result || object_header_of(result)->type != &cm_key_type)
            status = STATUS_UNSUCCESSFUL;
        else
            call.key = *key = result;
    }
    struct cm_key *opened = call.key;
    status = cm_call_after(&call, status);
    if (!NT_SUCCESS(status) && opened)
        ob_dereference(opened);
    return status;
}

static NTSTATUS make_handle(struct cm_key *key, const struct cm_open *open, ACCESS_MASK granted,
                            HANDLE *handle)
{
    struct _EPROCESS *process = current_thread()->Tcb.process;
    if ((open->attributes->Attributes & OBJ_KERNEL_HANDLE) && open->mode == KernelMode)
        process = process->machine->ps->system_process;
    return ob_handle_create(process, key, granted, open->attributes->Attributes & OBJ_INHERIT,
                            handle);
}

NTSTATUS cm_key_open(const struct cm_open *open, ULONG *disposition, HANDLE *handle)
{
    struct start start;
    UNICODE_STRING class;
    struct cm_key *key = NULL;
    ACCESS_MASK granted = open->access & ~(ACCESS_MASK)(KEY_WOW64_RES);
    RtlMapGenericMask(&granted, &cm_key_type.mapping);
    if (granted & MAXIMUM_ALLOWED)
        granted = (granted & ~MAXIMUM_ALLOWED) | KEY_ALL_ACCESS;
    if (open->creates ? open->options & ~(ULONG)REG_LEGAL_OPTION
                      : open->options & ~(ULONG)REG_OPEN_LEGAL_OPTION)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = begin(open->attributes, &start);
    if (!NT_SUCCESS(status))
        return status;
    status = cm_capture(open->class, MAXUSHORT, &class);
    if (NT_SUCCESS(status)) {
        status = open_with_callbacks(&start, open, class.Length ? &class : NULL, granted,
                                     disposition, &key);
        cm_capture_end(&class);
    }
    end(&start);
    if (!NT_SUCCESS(status))
        return status;
    status = make_handle(key, open, granted, handle);
    ob_dereference(key);
    return status;
}

NTSTATUS NTAPI ZwCreateKey(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                           ULONG title, PUNICODE_STRING class, ULONG options, PULONG disposition)
{
    struct cm_open open = {attributes, access, options, class, TRUE, KernelMode};
    ULONG done;
    HANDLE opened;
    NTSTATUS status = cm_key_open(&open, &done, &opened);
    if (!NT_SUCCESS(status))
        return status;
    *handle = opened;
    if (disposition)
        *disposition = done;
    return STATUS_SUCCESS;
}
SB_EXPORT(ZwCreateKey)

NTSTATUS NTAPI ZwOpenKeyEx(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                           ULONG options)
{
    struct cm_open open = {attributes, access, options, NULL, FALSE, KernelMode};
    ULONG done;
    HANDLE opened;
    NTSTATUS status = cm_key_open(&open, &done, &opened);
    if (NT_SUCCESS(status))
        *handle = opened;
    return status;
}
SB_EXPORT(ZwOpenKeyEx)

NTSTATUS NTAPI ZwOpenKey(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    return ZwOpenKeyEx(handle, access, attributes, 0);
}
SB_EXPORT(ZwOpenKey)

static NTSTATUS delete_node(struct cm_key *key)
{
    struct cm_state *cm = cm_of(key);
    linux_lock(&cm->lock);
    struct cm_node *parent = key->node->parent;
    NTSTATUS status = cm_node_delete(key->node);
    linux_unlock(&cm->lock);
    if (NT_SUCCESS(status)) {
        cm_changed(cm, key->node, REG_NOTIFY_CHANGE_NAME);
        cm_changed(cm, parent, REG_NOTIFY_CHANGE_NAME);
    }
    return status;
}

NTSTATUS NTAPI ZwDeleteKey(HANDLE handle)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_reference(handle, DELETE, &key);
    if (!NT_SUCCESS(status))
        return status;
    REG_DELETE_KEY_INFORMATION information = {.Object = key};
    struct cm_call call = CM_CALL(DeleteKey, key, information);
    if (cm_call_before(&call, &status))
        status = delete_node(key);
    status = cm_call_after(&call, status);
    ob_dereference(key);
    return status;
}
SB_EXPORT(ZwDeleteKey)

static NTSTATUS rename_node(struct cm_key *key, PCUNICODE_STRING name)
{
    struct cm_state *cm = cm_of(key);
    if (!name->Length || name->Length > CM_KEY_NAME_BYTES)
        return STATUS_INVALID_PARAMETER;
    for (USHORT i = 0; i < name->Length / sizeof(WCHAR); i++)
        if (name->Buffer[i] == '\\')
            return STATUS_INVALID_PARAMETER;
    linux_lock(&cm->lock);
    NTSTATUS status = cm_node_rename(key->node, name);
    struct cm_node *parent = key->node->parent;
    linux_unlock(&cm->lock);
    if (NT_SUCCESS(status))
        cm_changed(cm, parent, REG_NOTIFY_CHANGE_NAME);
    return status;
}

NTSTATUS NTAPI ZwRenameKey(HANDLE handle, PUNICODE_STRING new_name)
{
    struct cm_key *key;
    UNICODE_STRING name;
    NTSTATUS status = cm_capture(new_name, MAXUSHORT, &name);
    if (!NT_SUCCESS(status))
        return status;
    status = cm_key_reference(handle, KEY_WRITE, &key);
    if (NT_SUCCESS(status)) {
        REG_RENAME_KEY_INFORMATION information = {.Object = key, .NewName = &name};
        struct cm_call call = CM_CALL(RenameKey, key, information);
        if (cm_call_before(&call, &status))
            status = rename_node(key, &name);
        status = cm_call_after(&call, status);
        ob_dereference(key);
    }
    cm_capture_end(&name);
    return status;
}
SB_EXPORT(ZwRenameKey)

/* The tree is in memory and nowhere else: it is always flushed. */
NTSTATUS NTAPI ZwFlushKey(HANDLE handle)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_reference(handle, 0, &key);
    if (!NT_SUCCESS(status))
        return status;
    REG_FLUSH_KEY_INFORMATION information = {.Object = key};
    struct cm_call call = CM_CALL(FlushKey, key, information);
    if (cm_call_before(&call, &status))
        status = STATUS_SUCCESS;
    status = cm_call_after(&call, status);
    ob_dereference(key);
    return status;
}
SB_EXPORT(ZwFlushKey)

static NTSTATUS set_information(struct cm_key *key, KEY_SET_INFORMATION_CLASS class,
                                PVOID information, ULONG length)
{
    struct cm_state *cm = cm_of(key);
    KEY_WRITE_TIME_INFORMATION time;
    if (class != KeyWriteTimeInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (length != sizeof(time))
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(&time, information, sizeof(time));
    linux_lock(&cm->lock);
    key->node->last_write = time.LastWriteTime.QuadPart;
    linux_unlock(&cm->lock);
    cm_changed(cm, key->node, REG_NOTIFY_CHANGE_ATTRIBUTES);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwSetInformationKey(HANDLE handle, KEY_SET_INFORMATION_CLASS class,
                                   PVOID information, ULONG length)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_reference(handle, KEY_SET_VALUE, &key);
    if (!NT_SUCCESS(status))
        return status;
    REG_SET_INFORMATION_KEY_INFORMATION notice = {.Object = key,
                                                  .KeySetInformationClass = class,
                                                  .KeySetInformation = information,
                                                  .KeySetInformationLength = length};
    struct cm_call call = CM_CALL(SetInformationKey, key, notice);
    if (cm_call_before(&call, &status))
        status = set_information(key, class, information, length);
    status = cm_call_after(&call, status);
    ob_dereference(key);
    return status;
}
SB_EXPORT(ZwSetInformationKey)
