#include "host/mm/mm.h"
#include "host/ob/namespace.h"

enum { NAME_TAG = 0x6D4E624F, LINK_DEPTH = 32, PATH_LIMIT = 0xFFFE };

static void link_remove(void *object)
{
    struct symbolic_link *link = object;
    if (link->target.Buffer)
        mm_pool_free(object_header_of(object)->machine, link->target.Buffer);
}

OBJECT_TYPE ob_directory_type = {.name = RTL_CONSTANT_STRING(L"Directory"),
                                 .valid_access = 0xF000F};
OBJECT_TYPE ob_symbolic_link_type = {
    .name = RTL_CONSTANT_STRING(L"SymbolicLink"), .valid_access = 0xF0001, .remove = link_remove};

/* Splits the first component off path: "\a\b" gives "a" and leaves "\b". */
static BOOLEAN next_component(UNICODE_STRING *path, UNICODE_STRING *component)
{
    USHORT count = path->Length / sizeof(WCHAR), start = 0;
    while (start < count && path->Buffer[start] == '\\')
        start++;
    USHORT end = start;
    while (end < count && path->Buffer[end] != '\\')
        end++;
    component->Buffer = path->Buffer + start;
    component->Length = component->MaximumLength = (USHORT)((end - start) * sizeof(WCHAR));
    path->Buffer += end;
    path->Length = (USHORT)((count - end) * sizeof(WCHAR));
    return end > start;
}

/* Namespace lock held. Not referenced. */
static void *directory_find(struct directory *directory, UNICODE_STRING *name)
{
    for (PLIST_ENTRY link = directory->entries.Flink; link != &directory->entries;
         link = link->Flink) {
        struct object_header *header =
            CONTAINING_RECORD(link, struct object_header, directory_link);
        if (RtlEqualUnicodeString(&header->name, name, TRUE))
            return header + 1;
    }
    return NULL;
}

static void *reference_entry(struct ob_state *ob, struct directory *directory, UNICODE_STRING *name)
{
    linux_lock(&ob->lock);
    void *found = directory_find(directory, name);
    if (found)
        ob_reference(found);
    linux_unlock(&ob->lock);
    return found;
}

