/* RtlQueryRegistryValues. */
#include "host/cm/rtl_registry.h"

enum { ENTRY_END_FLAGS = RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_DIRECT };

/* One query of a table under way. */
struct query {
    PRTL_QUERY_REGISTRY_TABLE entry;
    PVOID context, environment;
    HANDLE top;     /* what RelativeTo and Path named */
    HANDLE current; /* top, or the subkey an entry chose */
    BOOLEAN owns_top;
};

static BOOLEAN is_string(ULONG type)
{
    return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;
}

/* DIRECT with a string: EntryContext is a UNICODE_STRING, its buffer allocated when it has none. */
static NTSTATUS store_string(PUNICODE_STRING target, const void *data, ULONG length)
{
    if (length > MAXUSHORT - 1u)
        return STATUS_BUFFER_TOO_SMALL;
    ULONG text = length >= sizeof(WCHAR) ? length - (ULONG)sizeof(WCHAR) : 0;
    if (!target->Buffer) {
        target->Buffer =
            ExAllocatePoolWithTag(PagedPool, length ? length : sizeof(WCHAR), RTL_STRING_TAG);
        if (!target->Buffer)
            return STATUS_NO_MEMORY;
        target->MaximumLength = (USHORT)length;
    } else if (length > target->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(target->Buffer, data, length);
    target->Length = (USHORT)text;
    return STATUS_SUCCESS;
}

/* DIRECT with anything else: up to four bytes are stored as they are. More need a buffer that
 * begins with its own size: negated, the data alone is stored; else length and type go before it.
 */
static NTSTATUS store_binary(PVOID target, ULONG type, const void *data, ULONG length)
{
    if (length <= sizeof(ULONG)) {
        RtlCopyMemory(target, data, length);
        return STATUS_SUCCESS;
    }
    LONG room = *(PLONG)target;
    if (room < 0) {
        if ((ULONG)-room < length)
            return STATUS_BUFFER_TOO_SMALL;
        RtlCopyMemory(target, data, length);
        return STATUS_SUCCESS;
    }
    if ((ULONG)room < 2 * sizeof(ULONG) + (ULONGLONG)length)
        return STATUS_BUFFER_TOO_SMALL;
    ((PULONG)target)[0] = length;
    ((PULONG)target)[1] = type;
    RtlCopyMemory((PULONG)target + 2, data, length);
    return STATUS_SUCCESS;
}

static NTSTATUS check_type(const RTL_QUERY_REGISTRY_TABLE *entry, ULONG type)
{
    ULONG expected = entry->DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
    if ((entry->Flags & RTL_QUERY_REGISTRY_NOSTRING) && is_string(type))
        return STATUS_OBJECT_TYPE_MISMATCH;
    if ((entry->Flags & RTL_QUERY_REGISTRY_TYPECHECK) && type != expected)
        return STATUS_OBJECT_TYPE_MISMATCH;
    return STATUS_SUCCESS;
}

/* Gives one piece of data to its taker: a variable or the driver's routine. */
static NTSTATUS deliver(struct query *query, PWSTR name, ULONG type, PVOID data, ULONG length)
{
    PRTL_QUERY_REGISTRY_TABLE entry = query->entry;
    if (!(entry->Flags & RTL_QUERY_REGISTRY_DIRECT))
        return entry->QueryRoutine(name, type, data, length, query->context, entry->EntryContext);
    return is_string(type) ? store_string(entry->EntryContext, data, length)
                           : store_binary(entry->EntryContext, type, data, length);
}

/* A REG_MULTI_SZ is delivered a string at a time, as REG_SZ. */
static NTSTATUS deliver_each(struct query *query, PWSTR name, PWSTR data, ULONG length)
{
    NTSTATUS status = STATUS_SUCCESS;
    PWSTR end = data + length / sizeof(WCHAR);
    while (data < end && *data && NT_SUCCESS(status)) {
        PWSTR next = data;
        while (next < end && *next)
            next++;
        if (next < end)
            next++; /* the terminator belongs to it */
        status = deliver(query, name, REG_SZ, data, (ULONG)((PUCHAR)next - (PUCHAR)data));
        data = next;
    }
    return status;
}

static ULONG find_percent(PCWSTR text, ULONG from, ULONG count)
{
    while (from < count && text[from] != '%')
        from++;
    return from;
}

/* From a block of "NAME=VALUE" strings, as a process has it. */
static NTSTATUS look_up_in_block(PCWSTR block, PCUNICODE_STRING wanted, WCHAR *value, ULONG room,
                                 ULONG *length)
{
    for (; *block; block += rtl_unicode_length(block) / sizeof(WCHAR) + 1) {
        UNICODE_STRING name = {0, 0, (PWSTR)block};
        ULONG end = 1; /* a name may begin with '=' */
        while (block[end] && block[end] != '=')
            end++;
        name.Length = (USHORT)(end * sizeof(WCHAR));
        if (!block[end] || !RtlEqualUnicodeString(&name, wanted, TRUE))
            continue;
        *length = (ULONG)rtl_unicode_length(block + end + 1);
        if (*length > room)
            return STATUS_BUFFER_OVERFLOW;
        RtlCopyMemory(value, block + end + 1, *length);
        return STATUS_SUCCESS;
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

/* The system's environment: %SystemRoot% and what the registry lists. */
static NTSTATUS look_up(PCWSTR block, PCWSTR name, ULONG count, WCHAR *value, ULONG room,
                        ULONG *length)
{
    static const WCHAR environment[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\"
                                       L"Session Manager\\Environment";
    UNICODE_STRING key = SB_UNICODE(environment), root = SB_UNICODE(L"SystemRoot");
    UNICODE_STRING wanted = {(USHORT)(count * sizeof(WCHAR)), 0, (PWSTR)name};
    ULONG type;
    if (block)
        return look_up_in_block(block, &wanted, value, room, length);
    if (RtlEqualUnicodeString(&wanted, &root, TRUE)) {
        *length = SB_WIDE_LENGTH(L"C:\\Windows");
        __builtin_memcpy(value, L"C:\\Windows", *length);
        return STATUS_SUCCESS;
    }
    NTSTATUS status = cm_read(&key, &wanted, &type, value, room, length);
    while (NT_SUCCESS(status) && *length >= sizeof(WCHAR) &&
           value[*length / sizeof(WCHAR) - 1] == 0)
        *length -= sizeof(WCHAR);
    return status;
}

struct expansion {
    PCWSTR block; /* NULL: the system's environment */
    WCHAR *text;  /* NULL: only measured */
    ULONG count, room;
};

static void append(struct expansion *expansion, PCWSTR text, ULONG count)
{
    for (ULONG i = 0; i < count; i++, expansion->count++)
        if (expansion->count < expansion->room)
            expansion->text[expansion->count] = text[i];
}

/* Replaces %NAME%; an unknown name stays as it is. */
static void expand(struct expansion *expansion, PCWSTR text, ULONG count)
{
    enum { VALUE_LIMIT = 256 };
    WCHAR value[VALUE_LIMIT];
    ULONG at = 0, length;
    while (at < count) {
        ULONG open = find_percent(text, at, count);
        append(expansion, text + at, open - at);
        if (open == count)
            return;
        ULONG close = find_percent(text, open + 1, count);
        if (close == count || close == open + 1 ||
            !NT_SUCCESS(look_up(expansion->block, text + open + 1, close - open - 1, value,
                                sizeof(value), &length))) {
            append(expansion, text + open, 1);
            at = open + 1;
            continue;
        }
        append(expansion, value, length / sizeof(WCHAR));
        at = close + 1;
    }
}

/* A REG_EXPAND_SZ is delivered expanded, as REG_SZ. */
static NTSTATUS deliver_expanded(struct query *query, PWSTR name, PWSTR data, ULONG length)
{
    struct expansion expansion = {.block = query->environment};
    ULONG count = length / sizeof(WCHAR);
    expand(&expansion, data, count);
    expansion.room = expansion.count;
    expansion.count = 0;
    ULONG bytes = expansion.room * (ULONG)sizeof(WCHAR);
    expansion.text = ExAllocatePoolWithTag(PagedPool, bytes ? bytes : sizeof(WCHAR), CM_TAG);
    if (!expansion.text)
        return STATUS_NO_MEMORY;
    expand(&expansion, data, count);
    NTSTATUS status = deliver(query, name, REG_SZ, expansion.text, bytes);
    ExFreePoolWithTag(expansion.text, CM_TAG);
    return status;
}

static NTSTATUS deliver_value(struct query *query, PWSTR name, ULONG type, PVOID data, ULONG length)
{
    NTSTATUS status = check_type(query->entry, type);
    if (!NT_SUCCESS(status))
        return status;
    if (!(query->entry->Flags & RTL_QUERY_REGISTRY_NOEXPAND)) {
        if (type == REG_MULTI_SZ)
            return deliver_each(query, name, data, length);
        if (type == REG_EXPAND_SZ)
            return deliver_expanded(query, name, data, length);
    }
    return deliver(query, name, type, data, length);
}

static ULONG multi_length(PCWSTR text)
{
    ULONG count = 0;
    while (text[count])
        count += (ULONG)(rtl_unicode_length(text + count) / sizeof(WCHAR)) + 1;
    return (count + 1) * (ULONG)sizeof(WCHAR);
}

/* The value is not there. */
static NTSTATUS deliver_default(struct query *query)
{
    PRTL_QUERY_REGISTRY_TABLE entry = query->entry;
    ULONG type = entry->DefaultType, length = entry->DefaultLength;
    if (entry->Flags & RTL_QUERY_REGISTRY_REQUIRED)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (entry->Flags & RTL_QUERY_REGISTRY_TYPECHECK)
        type &= ((ULONG)1 << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) - 1;
    if (type == REG_NONE)
        return STATUS_SUCCESS;
    if (!length && entry->DefaultData && is_string(type))
        length = type == REG_MULTI_SZ
                     ? multi_length(entry->DefaultData)
                     : (ULONG)rtl_unicode_length(entry->DefaultData) + (ULONG)sizeof(WCHAR);
    if (!(entry->Flags & RTL_QUERY_REGISTRY_NOEXPAND)) {
        if (type == REG_MULTI_SZ)
            return deliver_each(query, (PWSTR)entry->Name, entry->DefaultData, length);
        if (type == REG_EXPAND_SZ)
            return deliver_expanded(query, (PWSTR)entry->Name, entry->DefaultData, length);
    }
    return deliver(query, (PWSTR)entry->Name, type, entry->DefaultData, length);
}

/* A terminated string in the value as stored may lack its terminator: give it one. */
static PKEY_VALUE_FULL_INFORMATION terminated(PKEY_VALUE_FULL_INFORMATION value)
{
    PWSTR data = (PWSTR)((PUCHAR)value + value->DataOffset);
    ULONG count = value->DataLength / sizeof(WCHAR);
    if ((value->Type == REG_SZ || value->Type == REG_EXPAND_SZ) &&
        (count == 0 || data[count - 1])) {
        data[count] = 0; /* there is room: see read_value */
        value->DataLength = (count + 1) * (ULONG)sizeof(WCHAR);
    }
    return value;
}

/* One value by name, or by index when name is NULL, in pool. */
static NTSTATUS read_value(HANDLE key, PUNICODE_STRING name, ULONG index,
                           PKEY_VALUE_FULL_INFORMATION *value)
{
    ULONG room = 0, needed = sizeof(KEY_VALUE_FULL_INFORMATION);
    PKEY_VALUE_FULL_INFORMATION buffer = NULL;
    NTSTATUS status;
    do {
        if (buffer)
            ExFreePoolWithTag(buffer, CM_TAG);
        room = needed;
        /* Some bytes more: for a terminator, and an offset when there is no data. */
        buffer = ExAllocatePoolWithTag(PagedPool, room + 2 * sizeof(ULONGLONG), CM_TAG);
        if (!buffer)
            return STATUS_NO_MEMORY;
        status =
            name ? ZwQueryValueKey(key, name, KeyValueFullInformation, buffer, room, &needed)
                 : ZwEnumerateValueKey(key, index, KeyValueFullInformation, buffer, room, &needed);
    } while (status == STATUS_BUFFER_OVERFLOW || status == STATUS_BUFFER_TOO_SMALL);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(buffer, CM_TAG);
        return status;
    }
    if (!buffer->DataLength)
        buffer->DataOffset = (needed + 3) & ~3u;
    *value = terminated(buffer);
    return STATUS_SUCCESS;
}

static NTSTATUS query_named(struct query *query)
{
    PRTL_QUERY_REGISTRY_TABLE entry = query->entry;
    PKEY_VALUE_FULL_INFORMATION value;
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, entry->Name);
    NTSTATUS status = read_value(query->current, &name, 0, &value);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        return deliver_default(query);
    if (!NT_SUCCESS(status))
        return status;
    status = deliver_value(query, (PWSTR)entry->Name, value->Type,
                           (PUCHAR)value + value->DataOffset, value->DataLength);
    ExFreePoolWithTag(value, CM_TAG);
    if (NT_SUCCESS(status) && (entry->Flags & RTL_QUERY_REGISTRY_DELETE))
        ZwDeleteValueKey(query->current, &name);
    return status;
}

/* The value's name as a terminated string in pool. */
static PWSTR copy_name(const KEY_VALUE_FULL_INFORMATION *value)
{
    PWSTR name = ExAllocatePoolWithTag(PagedPool, value->NameLength + sizeof(WCHAR), CM_TAG);
    if (!name)
        return NULL;
    RtlCopyMemory(name, value->Name, value->NameLength);
    name[value->NameLength / sizeof(WCHAR)] = 0;
    return name;
}

static NTSTATUS query_indexed(struct query *query, ULONG index)
{
    PKEY_VALUE_FULL_INFORMATION value;
    UNICODE_STRING name;
    NTSTATUS status = read_value(query->current, NULL, index, &value);
    if (!NT_SUCCESS(status) || status == STATUS_NO_MORE_ENTRIES)
        return status;
    PWSTR text = copy_name(value);
    status = text ? deliver_value(query, text, value->Type, (PUCHAR)value + value->DataOffset,
                                  value->DataLength)
                  : STATUS_NO_MEMORY;
    if (NT_SUCCESS(status) && (query->entry->Flags & RTL_QUERY_REGISTRY_DELETE)) {
        RtlInitUnicodeString(&name, text);
        ZwDeleteValueKey(query->current, &name);
    }
    if (text)
        ExFreePoolWithTag(text, CM_TAG);
    ExFreePoolWithTag(value, CM_TAG);
    return status;
}

/* Every value of the current key. */
static NTSTATUS query_all(struct query *query)
{
    ULONG index = 0, seen = 0;
    for (;;) {
        NTSTATUS status = query_indexed(query, index);
        if (status == STATUS_NO_MORE_ENTRIES)
            break;
        if (!NT_SUCCESS(status))
            return status;
        seen++;
        if (!(query->entry->Flags & RTL_QUERY_REGISTRY_DELETE))
            index++;
    }
    if (!seen && (query->entry->Flags & RTL_QUERY_REGISTRY_REQUIRED))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return STATUS_SUCCESS;
}

static void leave_subkey(struct query *query)
{
    if (query->current != query->top)
        ZwClose(query->current);
    query->current = query->top;
}

static NTSTATUS enter_subkey(struct query *query)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    HANDLE subkey;
    if (!query->entry->Name)
        return STATUS_INVALID_PARAMETER;
    RtlInitUnicodeString(&name, query->entry->Name);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               query->top, NULL);
    NTSTATUS status = ZwOpenKey(&subkey, MAXIMUM_ALLOWED, &attributes);
    if (NT_SUCCESS(status)) {
        query->current = subkey;
        return query->entry->QueryRoutine ? query_all(query) : STATUS_SUCCESS;
    }
    if (status == STATUS_OBJECT_NAME_NOT_FOUND &&
        !(query->entry->Flags & RTL_QUERY_REGISTRY_REQUIRED))
        return STATUS_SUCCESS;
    return status;
}

