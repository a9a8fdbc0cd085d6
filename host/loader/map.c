/* Laying an image out in the kernel arena. */
#include "host/loader/loader.h"
#include "host/mm/mm.h"

enum { PAGE = 0x1000 };

static uint32_t page_round(uint64_t size)
{
    return (uint32_t)((size + PAGE - 1) & ~(uint64_t)(PAGE - 1));
}

static NTSTATUS reserve(struct loaded_image *image, struct loader_error *error)
{
    image->size = page_round(image->headers.image_size);
    image->is_fixed = (image->headers.characteristics & PE_RELOCS_STRIPPED) != 0;
    if (!image->is_fixed) {
        image->base =
            mm_pages_allocate(image->machine, LINUX_ARENA_KERNEL, image->size, MM_REGION_IMAGE);
        return image->base ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    image->base = linux_pages_map_fixed(image->headers.image_base, image->size);
    if (image->base &&
        mm_region_add(image->machine, image->base, image->size, 0, MM_REGION_IMAGE))
        return STATUS_SUCCESS;
    if (image->base)
        linux_pages_unmap(image->base, image->size);
    image->base = NULL;
    loader_error_add(error,
                     "has no relocations and its base 0x%I64x is not free: link it with them",
                     image->headers.image_base);
    return STATUS_CONFLICTING_ADDRESSES;
}

NTSTATUS image_map(struct loaded_image *image, struct loader_error *error)
{
    NTSTATUS status = reserve(image, error);
    if (!NT_SUCCESS(status))
        return status;
    const uint8_t *file = image->file;
    __builtin_memcpy(image->base, file, image->headers.headers_size);
    for (uint32_t i = 0; i < image->headers.section_count; i++) {
        const struct pe_section *section = &image->sections[i];
        uint32_t length = section->raw_size < section->virtual_size ? section->raw_size
                                                                    : section->virtual_size;
        __builtin_memcpy(image->base + section->address, file + section->raw_offset, length);
    }
    return STATUS_SUCCESS;
}

/* One block: a page's worth of 16-bit entries, type in the top four bits. */
static BOOLEAN relocate_block(struct loaded_image *image, uint32_t page, const uint16_t *entries,
                              uint32_t count, uint64_t delta)
{
    for (uint32_t i = 0; i < count; i++) {
        uint16_t entry;
        __builtin_memcpy(&entry, &entries[i], sizeof(entry));
        uint32_t type = entry >> 12;
        if (type == PE_RELOCATION_ABSOLUTE)
            continue;
        uint8_t *place = image_at(image, (uint64_t)page + (entry & 0xFFF), sizeof(uint64_t));
        if (type != PE_RELOCATION_DIR64 || !place)
            return FALSE;
        uint64_t value;
        __builtin_memcpy(&value, place, sizeof(value));
        value += delta;
        __builtin_memcpy(place, &value, sizeof(value));
    }
    return TRUE;
}

NTSTATUS image_relocate(struct loaded_image *image, struct loader_error *error)
{
    struct pe_directory directory = image->headers.directories[PE_DIRECTORY_RELOCATION];
    uint64_t delta = (uint64_t)image->base - image->headers.image_base;
    if (delta == 0 || directory.size == 0)
        return STATUS_SUCCESS;
    uint64_t at = directory.address, end = at + directory.size;
    while (at + 8 <= end) {
        const uint8_t *block = image_at(image, at, 8);
        uint32_t header[2] = {0};
        if (block)
            __builtin_memcpy(header, block, sizeof(header));
        if (header[1] < 8 || header[1] > end - at || !image_at(image, at, header[1]))
            break;
        if (!relocate_block(image, header[0], (const uint16_t *)(block + 8), (header[1] - 8) / 2,
                            delta))
            break;
        at += header[1];
    }
    if (at + 8 <= end) {
        loader_error_add(error, "a base relocation is malformed or of an unknown type");
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    return STATUS_SUCCESS;
}

/* W^X unless the section itself asks for both, as old INIT sections do. */
static enum linux_protection protection_of(const struct pe_section *section)
{
    BOOLEAN writes = (section->characteristics & PE_SECTION_WRITE) != 0;
    if (section->characteristics & PE_SECTION_EXECUTE)
        return writes ? LINUX_READ_WRITE_EXECUTE : LINUX_READ_EXECUTE;
    return writes ? LINUX_READ_WRITE : LINUX_READ;
}

NTSTATUS image_protect(struct loaded_image *image)
{
    int error = linux_pages_protect(image->base, page_round(image->headers.headers_size),
                                    LINUX_READ);
    for (uint32_t i = 0; i < image->headers.section_count && !error; i++) {
        const struct pe_section *section = &image->sections[i];
        if (section->virtual_size)
            error = linux_pages_protect(image->base + section->address,
                                        page_round(section->virtual_size),
                                        protection_of(section));
    }
    return error ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

static BOOLEAN holds_unwind_data(const struct loaded_image *image,
                                 const struct pe_section *section)
{
    struct pe_directory directory = image->headers.directories[PE_DIRECTORY_EXCEPTION];
    return directory.size && directory.address - section->address < section->virtual_size;
}

void loader_discard_init(struct loaded_image *image)
{
    for (uint32_t i = 0; i < image->headers.section_count; i++) {
        const struct pe_section *section = &image->sections[i];
        if (!(section->characteristics & PE_SECTION_DISCARDABLE) || !section->virtual_size ||
            holds_unwind_data(image, section))
            continue;
        uint8_t *base = image->base + section->address;
        linux_pages_protect(base, page_round(section->virtual_size), LINUX_NO_ACCESS);
        linux_pages_discard(base, page_round(section->virtual_size));
    }
}

/* The /GS cookie: the loader replaces the linker's default by a random value, as NT does. */
void image_initialize_cookie(struct loaded_image *image)
{
    struct pe_directory directory = image->headers.directories[PE_DIRECTORY_LOAD_CONFIG];
    const uint32_t cookie_field = 0x58;
    const uint8_t *config = image_at(image, directory.address, cookie_field + 8);
    uint64_t pointer, cookie = 0;
    if (!directory.size || !config)
        return;
    __builtin_memcpy(&pointer, config + cookie_field, sizeof(pointer));
    uint8_t *place = image_at(image, pointer - (uint64_t)image->base, sizeof(cookie));
    if (!pointer || !place)
        return;
    linux_random(&cookie, 6);
    cookie |= 1;
    __builtin_memcpy(place, &cookie, sizeof(cookie));
}
