/* include/sysbuf/host.h: an application's sections and views. */
#include "host/api.h"

#include "host/mm/ddk.h"
#include "host/mm/section.h"
#include "host/ob/object.h"

enum { NAME_CHARACTERS = 512 };

struct section_arguments {
    const char *name;
    LARGE_INTEGER size;
    ULONG protection;
    ACCESS_MASK access;
    HANDLE section;
};

/* The attributes of an object of that name (UTF-8), or of none; buffer holds the text. */
static NTSTATUS name_attributes(const char *name, PWSTR buffer, PUNICODE_STRING string,
                                POBJECT_ATTRIBUTES attributes)
{
    ULONG bytes = 0, length = 0;
    InitializeObjectAttributes(attributes, name ? string : NULL, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (!name)
        return STATUS_SUCCESS;
    while (name[length])
        length++;
    NTSTATUS status =
        RtlUTF8ToUnicodeN(buffer, NAME_CHARACTERS * sizeof(WCHAR), &bytes, name, length);
    string->Buffer = buffer;
    string->Length = string->MaximumLength = (USHORT)bytes;
    if (status == STATUS_BUFFER_TOO_SMALL)
        return STATUS_NAME_TOO_LONG;
    return status == STATUS_SUCCESS ? status : STATUS_OBJECT_NAME_INVALID;
}

static NTSTATUS create_section(void *context)
{
    struct section_arguments *arguments = context;
    WCHAR buffer[NAME_CHARACTERS];
    UNICODE_STRING string;
    OBJECT_ATTRIBUTES attributes;
    NTSTATUS status = name_attributes(arguments->name, buffer, &string, &attributes);
    if (!NT_SUCCESS(status))
        return status;
    return mm_section_create_handle(&arguments->section, SECTION_ALL_ACCESS, &attributes,
                                    &arguments->size, arguments->protection, SEC_COMMIT, NULL,
                                    UserMode);
}

sb_status sb_process_create_section(struct sb_process *process, const char *name, uint64_t size,
                                    uint32_t protection, sb_handle *section)
{
    struct section_arguments arguments = {
        .name = name, .size.QuadPart = (LONGLONG)size, .protection = protection};
    NTSTATUS status = machine_call(process_of(process), create_section, &arguments);
    if (NT_SUCCESS(status))
        *section = (sb_handle)arguments.section;
    return status;
}

static NTSTATUS open_section(void *context)
{
    struct section_arguments *arguments = context;
    WCHAR buffer[NAME_CHARACTERS];
    UNICODE_STRING string;
    OBJECT_ATTRIBUTES attributes;
    NTSTATUS status = name_attributes(arguments->name, buffer, &string, &attributes);
    if (!NT_SUCCESS(status))
        return status;
    return ob_open_handle(&attributes, &mm_section_type, arguments->access, UserMode,
                          &arguments->section);
}

sb_status sb_process_open_section(struct sb_process *process, const char *name, uint32_t access,
                                  sb_handle *section)
{
    struct section_arguments arguments = {.name = name, .access = access};
    NTSTATUS status = machine_call(process_of(process), open_section, &arguments);
    if (NT_SUCCESS(status))
        *section = (sb_handle)arguments.section;
    return status;
}

struct view_arguments {
    HANDLE section;
    LARGE_INTEGER offset;
    SIZE_T size;
    ULONG protection;
    void *base;
};

static NTSTATUS map_view(void *context)
{
    struct view_arguments *arguments = context;
    return NtMapViewOfSection(arguments->section, NtCurrentProcess(), &arguments->base, 0, 0,
                              &arguments->offset, &arguments->size, ViewUnmap, 0,
                              arguments->protection);
}

sb_status sb_process_map(struct sb_process *process, sb_handle section, uint64_t offset,
                         size_t *size, uint32_t protection, void **base)
{
    struct view_arguments arguments = {.section = (HANDLE)section,
                                       .offset.QuadPart = (LONGLONG)offset,
                                       .size = *size,
                                       .protection = protection};
    NTSTATUS status = machine_call(process_of(process), map_view, &arguments);
    if (NT_SUCCESS(status)) {
        *base = arguments.base;
        *size = arguments.size;
    }
    return status;
}

static NTSTATUS unmap_view(void *context)
{
    struct _EPROCESS *process = current_thread()->Tcb.process;
    return mm_view_unmap(process->machine, process, context);
}

sb_status sb_process_unmap(struct sb_process *process, void *base)
{
    return machine_call(process_of(process), unmap_view, base);
}
