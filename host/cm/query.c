/*
 * What keys and values tell. Each answer is composed whole in host memory under the lock, then
 * copied as far as the caller's buffer goes:
 *   buffer shorter than the fixed part   STATUS_BUFFER_TOO_SMALL, nothing is written
 *   shorter than the whole               STATUS_BUFFER_OVERFLOW, what fits is written
 * and the result length is the whole in each case.
 */
#include "host/cm/cm.h"

struct answer {
    PUCHAR bytes; /* host memory, zeroed */
    ULONG size, fixed;
};

static BOOLEAN answer_begin(struct answer *answer, ULONG fixed, ULONG size)
{
    *answer = (struct answer){linux_allocate(size), size, fixed};
    return answer->bytes != NULL;
}

static NTSTATUS answer_give(struct answer *answer, PVOID buffer, ULONG length, PULONG result_length)
{
    NTSTATUS status = STATUS_SUCCESS;
    *result_length = answer->size;
    if (length < answer->fixed) {
        status = STATUS_BUFFER_TOO_SMALL;
    } else {
        if (length < answer->size)
            status = STATUS_BUFFER_OVERFLOW;
        RtlCopyMemory(buffer, answer->bytes, length < answer->size ? length : answer->size);
    }
    linux_free(answer->bytes);
    return status;
}

static void put(struct answer *answer, ULONG at, const void *bytes, ULONG size)
{
    if (size)
        __builtin_memcpy(answer->bytes + at, bytes, size);
}

static NTSTATUS basic(const struct cm_node *node, struct answer *answer)
{
    const ULONG fixed = FIELD_OFFSET(KEY_BASIC_INFORMATION, Name);
    if (!answer_begin(answer, fixed, fixed + node->name.Length))
        return STATUS_INSUFFICIENT_RESOURCES;
    PKEY_BASIC_INFORMATION body = (PVOID)answer->bytes;
    body->LastWriteTime.QuadPart = node->last_write;
    body->NameLength = node->name.Length;
    put(answer, fixed, node->name.Buffer, node->name.Length);
    return STATUS_SUCCESS;
}

static NTSTATUS node_information(const struct cm_node *node, struct answer *answer)
{
    const ULONG fixed = FIELD_OFFSET(KEY_NODE_INFORMATION, Name);
    ULONG class_at = (fixed + node->name.Length + 3) & ~3u;
    ULONG size = node->class.Length ? class_at + node->class.Length : fixed + node->name.Length;
    if (!answer_begin(answer, fixed, size))
        return STATUS_INSUFFICIENT_RESOURCES;
    PKEY_NODE_INFORMATION body = (PVOID)answer->bytes;
    body->LastWriteTime.QuadPart = node->last_write;
    body->ClassOffset = node->class.Length ? class_at : MAXULONG;
    body->ClassLength = node->class.Length;
    body->NameLength = node->name.Length;
    put(answer, fixed, node->name.Buffer, node->name.Length);
    put(answer, class_at, node->class.Buffer, node->class.Length);
    return STATUS_SUCCESS;
}

static ULONG longer(ULONG a, ULONG b)
{
    return a > b ? a : b;
}

static NTSTATUS full(const struct cm_node *node, struct answer *answer)
{
    const ULONG fixed = FIELD_OFFSET(KEY_FULL_INFORMATION, Class);
    if (!answer_begin(answer, fixed, fixed + node->class.Length))
        return STATUS_INSUFFICIENT_RESOURCES;
    PKEY_FULL_INFORMATION body = (PVOID)answer->bytes;
    body->LastWriteTime.QuadPart = node->last_write;
    body->ClassOffset = node->class.Length ? fixed : MAXULONG;
    body->ClassLength = node->class.Length;
    body->SubKeys = node->child_count;
    body->Values = node->value_count;
    for (ULONG i = 0; i < node->child_count; i++) {
        body->MaxNameLen = longer(body->MaxNameLen, node->children[i]->name.Length);
        body->MaxClassLen = longer(body->MaxClassLen, node->children[i]->class.Length);
    }
    for (ULONG i = 0; i < node->value_count; i++) {
        body->MaxValueNameLen = longer(body->MaxValueNameLen, node->values[i].name.Length);
        body->MaxValueDataLen = longer(body->MaxValueDataLen, node->values[i].size);
    }
    put(answer, fixed, node->class.Buffer, node->class.Length);
    return STATUS_SUCCESS;
}