static NTSTATUS duplicate(struct machine *machine, const UNICODE_STRING *from, UNICODE_STRING *to)
{
    to->Buffer = mm_pool_allocate(machine, NonPagedPoolNx, from->Length + sizeof(WCHAR), NAME_TAG);
    if (!to->Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memcpy(to->Buffer, from->Buffer, from->Length);
    to->Buffer[from->Length / sizeof(WCHAR)] = 0;
    to->Length = from->Length;
    to->MaximumLength = from->Length + sizeof(WCHAR);
    return STATUS_SUCCESS;
}

/* A link's target followed by the rest of the path, in a new pool buffer that replaces *owned. */
static NTSTATUS follow(struct machine *machine, struct symbolic_link *link, UNICODE_STRING *path,
                       PWSTR *owned)
{
    SIZE_T length = (SIZE_T)link->target.Length + path->Length;
    if (length > PATH_LIMIT)
        return STATUS_NAME_TOO_LONG;
    PWSTR joined = mm_pool_allocate(machine, NonPagedPoolNx, length, NAME_TAG);
    if (!joined)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memcpy(joined, link->target.Buffer, link->target.Length);
    __builtin_memcpy((char *)joined + link->target.Length, path->Buffer, path->Length);
    if (*owned)
        mm_pool_free(machine, *owned);
    *owned = joined;
    *path = (UNICODE_STRING){(USHORT)length, (USHORT)length, joined};
    return STATUS_SUCCESS;
}

static NTSTATUS open_object(void *object, UNICODE_STRING *rest, struct ob_open *open, void **found)
{
    POBJECT_TYPE type = object_header_of(object)->type;
    if (type->parse && open && open->context)
        return type->parse(object, rest, open, found);
    if (rest->Length)
        return STATUS_OBJECT_PATH_NOT_FOUND;
    if (open && open->wanted && open->wanted != type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    ob_reference(object);
    *found = object;
    return STATUS_SUCCESS;
}

/* A driver has named another path, which replaces this one whole. */
static void begin_again(struct machine *machine, struct ob_open *open, UNICODE_STRING *path,
                        PWSTR *owned)
{
    if (*owned)
        mm_pool_free(machine, *owned);
    *path = open->reparse;
    *owned = path->Buffer;
}

/* One object met on the way. STATUS_REPARSE: path was replaced, begin again at the root. */
static NTSTATUS visit(struct machine *machine, void *object, UNICODE_STRING *path,
                      struct ob_open *open, PWSTR *owned, void **found)
{
    POBJECT_TYPE type = object_header_of(object)->type;
    BOOLEAN opens_link = !path->Length && open && (open->attributes & OBJ_OPENLINK);
    if (type == &ob_symbolic_link_type && !opens_link) {
        NTSTATUS status = follow(machine, object, path, owned);
        return NT_SUCCESS(status) ? STATUS_REPARSE : status;
    }
    NTSTATUS status = open_object(object, path, open, found);
    if (status == STATUS_REPARSE)
        begin_again(machine, open, path, owned);
    return status;
}

/* Where a walk begins. A path below a root directory has no leading backslash; after a link was
 * followed the path is a full one again. */
static NTSTATUS first_step(struct machine *machine, const UNICODE_STRING *path,
                           const struct ob_open *open, BOOLEAN followed, void **at)
{
    BOOLEAN absolute = path->Length >= sizeof(WCHAR) && path->Buffer[0] == '\\';
    BOOLEAN relative = open && open->root && !followed;
    BOOLEAN parses = relative && object_header_of(open->root)->type->parse;
    if (absolute == relative && !parses)
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    *at = relative ? open->root : machine->ob->root;
    ob_reference(*at);
    return STATUS_SUCCESS;
}

/* Walks from the root until something that is no directory, or the end. */
static NTSTATUS walk(struct machine *machine, UNICODE_STRING *path, struct ob_open *open,
                     PWSTR *owned, void **found)
{
    void *at;
    UNICODE_STRING component;
    NTSTATUS status = first_step(machine, path, open, *owned != NULL, &at);
    if (!NT_SUCCESS(status))
        return status;
    while (object_header_of(at)->type == &ob_directory_type && next_component(path, &component)) {
        void *next = reference_entry(machine->ob, at, &component);
        ob_dereference(at);
        if (!next)
            return path->Length ? STATUS_OBJECT_PATH_NOT_FOUND : STATUS_OBJECT_NAME_NOT_FOUND;
        at = next;
    }
    status = visit(machine, at, path, open, owned, found);
    ob_dereference(at);
    return status;
}

NTSTATUS ob_lookup(struct machine *machine, PCUNICODE_STRING name, struct ob_open *open,
                   void **found)
{
    UNICODE_STRING path = *name;
    PWSTR owned = NULL;
    NTSTATUS status = STATUS_REPARSE;
    for (int depth = 0; depth < LINK_DEPTH && status == STATUS_REPARSE; depth++)
        status = walk(machine, &path, open, &owned, found);
    if (owned)
        mm_pool_free(machine, owned);
    return status == STATUS_REPARSE ? STATUS_OBJECT_PATH_NOT_FOUND : status;
}

/* The directory part of path (through links), and the last component. */
static NTSTATUS find_parent(struct machine *machine, void *root, PCUNICODE_STRING path,
                            UNICODE_STRING *name, void **parent)
{
    USHORT count = path->Length / sizeof(WCHAR), split = count;
    while (split > 0 && path->Buffer[split - 1] != '\\')
        split--;
    if (split == 0 && !root)
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    if (split == count)
        return STATUS_OBJECT_NAME_INVALID;
    *name = (UNICODE_STRING){(USHORT)((count - split) * sizeof(WCHAR)),
                             (USHORT)((count - split) * sizeof(WCHAR)), path->Buffer + split};
    UNICODE_STRING directory = {(USHORT)((split > 1 ? split - 1 : 1) * sizeof(WCHAR)), 0,
                                path->Buffer};
    struct ob_open open = {.wanted = &ob_directory_type, .root = root};
    if (split == 0)
        directory.Length = 0;
    NTSTATUS status = ob_lookup(machine, &directory, &open, parent);
    return status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_OBJECT_PATH_NOT_FOUND : status;
}

NTSTATUS ob_insert(void *object, PCUNICODE_STRING path, ULONG flags)
{
    return ob_insert_at(NULL, object, path, flags);
}

NTSTATUS ob_insert_at(void *root, void *object, PCUNICODE_STRING path, ULONG flags)
{
    struct object_header *header = object_header_of(object);
    struct ob_state *ob = header->machine->ob;
    UNICODE_STRING name;
    void *parent;
    NTSTATUS status = find_parent(header->machine, root, path, &name, &parent);
    if (!NT_SUCCESS(status))
        return status;
    UNICODE_STRING copy;
    status = duplicate(header->machine, &name, &copy);
    if (!NT_SUCCESS(status))
        goto done;
    linux_lock(&ob->lock);
    if (directory_find(parent, &name)) {
        status = STATUS_OBJECT_NAME_COLLISION;
    } else {
        header->name = copy;
        header->directory = parent; /* keeps the reference */
        header->flags |= flags | OB_NAMED;
        InsertTailList(&header->directory->entries, &header->directory_link);
        ob_reference(object);
    }
    linux_unlock(&ob->lock);
    if (NT_SUCCESS(status))
        return STATUS_SUCCESS;
    mm_pool_free(header->machine, copy.Buffer);
done:
    ob_dereference(parent);
    return status;
}

void ob_make_temporary(void *object)
{
    struct object_header *header = object_header_of(object);
    struct ob_state *ob = header->machine->ob;
    linux_lock(&ob->lock);
    void *parent = header->directory;
    if (parent) {
        RemoveEntryList(&header->directory_link);
        header->directory = NULL;
        header->flags &= ~(ULONG)(OB_NAMED | OB_PERMANENT);
    }
    linux_unlock(&ob->lock);
    if (parent) {
        ob_dereference(parent);
        ob_dereference(object);
    }
}

void ob_make_permanent(void *object)
{
    struct object_header *header = object_header_of(object);
    linux_lock(&header->machine->ob->lock);
    header->flags |= OB_PERMANENT;
    linux_unlock(&header->machine->ob->lock);
}

void ob_give_up_permanence(void *object)
{
    struct object_header *header = object_header_of(object);
    linux_lock(&header->machine->ob->lock);
    header->flags &= ~(ULONG)OB_PERMANENT;
    linux_unlock(&header->machine->ob->lock);
    if (__atomic_load_n(&header->handles, __ATOMIC_ACQUIRE) == 0)
        ob_make_temporary(object);
}

static NTSTATUS create_named(struct machine *machine, POBJECT_TYPE type, SIZE_T size,
                             PCUNICODE_STRING path, void **object)
{
    NTSTATUS status = ob_allocate(machine, type, size, object);
    if (!NT_SUCCESS(status))
        return status;
    if (type == &ob_directory_type)
        InitializeListHead(&((struct directory *)*object)->entries);
    status = ob_insert(*object, path, OB_PERMANENT);
    if (!NT_SUCCESS(status))
        ob_dereference(*object);
    return status;
}

NTSTATUS ob_directory_create(struct machine *machine, PCUNICODE_STRING path)
{
    void *directory;
    NTSTATUS status =
        create_named(machine, &ob_directory_type, sizeof(struct directory), path, &directory);
    if (NT_SUCCESS(status))
        ob_dereference(directory); /* the name holds it */
    return status;
}

NTSTATUS ob_symbolic_link_allocate(struct machine *machine, PCUNICODE_STRING target, void **created)
{
    struct symbolic_link *link;
    NTSTATUS status = ob_allocate(machine, &ob_symbolic_link_type, sizeof(*link), (void **)&link);
    if (!NT_SUCCESS(status))
        return status;
    status = duplicate(machine, target, &link->target);
    if (NT_SUCCESS(status))
        *created = link;
    else
        ob_dereference(link);
    return status;
}

NTSTATUS ob_symbolic_link_create(struct machine *machine, PCUNICODE_STRING path,
                                 PCUNICODE_STRING target, void **created)
{
    void *link;
    NTSTATUS status = ob_symbolic_link_allocate(machine, target, &link);
    if (!NT_SUCCESS(status))
        return status;
    status = ob_insert(link, path, OB_PERMANENT);
    if (NT_SUCCESS(status) && created)
        *created = link;
    else
        ob_dereference(link);
    return status;
}

UNICODE_STRING ob_path_text(void *object, WCHAR *text, ULONG capacity)
{
    struct object_header *header = object_header_of(object);
    struct ob_state *ob = header->machine->ob;
    ULONG at = capacity;
    linux_lock(&ob->lock);
    for (struct object_header *step = header; step->directory;
         step = object_header_of(step->directory)) {
        ULONG count = step->name.Length / sizeof(WCHAR);
        if (count + 1 > at)
            break;
        at -= count;
        __builtin_memcpy(&text[at], step->name.Buffer, step->name.Length);
        text[--at] = '\\';
    }
    linux_unlock(&ob->lock);
    if (header == object_header_of(ob->root))
        text[--at] = '\\';
    return (UNICODE_STRING){(USHORT)((capacity - at) * sizeof(WCHAR)), 0, &text[at]};
}

NTSTATUS ob_path(void *object, UNICODE_STRING *path)
{
    WCHAR text[1024];
    UNICODE_STRING found = ob_path_text(object, text, RTL_NUMBER_OF(text));
    return duplicate(object_header_of(object)->machine, &found, path);
}

static NTSTATUS create_standard_names(struct machine *machine)
{
    static const WCHAR *const names[] = {
        L"\\Device",           L"\\Driver",      L"\\GLOBAL\?\?",    L"\\Callback",
        L"\\BaseNamedObjects", L"\\ObjectTypes", L"\\KernelObjects", L"\\FileSystem"};
    static const WCHAR *const links[][2] = {{L"\\\?\?", L"\\GLOBAL\?\?"},
                                            {L"\\DosDevices", L"\\\?\?"},
                                            {L"\\GLOBAL\?\?\\Global", L"\\BaseNamedObjects"},
                                            {L"\\GLOBAL\?\?\\GLOBALROOT", L""}};
    NTSTATUS status = STATUS_SUCCESS;
    UNICODE_STRING path, target;
    for (ULONG i = 0; i < RTL_NUMBER_OF(names) && NT_SUCCESS(status); i++) {
        RtlInitUnicodeString(&path, names[i]);
        status = ob_directory_create(machine, &path);
    }
    for (ULONG i = 0; i < RTL_NUMBER_OF(links) && NT_SUCCESS(status); i++) {
        RtlInitUnicodeString(&path, links[i][0]);
        RtlInitUnicodeString(&target, links[i][1]);
        status = ob_symbolic_link_create(machine, &path, &target, NULL);
    }
    return status;
}

NTSTATUS ob_initialize(struct machine *machine)
{
    struct ob_state *ob = linux_allocate(sizeof(*ob));
    if (!ob)
        return STATUS_INSUFFICIENT_RESOURCES;
    machine->ob = ob;
    NTSTATUS status =
        ob_allocate(machine, &ob_directory_type, sizeof(struct directory), (void **)&ob->root);
    if (!NT_SUCCESS(status))
        return status;
    InitializeListHead(&ob->root->entries);
    InitializeListHead(&ob->deferred);
    InitializeListHead(&ob->callbacks);
    return create_standard_names(machine);
}

void ob_destroy(struct machine *machine)
{
    linux_free(machine->ob); /* the objects go with the machine's pool */
    machine->ob = NULL;
}
