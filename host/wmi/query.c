/* Reading, writing and calling the instances of a block. */
#include "host/mm/mm.h"
#include "host/wmi/wmi.h"

enum { FIRST_ROOM = 1024 };

static ULONG align(ULONG size)
{
    return (size + 7) & ~7u;
}

/* What a provider wrote: a WNODE of its length, in pool. */
struct answer {
    PWNODE_HEADER wnode;
    ULONG size, room;
};

static void drop(struct answer *answer)
{
    if (answer->wnode)
        mm_pool_free(current_machine(), answer->wnode);
    answer->wnode = NULL;
}

/* A copy of the question with room for the answer. */
static NTSTATUS prepare(struct answer *answer, const void *question, ULONG size, ULONG room)
{
    drop(answer);
    answer->room = room < size ? size : room;
    answer->wnode = mm_pool_allocate_zero(current_machine(), answer->room, WMI_TAG);
    if (!answer->wnode)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memcpy(answer->wnode, question, size);
    return STATUS_SUCCESS;
}

/* Asks again with more room while the provider says that it is too small. */
static NTSTATUS ask(const struct wmi_provider *provider, UCHAR minor, const GUID *guid,
                    const void *question, ULONG size, struct answer *answer)
{
    ULONG room = FIRST_ROOM + size;
    for (;;) {
        ULONG_PTR information = 0;
        NTSTATUS status = prepare(answer, question, size, room);
        if (NT_SUCCESS(status))
            status = wmi_send(provider, minor, guid, answer->wnode, answer->room, &information);
        if (!NT_SUCCESS(status))
            return status;
        answer->size = information > answer->room ? answer->room : (ULONG)information;
        if (!(answer->wnode->Flags & WNODE_FLAG_TOO_SMALL))
            return answer->size >= sizeof(WNODE_HEADER) ? STATUS_SUCCESS : STATUS_WMI_TRY_AGAIN;
        ULONG needed = ((const WNODE_TOO_SMALL *)answer->wnode)->SizeNeeded;
        if (needed <= answer->room || needed > WMI_SIZE_LIMIT)
            return STATUS_BUFFER_TOO_SMALL;
        room = needed;
    }
}

/* ---- the caller's buffer ---- */
/* A chain of WNODEs; what does not fit is only counted. */
struct chain {
    char *buffer;
    ULONG room, used;
    PWNODE_HEADER last;
};

static void chain_add(struct chain *chain, const struct answer *answer)
{
    ULONG at = align(chain->used);
    chain->used = at + answer->size;
    if (chain->used > chain->room)
        return;
    __builtin_memcpy(chain->buffer + at, answer->wnode, answer->size);
    if (chain->last)
        chain->last->Linkage = (ULONG)(chain->buffer + at - (char *)chain->last);
    chain->last = (PWNODE_HEADER)(chain->buffer + at);
    chain->last->Linkage = 0;
}

static NTSTATUS chain_end(const struct chain *chain, ULONG *size)
{
    *size = chain->used;
    if (chain->used == 0)
        return STATUS_WMI_GUID_NOT_FOUND;
    return chain->used > chain->room ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}

/* ---- all instances ---- */
/* Names that the driver gave when it registered are WMI's to add: offsets, then counted texts. */
static void add_names(const struct wmi_provider *provider, const WMIREGGUID *entry,
                      struct answer *answer)
{
    PWNODE_ALL_DATA all = (PWNODE_ALL_DATA)answer->wnode;
    ULONG count = all->InstanceCount, offsets = align(answer->size);
    ULONG at = offsets + count * (ULONG)sizeof(ULONG);
    struct answer named = {0};
    UNICODE_STRING name;
    if (count == 0 || !(all->WnodeHeader.Flags & WNODE_FLAG_STATIC_INSTANCE_NAMES) ||
        count > WMI_SIZE_LIMIT / 1024 ||
        !NT_SUCCESS(prepare(&named, all, answer->size, at + count * 1024)))
        return;
    for (ULONG i = 0; i < count; i++) {
        char *base = (char *)named.wnode;
        ((PULONG)(base + offsets))[i] = at;
        if (!wmi_instance_name(provider, entry, i, &name))
            name = (UNICODE_STRING){0};
        *(PUSHORT)(base + at) = name.Length;
        __builtin_memcpy(base + at + sizeof(USHORT), name.Buffer, name.Length);
        at += (ULONG)sizeof(USHORT) + name.Length;
        if (name.Buffer)
            mm_pool_free(current_machine(), name.Buffer);
    }
    ((PWNODE_ALL_DATA)named.wnode)->OffsetInstanceNameOffsets = offsets;
    named.wnode->BufferSize = named.size = at;
    drop(answer);
    *answer = named;
}