/* KEY_NAME_INFORMATION: a length and the full path. */
static NTSTATUS full_name(const struct cm_node *node, struct answer *answer)
{
    const ULONG fixed = sizeof(ULONG);
    UNICODE_STRING path;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (!cm_node_path(node, &path))
        return status;
    if (answer_begin(answer, fixed, fixed + path.Length)) {
        *(PULONG)answer->bytes = path.Length;
        put(answer, fixed, path.Buffer, path.Length);
        status = STATUS_SUCCESS;
    }
    linux_free(path.Buffer);
    return status;
}

/* KEY_CACHED_INFORMATION, as ntddk.h of the WDK has it. */
struct cached_information {
    LARGE_INTEGER last_write;
    ULONG title_index, sub_keys, maximum_name, values, maximum_value_name, maximum_value_data,
        name_length;
};

static NTSTATUS cached(const struct cm_node *node, struct answer *answer)
{
    struct answer counts;
    NTSTATUS status = full(node, &counts);
    if (!NT_SUCCESS(status))
        return status;
    PKEY_FULL_INFORMATION all = (PVOID)counts.bytes;
    if (answer_begin(answer, sizeof(struct cached_information), sizeof(struct cached_information)))
        *(struct cached_information *)answer->bytes =
            (struct cached_information){all->LastWriteTime,   0,
                                        all->SubKeys,         all->MaxNameLen,
                                        all->Values,          all->MaxValueNameLen,
                                        all->MaxValueDataLen, node->name.Length};
    else
        status = STATUS_INSUFFICIENT_RESOURCES;
    linux_free(counts.bytes);
    return status;
}

static NTSTATUS key_answer(const struct cm_node *node, KEY_INFORMATION_CLASS class,
                           struct answer *answer)
{
    switch (class) {
    case KeyBasicInformation:
        return basic(node, answer);
    case KeyNodeInformation:
        return node_information(node, answer);
    case KeyFullInformation:
        return full(node, answer);
    case KeyNameInformation:
        return full_name(node, answer);
    case KeyCachedInformation:
        return cached(node, answer);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static NTSTATUS query_key(struct cm_key *key, KEY_INFORMATION_CLASS class, PVOID buffer,
                          ULONG length, PULONG result_length)
{
    struct answer answer;
    linux_lock(&cm_of(key)->lock);
    NTSTATUS status = key_answer(key->node, class, &answer);
    linux_unlock(&cm_of(key)->lock);
    return NT_SUCCESS(status) ? answer_give(&answer, buffer, length, result_length) : status;
}

NTSTATUS NTAPI ZwQueryKey(HANDLE handle, KEY_INFORMATION_CLASS class, PVOID buffer, ULONG length,
                          PULONG result_length)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_reference(handle, KEY_QUERY_VALUE, &key);
    if (!NT_SUCCESS(status))
        return status;
    REG_QUERY_KEY_INFORMATION information = {.Object = key,
                                             .KeyInformationClass = class,
                                             .KeyInformation = buffer,
                                             .Length = length,
                                             .ResultLength = result_length};
    struct cm_call call = CM_CALL(QueryKey, key, information);
    if (cm_call_before(&call, &status))
        status = query_key(key, class, buffer, length, result_length);
    status = cm_call_after(&call, status);
    ob_dereference(key);
    return status;
}
SB_EXPORT(ZwQueryKey)

static NTSTATUS enumerate_key(struct cm_key *key, ULONG index, KEY_INFORMATION_CLASS class,
                              PVOID buffer, ULONG length, PULONG result_length)
{
    struct answer answer;
    NTSTATUS status = STATUS_NO_MORE_ENTRIES;
    if (class > KeyFullInformation)
        return STATUS_INVALID_PARAMETER;
    linux_lock(&cm_of(key)->lock);
    if (index < key->node->child_count)
        status = key_answer(key->node->children[index], class, &answer);
    linux_unlock(&cm_of(key)->lock);
    return status == STATUS_SUCCESS ? answer_give(&answer, buffer, length, result_length) : status;
}

NTSTATUS NTAPI ZwEnumerateKey(HANDLE handle, ULONG index, KEY_INFORMATION_CLASS class, PVOID buffer,
                              ULONG length, PULONG result_length)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_reference(handle, KEY_ENUMERATE_SUB_KEYS, &key);
    if (!NT_SUCCESS(status))
        return status;
    REG_ENUMERATE_KEY_INFORMATION information = {.Object = key,
                                                 .Index = index,
                                                 .KeyInformationClass = class,
                                                 .KeyInformation = buffer,
                                                 .Length = length,
                                                 .ResultLength = result_length};
    struct cm_call call = CM_CALL(EnumerateKey, key, information);
    if (cm_call_before(&call, &status))
        status = enumerate_key(key, index, class, buffer, length, result_length);
    status = cm_call_after(&call, status);
    ob_dereference(key);
    return status;
}
SB_EXPORT(ZwEnumerateKey)

