#include "host/mm/section_image.h"

#include "host/loader/pe_image.h"
#include "host/mm/section_file.h"

enum { GRANULARITY = 64 * 1024, PE_SECTION_READ = 0x40000000 };

struct section_image {
    struct pe_image image;
    uint8_t *bytes; /* laid out as in memory; host heap */
};

/* ---- the file ---- */

static NTSTATUS read_file(HANDLE handle, KPROCESSOR_MODE mode, uint8_t **contents, SIZE_T *length)
{
    LARGE_INTEGER size = {.QuadPart = 0};
    struct section_file *file;
    NTSTATUS status = mm_section_file_open(handle, mode, FALSE, &size, &file);
    if (!NT_SUCCESS(status))
        return status;
    *length = (SIZE_T)size.QuadPart;
    *contents = linux_allocate(*length);
    status = *contents ? mm_section_file_read(file, *contents) : STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status))
        linux_free(*contents);
    mm_section_file_close(file);
    return status;
}

static NTSTATUS lay_out(struct section_image *image, const uint8_t *contents, SIZE_T length)
{
    struct loader_error unused = {0};
    if (length < 2 || contents[0] != 'M' || contents[1] != 'Z')
        return STATUS_INVALID_IMAGE_NOT_MZ;
    NTSTATUS status = pe_parse_any(&image->image, contents, length, &unused);
    if (!NT_SUCCESS(status))
        return status;
    image->bytes = linux_allocate(image->image.size);
    if (!image->bytes)
        return STATUS_INSUFFICIENT_RESOURCES;
    pe_lay_out(&image->image, image->bytes);
    image->image.file = NULL; /* not there any longer */
    return STATUS_SUCCESS;
}

NTSTATUS mm_image_open(HANDLE file, KPROCESSOR_MODE mode, struct section_image **opened)
{
    uint8_t *contents;
    SIZE_T length;
    NTSTATUS status = read_file(file, mode, &contents, &length);
    if (!NT_SUCCESS(status))
        return status;
    struct section_image *image = linux_allocate(sizeof(*image));
    status = image ? lay_out(image, contents, length) : STATUS_INSUFFICIENT_RESOURCES;
    linux_free(contents);
    if (NT_SUCCESS(status))
        *opened = image;
    else
        linux_free(image);
    return status;
}

void mm_image_close(struct section_image *image)
{
    linux_free(image->bytes);
    linux_free(image);
}

SIZE_T mm_image_size(const struct section_image *image)
{
    return image->image.size;
}

/* ---- views ---- */

static ULONG protection_of(ULONG characteristics)
{
    if (characteristics & PE_SECTION_EXECUTE)
        return characteristics & PE_SECTION_WRITE  ? PAGE_EXECUTE_WRITECOPY
               : characteristics & PE_SECTION_READ ? PAGE_EXECUTE_READ
                                                   : PAGE_EXECUTE;
    if (characteristics & PE_SECTION_WRITE)
        return PAGE_WRITECOPY;
    return characteristics & PE_SECTION_READ ? PAGE_READONLY : PAGE_NOACCESS;
}

static enum linux_protection native_of(ULONG protection)
{
    enum linux_protection native = LINUX_READ;
    if (protection == PAGE_WRITECOPY)
        return LINUX_READ_WRITE;
    if (protection == PAGE_EXECUTE_WRITECOPY)
        return LINUX_READ_WRITE_EXECUTE;
    mm_native_protection(protection, &native);
    return native;
}

/* The headers and what no section covers can be read. */
static ULONG *page_protections(const struct pe_image *image)
{
    SIZE_T count = image->size / PAGE_SIZE;
    ULONG *pages = linux_allocate(count * sizeof(*pages));
    for (SIZE_T i = 0; pages && i < count; i++)
        pages[i] = PAGE_READONLY;
    for (uint32_t i = 0; pages && i < image->section_count && !pe_is_packed(image); i++) {
        const struct pe_section *section = &image->sections[i];
        SIZE_T first = section->address / PAGE_SIZE;
        SIZE_T end = first + BYTES_TO_PAGES((uint64_t)section->virtual_size);
        for (SIZE_T page = first; page < end && page < count; page++)
            pages[page] = protection_of(section->characteristics);
    }
    return pages;
}

