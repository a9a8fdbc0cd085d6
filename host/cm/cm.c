/* The registry of a new machine, and what the host itself reads and writes there. */
#include "host/cm/cm.h"
#include "host/rtl/rtl.h"

#define MACHINE     L"\\REGISTRY\\MACHINE\\"
#define CONTROL_SET MACHINE L"SYSTEM\\ControlSet001\\"
#define CURRENT     MACHINE L"SYSTEM\\CurrentControlSet"
#define VERSION     MACHINE L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"

static const WCHAR *const standard_keys[] = {
    MACHINE L"HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0",
    MACHINE L"HARDWARE\\DEVICEMAP",
    MACHINE L"HARDWARE\\RESOURCEMAP",
    MACHINE L"SAM",
    MACHINE L"SECURITY",
    MACHINE L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion",
    MACHINE L"SOFTWARE\\Classes",
    MACHINE L"SOFTWARE\\Policies",
    VERSION,
    MACHINE L"SYSTEM\\Select",
    MACHINE L"SYSTEM\\Setup",
    CONTROL_SET L"Control\\Class",
    CONTROL_SET L"Control\\DeviceClasses",
    CONTROL_SET L"Control\\Session Manager\\Environment",
    CONTROL_SET L"Control\\Session Manager\\Memory Management",
    CONTROL_SET L"Control\\ComputerName\\ComputerName",
    CONTROL_SET L"Control\\CrashControl",
    CONTROL_SET L"Control\\Nls\\CodePage",
    CONTROL_SET L"Enum\\Root",
    CONTROL_SET L"Hardware Profiles\\0001",
    CONTROL_SET L"Services",
    L"\\REGISTRY\\USER\\.DEFAULT\\Software",
    L"\\REGISTRY\\USER\\S-1-5-18\\Software",
};

/* Text values are REG_SZ; a NULL text means the number, REG_DWORD. */
static const struct standard_value {
    const WCHAR *key, *name, *text;
    ULONG number;
} standard_values[] = {
    {VERSION, L"CurrentVersion", L"6.3", 0},
    {VERSION, L"CurrentMajorVersionNumber", NULL, RTL_NT_MAJOR},
    {VERSION, L"CurrentMinorVersionNumber", NULL, RTL_NT_MINOR},
    {VERSION, L"CurrentBuild", L"19045", 0},
    {VERSION, L"CurrentBuildNumber", L"19045", 0},
    {VERSION, L"CurrentType", L"Multiprocessor Free", 0},
    {VERSION, L"DisplayVersion", L"22H2", 0},
    {VERSION, L"ProductName", L"Windows 10 Pro", 0},
    {VERSION, L"EditionID", L"Professional", 0},
    {VERSION, L"InstallationType", L"Client", 0},
    {VERSION, L"SystemRoot", L"C:\\Windows", 0},
    {VERSION, L"UBR", NULL, 0},
    {MACHINE L"SYSTEM\\Select", L"Current", NULL, 1},
    {MACHINE L"SYSTEM\\Select", L"Default", NULL, 1},
    {MACHINE L"SYSTEM\\Select", L"Failed", NULL, 0},
    {MACHINE L"SYSTEM\\Select", L"LastKnownGood", NULL, 1},
    {CONTROL_SET L"Control", L"CurrentUser", L"USERNAME", 0},
    {CONTROL_SET L"Control", L"SystemBootDevice", L"multi(0)disk(0)rdisk(0)partition(1)", 0},
    {CONTROL_SET L"Control\\ComputerName\\ComputerName", L"ComputerName", L"SYSBUF", 0},
    {CONTROL_SET L"Control\\Nls\\CodePage", L"ACP", L"1252", 0},
    {CONTROL_SET L"Control\\Nls\\CodePage", L"OEMCP", L"437", 0},
    {CONTROL_SET L"Control\\Session Manager\\Environment", L"NUMBER_OF_PROCESSORS", L"1", 0},
    {CONTROL_SET L"Control\\Session Manager\\Environment", L"OS", L"Windows_NT", 0},
    {CONTROL_SET L"Control\\Session Manager\\Environment", L"PROCESSOR_ARCHITECTURE", L"AMD64", 0},
    {CONTROL_SET L"Control\\Session Manager\\Environment", L"windir", L"C:\\Windows", 0},
};

