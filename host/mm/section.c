/* Section objects, backed by memory of the machine. Views are in view.c. */
#include "host/ke/ke.h"
#include "host/mm/ddk.h"
#include "host/mm/section.h"
#include "host/mm/section_file.h"
#include "host/mm/section_image.h"

static void section_remove(void *object)
{
    struct section *section = object;
    if (section->file && section->region)
        mm_section_file_flush(section);
    if (section->file)
        mm_section_file_close(section->file);
    if (section->image)
        mm_image_close(section->image);
    if (section->region)
        mm_pages_free(object_header_of(object)->machine, section->region->base);
    linux_free(section->committed);
}

OBJECT_TYPE mm_section_type = {.self = &mm_section_type,
                               .name = RTL_CONSTANT_STRING(L"Section"),
                               .mapping = {STANDARD_RIGHTS_READ | SECTION_QUERY | SECTION_MAP_READ,
                                           STANDARD_RIGHTS_WRITE | SECTION_MAP_WRITE,
                                           STANDARD_RIGHTS_EXECUTE | SECTION_MAP_EXECUTE,
                                           SECTION_ALL_ACCESS},
                               .valid_access = SECTION_ALL_ACCESS,
                               .removes_at_passive = TRUE,
                               .remove = section_remove};

static NTSTATUS check_kind(ULONG protection, ULONG attributes)
{
    const ULONG kinds = SEC_COMMIT | SEC_RESERVE | SEC_IMAGE;
    const ULONG known =
        kinds | SEC_NOCACHE | SEC_BASED | SEC_NO_CHANGE | SEC_LARGE_PAGES | SEC_WRITECOMBINE;
    ULONG kind = attributes & kinds;
    enum linux_protection native;
    if ((attributes & ~known) || kind == 0 || (kind & (kind - 1)))
        return STATUS_INVALID_PARAMETER_6;
    if (!mm_native_protection(protection, &native) || native == LINUX_NO_ACCESS)
        return STATUS_INVALID_PAGE_PROTECTION;
    return STATUS_SUCCESS;
}