/* Anywhere else when the place that the image wants is taken, or none of this arena's. */
static uint8_t *reserve(const struct section_image *image, enum linux_arena arena, void *wanted)
{
    void *preferred = (void *)image->image.headers.image_base;
    uint8_t *place = NULL;
    if (wanted)
        return linux_pages_reserve(arena, wanted, image->image.size, GRANULARITY);
    if (arena == LINUX_ARENA_USER && mm_is_user_address(preferred))
        place = linux_pages_reserve(arena, preferred, image->image.size, GRANULARITY);
    return place ? place : linux_pages_reserve(arena, NULL, image->image.size, GRANULARITY);
}

static NTSTATUS fill(const struct section_image *image, uint8_t *place, const ULONG *pages)
{
    struct loader_error unused = {0};
    struct pe_image view = image->image;
    if (linux_pages_commit(place, view.size, LINUX_READ_WRITE) != 0)
        return STATUS_NO_MEMORY;
    __builtin_memcpy(place, image->bytes, view.size);
    view.base = place;
    NTSTATUS status = pe_relocate(&view, (uint64_t)place, &unused);
    for (SIZE_T i = 0; NT_SUCCESS(status) && i < view.size / PAGE_SIZE; i++)
        if (linux_pages_protect(place + i * PAGE_SIZE, PAGE_SIZE, native_of(pages[i])) != 0)
            status = STATUS_NO_MEMORY;
    return status;
}

static NTSTATUS enter(struct section *section, struct _EPROCESS *process, uint8_t *place,
                      ULONG *pages)
{
    struct machine *machine = object_header_of(section)->machine;
    SIZE_T size = section->image->image.size;
    if (!mm_charge(machine, size))
        return STATUS_COMMITMENT_LIMIT;
    struct mm_region *region =
        mm_region_add(machine, place, size, size, process ? MM_REGION_VIEW : MM_REGION_SYSTEM_VIEW);
    if (!region) {
        mm_uncharge(machine, size);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ob_reference(section);
    region->section = section;
    region->owner = process;
    region->protection = PAGE_EXECUTE_WRITECOPY; /* what images are allocated with */
    region->pages = pages;
    return STATUS_SUCCESS;
}

NTSTATUS mm_image_map(struct section *section, struct _EPROCESS *process, void **base, SIZE_T *size)
{
    const struct section_image *image = section->image;
    ULONG *pages = page_protections(&image->image);
    if (!pages)
        return STATUS_INSUFFICIENT_RESOURCES;
    uint8_t *place = reserve(image, process ? LINUX_ARENA_USER : LINUX_ARENA_KERNEL, *base);
    NTSTATUS status = place ? fill(image, place, pages)
                            : (*base ? STATUS_CONFLICTING_ADDRESSES : STATUS_NO_MEMORY);
    if (NT_SUCCESS(status))
        status = enter(section, process, place, pages);
    if (!NT_SUCCESS(status)) {
        if (place)
            linux_pages_unmap(place, image->image.size);
        linux_free(pages);
        return status;
    }
    *base = place;
    *size = image->image.size;
    return (uint64_t)place == image->image.headers.image_base ? STATUS_SUCCESS
                                                              : STATUS_IMAGE_NOT_AT_BASE;
}

/* ---- what it says of itself ---- */

struct image_information {
    void *entry;
    ULONG zero_bits;
    SIZE_T stack_reserve, stack_commit;
    ULONG subsystem;
    USHORT subsystem_minor, subsystem_major;
    USHORT os_major, os_minor;
    USHORT characteristics, dll_characteristics, machine;
    BOOLEAN has_code;
    UCHAR flags;
    ULONG loader_flags, file_size, checksum;
};
_Static_assert(sizeof(struct image_information) == 0x40, "SECTION_IMAGE_INFORMATION");

NTSTATUS mm_image_query(const struct section_image *image, void *information, SIZE_T length,
                        SIZE_T *result_length)
{
    const struct pe_headers *headers = &image->image.headers;
    struct image_information answer = {
        .entry = (void *)(headers->image_base + headers->entry_point),
        .stack_reserve = headers->stack_reserve,
        .stack_commit = headers->stack_commit,
        .subsystem = headers->subsystem,
        .subsystem_minor = headers->subsystem_minor,
        .subsystem_major = headers->subsystem_major,
        .os_major = headers->os_major,
        .os_minor = headers->os_minor,
        .characteristics = headers->characteristics,
        .dll_characteristics = headers->dll_characteristics,
        .machine = headers->machine,
        .has_code = headers->code_size != 0,
        .loader_flags = headers->loader_flags,
        .file_size = (ULONG)image->image.file_size,
        .checksum = headers->checksum,
    };
    if (length < sizeof(answer))
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(information, &answer, sizeof(answer));
    if (result_length)
        *result_length = sizeof(answer);
    return STATUS_SUCCESS;
}