static NTSTATUS query_entry(struct query *query)
{
    PRTL_QUERY_REGISTRY_TABLE entry = query->entry;
    if ((entry->Flags & RTL_QUERY_REGISTRY_DIRECT) &&
        (!entry->Name || (entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) || entry->QueryRoutine))
        return STATUS_INVALID_PARAMETER;
    if (entry->Flags & (RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_SUBKEY))
        leave_subkey(query);
    if (entry->Flags & RTL_QUERY_REGISTRY_SUBKEY)
        return enter_subkey(query);
    if (entry->Flags & RTL_QUERY_REGISTRY_NOVALUE) {
        if (!entry->QueryRoutine)
            return STATUS_INVALID_PARAMETER;
        return entry->QueryRoutine(NULL, REG_NONE, NULL, 0, query->context, entry->EntryContext);
    }
    return entry->Name ? query_named(query) : query_all(query);
}

NTSTATUS NTAPI RtlQueryRegistryValues(ULONG relative_to, PCWSTR path,
                                      PRTL_QUERY_REGISTRY_TABLE table, PVOID context,
                                      PVOID environment)
{
    struct query query = {.entry = table, .context = context, .environment = environment};
    NTSTATUS status =
        cm_open_relative(relative_to, path, MAXIMUM_ALLOWED, FALSE, &query.top, &query.owns_top);
    if (!NT_SUCCESS(status))
        return status;
    query.current = query.top;
    while (NT_SUCCESS(status) &&
           (query.entry->QueryRoutine || (query.entry->Flags & ENTRY_END_FLAGS))) {
        status = query_entry(&query);
        query.entry++;
    }
    leave_subkey(&query);
    if (query.owns_top)
        ZwClose(query.top);
    return status;
}
SB_EXPORT(RtlQueryRegistryValues)
SB_EXPORT_AS("RtlQueryRegistryValuesEx", RtlQueryRegistryValues)