static void query_all(const GUID *guid, struct chain *chain)
{
    const WMIREGGUID *entry;
    struct wmi_provider *provider;
    for (ULONG i = 0; (provider = wmi_provider_of(guid, i, &entry)) != NULL; i++) {
        WNODE_ALL_DATA question = {.WnodeHeader = {.BufferSize = sizeof(question),
                                                   .Guid = *guid,
                                                   .Flags = WNODE_FLAG_ALL_DATA}};
        struct answer answer = {0};
        NTSTATUS status =
            ask(provider, IRP_MN_QUERY_ALL_DATA, guid, &question, sizeof(question), &answer);
        if (NT_SUCCESS(status) && answer.size >= FIELD_OFFSET(WNODE_ALL_DATA, FixedInstanceSize)) {
            add_names(provider, entry, &answer);
            chain_add(chain, &answer);
        }
        drop(&answer);
        wmi_provider_release(provider);
    }
}

NTSTATUS NTAPI IoWMIQueryAllDataMultiple(PVOID *objects, ULONG count, ULONG *size, PVOID buffer)
{
    struct chain chain = {.buffer = buffer, .room = buffer ? *size : 0};
    for (ULONG i = 0; i < count; i++)
        query_all(&((struct wmi_block *)objects[i])->guid, &chain);
    return chain_end(&chain, size);
}
SB_EXPORT(IoWMIQueryAllDataMultiple)

NTSTATUS NTAPI IoWMIQueryAllData(PVOID object, ULONG *size, PVOID buffer)
{
    return IoWMIQueryAllDataMultiple(&object, 1, size, buffer);
}
SB_EXPORT(IoWMIQueryAllData)

/* ---- one instance ---- */
/* Which instance of the provider has the name; FALSE when none has. */
static BOOLEAN has_instance(const struct wmi_provider *provider, const WMIREGGUID *entry,
                            PCUNICODE_STRING wanted, ULONG *index)
{
    UNICODE_STRING name;
    BOOLEAN found = FALSE;
    for (*index = 0; wmi_instance_name(provider, entry, *index, &name); ++*index) {
        found = RtlEqualUnicodeString(&name, wanted, TRUE);
        mm_pool_free(current_machine(), name.Buffer);
        if (found)
            break;
    }
    return found;
}

/* A request about one instance: the head of its WNODE, a number behind the index (item or method)
 * where it has one, and data. */
struct instance_request {
    UCHAR minor;
    ULONG flags, version;
    ULONG head; /* bytes of the WNODE structure */
    ULONG number;
    const void *data;
    ULONG data_size;
};

/* All three kinds begin alike: header, name offset, index; then [number,] data offset, data size.
 * The name stands behind them for drivers with dynamic names. */
static NTSTATUS build(const struct instance_request *request, const GUID *guid, ULONG index,
                      PCUNICODE_STRING name, ULONG *size, PWNODE_HEADER *built)
{
    enum { NAME_OFFSET = sizeof(WNODE_HEADER), HAS_NUMBER = sizeof(WNODE_METHOD_ITEM) };
    ULONG name_at = align(request->head);
    ULONG data_at = align(name_at + (ULONG)sizeof(USHORT) + name->Length);
    *size = data_at + request->data_size;
    char *wnode = mm_pool_allocate_zero(current_machine(), *size, WMI_TAG);
    if (!wnode)
        return STATUS_INSUFFICIENT_RESOURCES;
    PWNODE_HEADER header = (PWNODE_HEADER)wnode;
    PULONG field = (PULONG)(wnode + NAME_OFFSET);
    header->BufferSize = *size;
    header->Version = request->version;
    header->Guid = *guid;
    header->Flags = request->flags;
    *field++ = name_at;
    *field++ = index;
    if (request->head == HAS_NUMBER)
        *field++ = request->number;
    *field++ = data_at;
    *field = request->data_size;
    *(PUSHORT)(wnode + name_at) = name->Length;
    __builtin_memcpy(wnode + name_at + sizeof(USHORT), name->Buffer, name->Length);
    RtlCopyMemory(wnode + data_at, request->data, request->data_size);
    *built = header;
    return STATUS_SUCCESS;
}

/* The same to one provider; STATUS_WMI_INSTANCE_NOT_FOUND when the instance is another's. */
static NTSTATUS send_to_provider(const struct wmi_provider *provider, const WMIREGGUID *entry,
                                 PUNICODE_STRING name, struct instance_request request,
                                 struct answer *answer)
{
    const ULONG named =
        WMIREG_FLAG_INSTANCE_PDO | WMIREG_FLAG_INSTANCE_LIST | WMIREG_FLAG_INSTANCE_BASENAME;
    ULONG size, index = 0;
    PWNODE_HEADER question;
    if (entry->Flags & named) {
        request.flags |= WNODE_FLAG_STATIC_INSTANCE_NAMES;
        if (!has_instance(provider, entry, name, &index))
            return STATUS_WMI_INSTANCE_NOT_FOUND;
    }
    NTSTATUS status = build(&request, &entry->Guid, index, name, &size, &question);
    if (!NT_SUCCESS(status))
        return status;
    if (answer)
        status = ask(provider, request.minor, &entry->Guid, question, size, answer);
    else
        status = wmi_send(provider, request.minor, &entry->Guid, question, size, NULL);
    mm_pool_free(current_machine(), question);
    return status;
}