static UNICODE_STRING text_of(const WCHAR *text)
{
    USHORT length = (USHORT)rtl_unicode_length(text);
    return (UNICODE_STRING){length, length, (PWSTR)text};
}

/* The node of a full path, made with all that leads to it. Lock held. */
static NTSTATUS make_path(struct cm_state *cm, UNICODE_STRING path, struct cm_node **node)
{
    const USHORT root_length = SB_WIDE_LENGTH(L"\\REGISTRY");
    UNICODE_STRING below = {path.Length - root_length, 0,
                            path.Buffer + root_length / sizeof(WCHAR)};
    for (;;) {
        struct cm_walk walk;
        NTSTATUS status = cm_walk(cm, cm->root, below, FALSE, &walk);
        if (status == STATUS_OBJECT_NAME_NOT_FOUND && walk.missing.Length)
            status = cm_node_create(cm, walk.node, &walk.missing, NULL, FALSE, node);
        else if (NT_SUCCESS(status))
            *node = walk.node;
        BOOLEAN done = NT_SUCCESS(status) && (walk.is_last || !walk.missing.Length);
        cm_walk_end(&walk);
        if (done || !NT_SUCCESS(status))
            return status;
    }
}

static NTSTATUS set_standard(struct cm_state *cm, const struct standard_value *standard)
{
    struct cm_node *node;
    UNICODE_STRING name = text_of(standard->name);
    NTSTATUS status = make_path(cm, text_of(standard->key), &node);
    if (!NT_SUCCESS(status))
        return status;
    if (!standard->text)
        return cm_value_set(node, &name, REG_DWORD, &standard->number, sizeof(ULONG));
    return cm_value_set(node, &name, REG_SZ, standard->text,
                        text_of(standard->text).Length + (ULONG)sizeof(WCHAR));
}

/* \REGISTRY\MACHINE\SYSTEM\CurrentControlSet is a link to ControlSet001. */
static NTSTATUS make_current_control_set(struct cm_state *cm)
{
    static const WCHAR target[] = MACHINE L"SYSTEM\\ControlSet001";
    UNICODE_STRING name = SB_UNICODE(L"SymbolicLinkValue");
    struct cm_node *node;
    NTSTATUS status = make_path(cm, text_of(CURRENT), &node);
    if (!NT_SUCCESS(status))
        return status;
    status = cm_value_set(node, &name, REG_LINK, target, sizeof(target) - sizeof(WCHAR));
    node->is_link = TRUE;
    return status;
}

static NTSTATUS make_standard(struct cm_state *cm)
{
    struct cm_node *node;
    UNICODE_STRING root = SB_UNICODE(L"REGISTRY");
    NTSTATUS status = cm_node_create(cm, NULL, &root, NULL, FALSE, &cm->root);
    for (ULONG i = 0; i < RTL_NUMBER_OF(standard_keys) && NT_SUCCESS(status); i++)
        status = make_path(cm, text_of(standard_keys[i]), &node);
    for (ULONG i = 0; i < RTL_NUMBER_OF(standard_values) && NT_SUCCESS(status); i++)
        status = set_standard(cm, &standard_values[i]);
    return NT_SUCCESS(status) ? make_current_control_set(cm) : status;
}

/* The root's key object gives the registry its name in the object namespace. */
static NTSTATUS name_root(struct machine *machine)
{
    struct cm_key *key;
    UNICODE_STRING name = SB_UNICODE(L"\\REGISTRY");
    NTSTATUS status = ob_allocate(machine, &cm_key_type, sizeof(*key), (void **)&key);
    if (!NT_SUCCESS(status))
        return status;
    InitializeListHead(&key->contexts);
    key->node = machine->cm->root;
    key->node->references++;
    status = ob_insert(key, &name, OB_PERMANENT);
    if (NT_SUCCESS(status))
        ob_dereference(key); /* the name holds it */
    return status;
}