static NTSTATUS allocate_pages(struct machine *machine, struct section *section)
{
    void *base = mm_pages_allocate(machine, LINUX_ARENA_KERNEL, section->size, MM_REGION_PAGES);
    if (!base)
        return STATUS_COMMITMENT_LIMIT;
    section->region = mm_region_find(machine, base);
    linux_pages_protect(base, section->region->size, LINUX_NO_ACCESS);
    if (section->attributes & SEC_RESERVE) {
        section->committed = linux_allocate(section->region->size / PAGE_SIZE);
        if (!section->committed)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

NTSTATUS mm_section_create(struct machine *machine, const LARGE_INTEGER *size, ULONG protection,
                           ULONG attributes, struct section **created)
{
    const LONGLONG largest = 16ll << 30;
    struct section *section;
    NTSTATUS status = check_kind(protection, attributes);
    if (!NT_SUCCESS(status))
        return status;
    if (attributes & SEC_IMAGE)
        return STATUS_INVALID_FILE_FOR_SECTION; /* it takes a file */
    if (!size || size->QuadPart <= 0)
        return STATUS_INVALID_PARAMETER_4;
    if (size->QuadPart > largest)
        return STATUS_SECTION_TOO_BIG;
    status = ob_allocate(machine, &mm_section_type, sizeof(*section), (void **)&section);
    if (!NT_SUCCESS(status))
        return status;
    section->size = (SIZE_T)size->QuadPart;
    section->protection = protection & 0xFF;
    section->attributes = attributes;
    status = allocate_pages(machine, section);
    if (NT_SUCCESS(status))
        *created = section;
    else
        ob_dereference(section);
    return status;
}

/* The image says how large it is. */
static NTSTATUS create_of_image(HANDLE handle, ULONG protection, KPROCESSOR_MODE mode,
                                struct section **created)
{
    struct section_image *image;
    struct section *section;
    NTSTATUS status = mm_image_open(handle, mode, &image);
    if (!NT_SUCCESS(status))
        return status;
    status = ob_allocate(current_machine(), &mm_section_type, sizeof(*section), (void **)&section);
    if (!NT_SUCCESS(status)) {
        mm_image_close(image);
        return status;
    }
    section->image = image;
    section->size = mm_image_size(image);
    section->protection = protection & 0xFF;
    section->attributes = SEC_IMAGE;
    *created = section;
    return STATUS_SUCCESS;
}

static BOOLEAN is_writable(ULONG protection)
{
    return (protection & 0xFF) == PAGE_READWRITE || (protection & 0xFF) == PAGE_EXECUTE_READWRITE;
}

/* Reserving means something only without a file: a file's pages are always there. */
static NTSTATUS create_of_file(HANDLE handle, const LARGE_INTEGER *size, ULONG protection,
                               ULONG attributes, KPROCESSOR_MODE mode, struct section **created)
{
    LARGE_INTEGER length = {.QuadPart = size ? size->QuadPart : 0};
    struct section_file *file;
    struct section *section;
    NTSTATUS status = check_kind(protection, attributes);
    if (!NT_SUCCESS(status))
        return status;
    if (attributes & SEC_IMAGE)
        return create_of_image(handle, protection, mode, created);
    status = mm_section_file_open(handle, mode, is_writable(protection), &length, &file);
    if (!NT_SUCCESS(status))
        return status;
    status = mm_section_create(current_machine(), &length, protection, SEC_COMMIT, &section);
    if (!NT_SUCCESS(status)) {
        mm_section_file_close(file);
        return status;
    }
    section->file = file;
    status = mm_section_file_load(section);
    if (NT_SUCCESS(status))
        *created = section;
    else
        ob_dereference(section);
    return status;
}

static NTSTATUS create(HANDLE file, const LARGE_INTEGER *size, ULONG protection, ULONG attributes,
                       KPROCESSOR_MODE mode, struct section **section)
{
    return file ? create_of_file(file, size, protection, attributes, mode, section)
                : mm_section_create(current_machine(), size, protection, attributes, section);
}

NTSTATUS mm_section_create_handle(HANDLE *handle, ACCESS_MASK access, POBJECT_ATTRIBUTES names,
                                  const LARGE_INTEGER *size, ULONG protection, ULONG attributes,
                                  HANDLE file, KPROCESSOR_MODE mode)
{
    struct section *section;
    NTSTATUS status = create(file, size, protection, attributes, mode, &section);
    return NT_SUCCESS(status) ? ob_create_handle(section, names, access, mode, handle) : status;
}

NTSTATUS NTAPI ZwCreateSection(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES names,
                               PLARGE_INTEGER size, ULONG protection, ULONG attributes, HANDLE file)
{
    return mm_section_create_handle(handle, access, names, size, protection, attributes, file,
                                    KernelMode);
}
SB_EXPORT(ZwCreateSection)

NTSTATUS NTAPI NtCreateSection(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES names,
                               PLARGE_INTEGER size, ULONG protection, ULONG attributes, HANDLE file)
{
    return mm_section_create_handle(handle, access, names, size, protection, attributes, file,
                                    current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtCreateSection)

NTSTATUS NTAPI MmCreateSection(PVOID *object, ACCESS_MASK access, POBJECT_ATTRIBUTES names,
                               PLARGE_INTEGER size, ULONG protection, ULONG attributes, HANDLE file,
                               PFILE_OBJECT file_object)
{
    if (file_object) /* only by handle */
        return STATUS_NOT_SUPPORTED;
    return create(file, size, protection, attributes, KernelMode, (struct section **)object);
}
SB_EXPORT(MmCreateSection)

NTSTATUS NTAPI ZwOpenSection(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES names)
{
    return ob_open_handle(names, &mm_section_type, access, KernelMode, handle);
}
SB_EXPORT(ZwOpenSection)

/* ---- questions ---- */
struct section_basic_information {
    void *base;
    ULONG attributes;
    LARGE_INTEGER size;
};
enum { SECTION_BASIC_CLASS, SECTION_IMAGE_CLASS };

static NTSTATUS query(struct section *section, ULONG class, void *information, SIZE_T length,
                      SIZE_T *result_length)
{
    struct section_basic_information basic = {.attributes = section->attributes,
                                              .size.QuadPart = (LONGLONG)section->size};
    if (class == SECTION_IMAGE_CLASS)
        return section->image ? mm_image_query(section->image, information, length, result_length)
                              : STATUS_SECTION_NOT_IMAGE;
    if (class != SECTION_BASIC_CLASS)
        return STATUS_INVALID_INFO_CLASS;
    if (length < sizeof(basic))
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(information, &basic, sizeof(basic));
    if (result_length)
        *result_length = sizeof(basic);
    return STATUS_SUCCESS;
}

static NTSTATUS reference_section(HANDLE handle, ACCESS_MASK access, struct section **section)
{
    struct handle_entry entry;
    return ob_handle_reference(current_thread()->Tcb.process, handle, access, &mm_section_type,
                               KernelMode, (void **)section, &entry);
}

NTSTATUS NTAPI ZwQuerySection(HANDLE handle, ULONG information_class, PVOID information,
                              SIZE_T length, PSIZE_T result_length)
{
    struct section *section;
    NTSTATUS status = reference_section(handle, SECTION_QUERY, &section);
    if (!NT_SUCCESS(status))
        return status;
    status = query(section, information_class, information, length, result_length);
    ob_dereference(section);
    return status;
}
SB_EXPORT(ZwQuerySection)

/* Only a section of a file can grow. */
NTSTATUS NTAPI ZwExtendSection(HANDLE handle, PLARGE_INTEGER size)
{
    struct section *section;
    NTSTATUS status = reference_section(handle, SECTION_EXTEND_SIZE, &section);
    if (!NT_SUCCESS(status))
        return status;
    ob_dereference(section);
    return STATUS_SECTION_NOT_EXTENDED;
}
SB_EXPORT(ZwExtendSection)