/* Sends the request to who has the instance. answer may be NULL: only the status matters. */
static NTSTATUS send_to_instance(struct wmi_block *block, PUNICODE_STRING name,
                                 const struct instance_request *request, struct answer *answer)
{
    NTSTATUS status = STATUS_WMI_GUID_NOT_FOUND;
    const WMIREGGUID *entry;
    struct wmi_provider *provider;
    for (ULONG i = 0; (provider = wmi_provider_of(&block->guid, i, &entry)) != NULL; i++) {
        status = send_to_provider(provider, entry, name, *request, answer);
        wmi_provider_release(provider);
        if (status != STATUS_WMI_INSTANCE_NOT_FOUND)
            break;
    }
    return status;
}

static const struct instance_request query_instance = {
    .minor = IRP_MN_QUERY_SINGLE_INSTANCE,
    .flags = WNODE_FLAG_SINGLE_INSTANCE,
    .head = sizeof(WNODE_SINGLE_INSTANCE),
};

NTSTATUS NTAPI IoWMIQuerySingleInstanceMultiple(PVOID *objects, PUNICODE_STRING names, ULONG count,
                                                ULONG *size, PVOID buffer)
{
    struct chain chain = {.buffer = buffer, .room = buffer ? *size : 0};
    for (ULONG i = 0; i < count; i++) {
        struct answer answer = {0};
        NTSTATUS status = send_to_instance(objects[i], &names[i], &query_instance, &answer);
        if (NT_SUCCESS(status))
            chain_add(&chain, &answer);
        drop(&answer);
        if (!NT_SUCCESS(status))
            return status;
    }
    return chain_end(&chain, size);
}
SB_EXPORT(IoWMIQuerySingleInstanceMultiple)

NTSTATUS NTAPI IoWMIQuerySingleInstance(PVOID object, PUNICODE_STRING name, ULONG *size,
                                        PVOID buffer)
{
    return IoWMIQuerySingleInstanceMultiple(&object, name, 1, size, buffer);
}
SB_EXPORT(IoWMIQuerySingleInstance)

NTSTATUS NTAPI IoWMISetSingleInstance(PVOID object, PUNICODE_STRING name, ULONG version, ULONG size,
                                      PVOID value)
{
    struct instance_request request = {.minor = IRP_MN_CHANGE_SINGLE_INSTANCE,
                                       .flags = WNODE_FLAG_SINGLE_INSTANCE,
                                       .version = version,
                                       .head = sizeof(WNODE_SINGLE_INSTANCE),
                                       .data = value,
                                       .data_size = size};
    return send_to_instance(object, name, &request, NULL);
}
SB_EXPORT(IoWMISetSingleInstance)

NTSTATUS NTAPI IoWMISetSingleItem(PVOID object, PUNICODE_STRING name, ULONG item, ULONG version,
                                  ULONG size, PVOID value)
{
    struct instance_request request = {.minor = IRP_MN_CHANGE_SINGLE_ITEM,
                                       .flags = WNODE_FLAG_SINGLE_ITEM,
                                       .version = version,
                                       .head = sizeof(WNODE_SINGLE_ITEM),
                                       .number = item,
                                       .data = value,
                                       .data_size = size};
    return send_to_instance(object, name, &request, NULL);
}
SB_EXPORT(IoWMISetSingleItem)

/* Copies what a method answered; its WNODE says where it lies. */
static NTSTATUS take_result(const struct answer *answer, PULONG size, PUCHAR buffer)
{
    const WNODE_METHOD_ITEM *method = (const WNODE_METHOD_ITEM *)answer->wnode;
    ULONG room = *size;
    if (answer->size < sizeof(*method) || method->DataBlockOffset > answer->size ||
        method->SizeDataBlock > answer->size - method->DataBlockOffset)
        return STATUS_INVALID_PARAMETER;
    *size = method->SizeDataBlock;
    if (method->SizeDataBlock > room)
        return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(buffer, (const char *)method + method->DataBlockOffset, method->SizeDataBlock);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoWMIExecuteMethod(PVOID object, PUNICODE_STRING name, ULONG method, ULONG in_size,
                                  PULONG out_size, PUCHAR buffer)
{
    struct instance_request request = {.minor = IRP_MN_EXECUTE_METHOD,
                                       .flags = WNODE_FLAG_METHOD_ITEM,
                                       .head = sizeof(WNODE_METHOD_ITEM),
                                       .number = method,
                                       .data = buffer,
                                       .data_size = in_size};
    struct answer answer = {0};
    NTSTATUS status = send_to_instance(object, name, &request, &answer);
    if (NT_SUCCESS(status))
        status = take_result(&answer, out_size, buffer);
    drop(&answer);
    return status;
}
SB_EXPORT(IoWMIExecuteMethod)