NTSTATUS cm_initialize(struct machine *machine)
{
    struct cm_state *cm = linux_allocate(sizeof(*cm));
    if (!cm)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&cm->nodes);
    InitializeListHead(&cm->watches);
    InitializeListHead(&cm->watching_keys);
    InitializeListHead(&cm->callbacks);
    machine->cm = cm;
    machine->data_exports->key_object_type = &cm_key_type;
    NTSTATUS status = make_standard(cm);
    return NT_SUCCESS(status) ? name_root(machine) : status;
}
SB_EXPORT_DATA("CmKeyObjectType", key_object_type)

void cm_destroy(struct machine *machine)
{
    if (machine->cm)
        cm_tree_free(machine->cm);
    linux_free(machine->cm);
    machine->cm = NULL;
}

/* A handle to the key of a full path, made with all that leads to it. */
static NTSTATUS open_path(PCUNICODE_STRING path, ACCESS_MASK access, KPROCESSOR_MODE mode,
                          HANDLE *handle)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING part = *path;
    ULONG disposition, count = path->Length / sizeof(WCHAR);
    NTSTATUS status = STATUS_OBJECT_PATH_SYNTAX_BAD;
    /* Each prefix that ends before a backslash, then the whole. */
    for (ULONG end = 1; end <= count; end++) {
        if (end < count && path->Buffer[end] != '\\')
            continue;
        part.Length = part.MaximumLength = (USHORT)(end * sizeof(WCHAR));
        InitializeObjectAttributes(&attributes, &part, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                                   NULL, NULL);
        struct cm_open open = {&attributes, access, 0, NULL, FALSE, mode};
        status = cm_key_open(&open, &disposition, handle);
        if (status == STATUS_OBJECT_NAME_NOT_FOUND) {
            open.creates = TRUE;
            status = cm_key_open(&open, &disposition, handle);
        }
        if (!NT_SUCCESS(status))
            return status;
        if (end < count)
            ZwClose(*handle);
    }
    return status;
}

NTSTATUS cm_write(PCUNICODE_STRING key, PCUNICODE_STRING value, ULONG type, const void *data,
                  ULONG size, KPROCESSOR_MODE mode)
{
    HANDLE handle;
    NTSTATUS status = open_path(key, KEY_SET_VALUE, mode, &handle);
    if (!NT_SUCCESS(status))
        return status;
    status = ZwSetValueKey(handle, (PUNICODE_STRING)value, 0, type, (PVOID)data, size);
    ZwClose(handle);
    return status;
}

static NTSTATUS find_key(struct cm_state *cm, PCUNICODE_STRING path, struct cm_walk *walk)
{
    UNICODE_STRING prefix = SB_UNICODE(L"\\REGISTRY"), below = *path;
    *walk = (struct cm_walk){0};
    if (!RtlPrefixUnicodeString(&prefix, path, TRUE))
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    below.Buffer += prefix.Length / sizeof(WCHAR);
    below.Length -= prefix.Length;
    return cm_walk(cm, cm->root, below, FALSE, walk);
}

NTSTATUS cm_read(PCUNICODE_STRING key, PCUNICODE_STRING value_name, ULONG *type, void *data,
                 ULONG room, ULONG *needed)
{
    struct cm_state *cm = current_machine()->cm;
    struct cm_walk walk;
    linux_lock(&cm->lock);
    NTSTATUS status = find_key(cm, key, &walk);
    struct cm_value *value = NT_SUCCESS(status) ? cm_value_find(walk.node, value_name) : NULL;
    if (NT_SUCCESS(status) && !value)
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    if (value) {
        *type = value->type;
        *needed = value->size;
        ULONG copied = value->size < room ? value->size : room;
        if (copied)
            __builtin_memcpy(data, value->data, copied);
        if (copied < value->size)
            status = STATUS_BUFFER_OVERFLOW;
    }
    cm_walk_end(&walk);
    linux_unlock(&cm->lock);
    return status;
}