static NTSTATUS value_basic(const struct cm_value *value, struct answer *answer)
{
    const ULONG fixed = FIELD_OFFSET(KEY_VALUE_BASIC_INFORMATION, Name);
    if (!answer_begin(answer, fixed, fixed + value->name.Length))
        return STATUS_INSUFFICIENT_RESOURCES;
    PKEY_VALUE_BASIC_INFORMATION body = (PVOID)answer->bytes;
    body->Type = value->type;
    body->NameLength = value->name.Length;
    put(answer, fixed, value->name.Buffer, value->name.Length);
    return STATUS_SUCCESS;
}

static NTSTATUS value_full(const struct cm_value *value, ULONG alignment, struct answer *answer)
{
    const ULONG fixed = FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, Name);
    ULONG data_at = (fixed + value->name.Length + alignment - 1) & ~(alignment - 1);
    ULONG size = value->size ? data_at + value->size : fixed + value->name.Length;
    if (!answer_begin(answer, fixed, size))
        return STATUS_INSUFFICIENT_RESOURCES;
    PKEY_VALUE_FULL_INFORMATION body = (PVOID)answer->bytes;
    body->Type = value->type;
    body->DataOffset = value->size ? data_at : MAXULONG;
    body->DataLength = value->size;
    body->NameLength = value->name.Length;
    put(answer, fixed, value->name.Buffer, value->name.Length);
    put(answer, data_at, value->data, value->size);
    return STATUS_SUCCESS;
}

static NTSTATUS value_partial(const struct cm_value *value, BOOLEAN is_aligned,
                              struct answer *answer)
{
    const ULONG fixed = is_aligned ? FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64, Data)
                                   : FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data);
    if (!answer_begin(answer, fixed, fixed + value->size))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (is_aligned) {
        PKEY_VALUE_PARTIAL_INFORMATION_ALIGN64 body = (PVOID)answer->bytes;
        body->Type = value->type;
        body->DataLength = value->size;
    } else {
        PKEY_VALUE_PARTIAL_INFORMATION body = (PVOID)answer->bytes;
        body->Type = value->type;
        body->DataLength = value->size;
    }
    put(answer, fixed, value->data, value->size);
    return STATUS_SUCCESS;
}

