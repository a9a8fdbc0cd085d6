/* include/sysbuf/host.h: the registry as an application sees it. */
#include "host/api.h"

#include "host/cm/cm.h"

enum { KEY_CAPACITY = 1024, VALUE_CAPACITY = 512 };

struct registry_arguments {
    const char *key, *value;
    uint32_t type;
    void *data;
    uint32_t size;
    uint32_t needed;
};

static NTSTATUS widen(const char *text, PWSTR buffer, ULONG capacity, UNICODE_STRING *result)
{
    ULONG length = 0, bytes = 0;
    while (text[length])
        length++;
    if (RtlUTF8ToUnicodeN(buffer, capacity * sizeof(WCHAR), &bytes, text, length) != STATUS_SUCCESS)
        return STATUS_OBJECT_NAME_INVALID;
    *result = (UNICODE_STRING){(USHORT)bytes, (USHORT)bytes, buffer};
    return STATUS_SUCCESS;
}

static NTSTATUS access_registry(struct registry_arguments *arguments, BOOLEAN writes)
{
    WCHAR key_text[KEY_CAPACITY], value_text[VALUE_CAPACITY];
    UNICODE_STRING key, value;
    ULONG type = 0, needed = 0;
    NTSTATUS status = widen(arguments->key, key_text, KEY_CAPACITY, &key);
    if (NT_SUCCESS(status))
        status = widen(arguments->value, value_text, VALUE_CAPACITY, &value);
    if (!NT_SUCCESS(status))
        return status;
    if (writes)
        return cm_write(&key, &value, arguments->type, arguments->data, arguments->size, UserMode);
    status = cm_read(&key, &value, &type, arguments->data, arguments->size, &needed);
    arguments->type = type;
    arguments->needed = needed;
    return status;
}

static NTSTATUS write_registry(void *context)
{
    return access_registry(context, TRUE);
}

static NTSTATUS read_registry(void *context)
{
    return access_registry(context, FALSE);
}

sb_status sb_process_write_registry(struct sb_process *process, const char *key, const char *value,
                                    uint32_t type, const void *data, uint32_t size)
{
    struct registry_arguments arguments = {key, value, type, (void *)data, size, 0};
    return machine_call(process_of(process), write_registry, &arguments);
}

sb_status sb_process_read_registry(struct sb_process *process, const char *key, const char *value,
                                   uint32_t *type, void *data, uint32_t size, uint32_t *needed)
{
    struct registry_arguments arguments = {key, value, 0, data, size, 0};
    NTSTATUS status = machine_call(process_of(process), read_registry, &arguments);
    if (!NT_ERROR(status)) {
        *type = arguments.type;
        if (needed)
            *needed = arguments.needed;
    }
    return status;
}