/* Sets a value unless there is one of that name. Lock held. */
static NTSTATUS set_default(struct cm_node *node, const WCHAR *name_text, ULONG type,
                            const void *data, ULONG size)
{
    UNICODE_STRING name = text_of(name_text);
    return cm_value_find(node, &name) ? STATUS_SUCCESS
                                      : cm_value_set(node, &name, type, data, size);
}

/* Up to four texts one after the other in host memory, terminated. */
static WCHAR *join(const UNICODE_STRING *texts, ULONG count, UNICODE_STRING *joined)
{
    ULONG length = 0, at = 0;
    for (ULONG i = 0; i < count; i++)
        length += texts[i].Length;
    if (length > MAXUSHORT - sizeof(WCHAR))
        return NULL;
    WCHAR *buffer = linux_allocate(length + sizeof(WCHAR));
    for (ULONG i = 0; buffer && i < count; i++) {
        RtlCopyMemory((char *)buffer + at, texts[i].Buffer, texts[i].Length);
        at += texts[i].Length;
    }
    *joined = (UNICODE_STRING){(USHORT)length, (USHORT)(length + sizeof(WCHAR)), buffer};
    return buffer;
}

static NTSTATUS fill_service(struct cm_state *cm, struct cm_node *node, PCUNICODE_STRING image_path)
{
    const ULONG type = SERVICE_KERNEL_DRIVER, start = SERVICE_DEMAND_START,
                error_control = SERVICE_ERROR_NORMAL;
    UNICODE_STRING parameters = SB_UNICODE(L"Parameters");
    struct cm_walk walk;
    struct cm_node *child;
    NTSTATUS status = set_default(node, L"Type", REG_DWORD, &type, sizeof(type));
    if (NT_SUCCESS(status))
        status = set_default(node, L"Start", REG_DWORD, &start, sizeof(start));
    if (NT_SUCCESS(status))
        status =
            set_default(node, L"ErrorControl", REG_DWORD, &error_control, sizeof(error_control));
    if (NT_SUCCESS(status) && image_path)
        status =
            set_default(node, L"ImagePath", REG_EXPAND_SZ, image_path->Buffer, image_path->Length);
    if (!NT_SUCCESS(status))
        return status;
    status = cm_walk(cm, node, parameters, TRUE, &walk);
    cm_walk_end(&walk);
    return NT_SUCCESS(status) ? status : cm_node_create(cm, node, &parameters, NULL, FALSE, &child);
}

NTSTATUS cm_create_service(PCUNICODE_STRING service, PCUNICODE_STRING image_path)
{
    struct cm_state *cm = current_machine()->cm;
    struct cm_node *node;
    UNICODE_STRING path = {0}, image = {0};
    const UNICODE_STRING key_parts[] = {SB_UNICODE(CURRENT L"\\Services\\"), *service};
    const UNICODE_STRING image_parts[] = {SB_UNICODE(L"\\SystemRoot\\System32\\drivers\\"),
                                          *service, SB_UNICODE(L".sys")};
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    join(key_parts, RTL_NUMBER_OF(key_parts), &path);
    if (image_path)
        join(image_path, 1, &image);
    else
        join(image_parts, RTL_NUMBER_OF(image_parts), &image);
    if (path.Buffer && image.Buffer) {
        image.Length = image.MaximumLength; /* the value has its terminator */
        linux_lock(&cm->lock);
        status = make_path(cm, path, &node);
        if (NT_SUCCESS(status))
            status = fill_service(cm, node, &image);
        linux_unlock(&cm->lock);
    }
    linux_free(path.Buffer);
    linux_free(image.Buffer);
    return status;
}