static NTSTATUS value_answer(const struct cm_value *value, KEY_VALUE_INFORMATION_CLASS class,
                             struct answer *answer)
{
    switch (class) {
    case KeyValueBasicInformation:
        return value_basic(value, answer);
    case KeyValueFullInformation:
        return value_full(value, 4, answer);
    case KeyValueFullInformationAlign64:
        return value_full(value, 8, answer);
    case KeyValuePartialInformation:
        return value_partial(value, FALSE, answer);
    case KeyValuePartialInformationAlign64:
        return value_partial(value, TRUE, answer);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static NTSTATUS query_value(struct cm_key *key, PCUNICODE_STRING name,
                            KEY_VALUE_INFORMATION_CLASS class, PVOID buffer, ULONG length,
                            PULONG result_length)
{
    struct answer answer;
    NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;
    if ((ULONG) class > KeyValuePartialInformationAlign64)
        return STATUS_INVALID_PARAMETER;
    linux_lock(&cm_of(key)->lock);
    struct cm_value *value = cm_value_find(key->node, name);
    if (value)
        status = value_answer(value, class, &answer);
    linux_unlock(&cm_of(key)->lock);
    return NT_SUCCESS(status) ? answer_give(&answer, buffer, length, result_length) : status;
}

NTSTATUS NTAPI ZwQueryValueKey(HANDLE handle, PUNICODE_STRING value_name,
                               KEY_VALUE_INFORMATION_CLASS class, PVOID buffer, ULONG length,
                               PULONG result_length)
{
    struct cm_key *key;
    UNICODE_STRING name;
    NTSTATUS status = cm_capture_value_name(value_name, &name);
    if (!NT_SUCCESS(status))
        return status;
    status = cm_key_reference(handle, KEY_QUERY_VALUE, &key);
    if (NT_SUCCESS(status)) {
        REG_QUERY_VALUE_KEY_INFORMATION information = {.Object = key,
                                                       .ValueName = &name,
                                                       .KeyValueInformationClass = class,
                                                       .KeyValueInformation = buffer,
                                                       .Length = length,
                                                       .ResultLength = result_length};
        struct cm_call call = CM_CALL(QueryValueKey, key, information);
        if (cm_call_before(&call, &status))
            status = query_value(key, &name, class, buffer, length, result_length);
        status = cm_call_after(&call, status);
        ob_dereference(key);
    }
    cm_capture_end(&name);
    return status;
}
SB_EXPORT(ZwQueryValueKey)

static NTSTATUS enumerate_value(struct cm_key *key, ULONG index, KEY_VALUE_INFORMATION_CLASS class,
                                PVOID buffer, ULONG length, PULONG result_length)
{
    struct answer answer;
    NTSTATUS status = STATUS_NO_MORE_ENTRIES;
    if ((ULONG) class > KeyValuePartialInformationAlign64)
        return STATUS_INVALID_PARAMETER;
    linux_lock(&cm_of(key)->lock);
    if (index < key->node->value_count)
        status = value_answer(&key->node->values[index], class, &answer);
    linux_unlock(&cm_of(key)->lock);
    return status == STATUS_SUCCESS ? answer_give(&answer, buffer, length, result_length) : status;
}

NTSTATUS NTAPI ZwEnumerateValueKey(HANDLE handle, ULONG index, KEY_VALUE_INFORMATION_CLASS class,
                                   PVOID buffer, ULONG length, PULONG result_length)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_reference(handle, KEY_QUERY_VALUE, &key);
    if (!NT_SUCCESS(status))
        return status;
    REG_ENUMERATE_VALUE_KEY_INFORMATION information = {.Object = key,
                                                       .Index = index,
                                                       .KeyValueInformationClass = class,
                                                       .KeyValueInformation = buffer,
                                                       .Length = length,
                                                       .ResultLength = result_length};
    struct cm_call call = CM_CALL(EnumerateValueKey, key, information);
    if (cm_call_before(&call, &status))
        status = enumerate_value(key, index, class, buffer, length, result_length);
    status = cm_call_after(&call, status);
    ob_dereference(key);
    return status;
}
SB_EXPORT(ZwEnumerateValueKey)

/* One value of several: its place in the buffer and, when it fits, a copy of its data. */
static NTSTATUS query_one(struct cm_key *key, PCUNICODE_STRING name, PKEY_VALUE_ENTRY entry,
                          PUCHAR buffer, ULONG room, ULONG *used)
{
    struct answer data;
    ULONG at = (*used + 3) & ~3u, type = REG_NONE;
    linux_lock(&cm_of(key)->lock);
    struct cm_value *value = cm_value_find(key->node, name);
    NTSTATUS status = value ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
    if (value && !answer_begin(&data, 0, value->size ? value->size : 1))
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status)) {
        data.size = value->size;
        type = value->type;
        put(&data, 0, value->data, value->size);
    }
    linux_unlock(&cm_of(key)->lock);
    if (!NT_SUCCESS(status))
        return status;
    entry->Type = type;
    entry->DataLength = data.size;
    entry->DataOffset = at;
    *used = at + data.size;
    if (*used <= room)
        RtlCopyMemory(buffer + at, data.bytes, data.size);
    else
        status = STATUS_BUFFER_OVERFLOW;
    linux_free(data.bytes);
    return status;
}

static NTSTATUS query_several(struct cm_key *key, PKEY_VALUE_ENTRY entries, ULONG count,
                              PVOID buffer, PULONG length, PULONG needed)
{
    NTSTATUS result = STATUS_SUCCESS;
    ULONG room = *length, used = 0;
    for (ULONG i = 0; i < count; i++) {
        UNICODE_STRING name;
        NTSTATUS status = cm_capture_value_name(entries[i].ValueName, &name);
        if (!NT_SUCCESS(status))
            return status;
        status = query_one(key, &name, &entries[i], buffer, room, &used);
        cm_capture_end(&name);
        if (NT_ERROR(status))
            return status;
        if (status == STATUS_BUFFER_OVERFLOW)
            result = status;
    }
    *length = used;
    if (needed)
        *needed = used;
    return result;
}

NTSTATUS NTAPI ZwQueryMultipleValueKey(HANDLE handle, PKEY_VALUE_ENTRY entries, ULONG count,
                                       PVOID buffer, PULONG length, PULONG needed)
{
    struct cm_key *key;
    if (count > 0x10000)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = cm_key_reference(handle, KEY_QUERY_VALUE, &key);
    if (!NT_SUCCESS(status))
        return status;
    REG_QUERY_MULTIPLE_VALUE_KEY_INFORMATION information = {.Object = key,
                                                            .ValueEntries = entries,
                                                            .EntryCount = count,
                                                            .ValueBuffer = buffer,
                                                            .BufferLength = length,
                                                            .RequiredBufferLength = needed};
    struct cm_call call = CM_CALL(QueryMultipleValueKey, key, information);
    if (cm_call_before(&call, &status))
        status = query_several(key, entries, count, buffer, length, needed);
    status = cm_call_after(&call, status);
    ob_dereference(key);
    return status;
}
SB_EXPORT(ZwQueryMultipleValueKey)
