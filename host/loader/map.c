/* An image's pages: where they are and what may be done with them. */
#include "host/loader/loader.h"
#include "host/mm/mm.h"

enum { PAGE = 0x1000 };

uint32_t image_page_round(uint64_t size)
{
    return (uint32_t)((size + PAGE - 1) & ~(uint64_t)(PAGE - 1));
}

/* At the image's own base: it has no relocations. */
static uint8_t *map_fixed(struct loaded_image *image)
{
    uint64_t base = image->pe.headers.image_base;
    if (base < LINUX_SYSTEM_START || !mm_charge(image->machine, image->size))
        return NULL;
    uint8_t *mapped = linux_pages_map_fixed(base, image->size);
    if (mapped && mm_region_add(image->machine, mapped, image->size, image->size, MM_REGION_IMAGE))
        return mapped;
    if (mapped)
        linux_pages_unmap(mapped, image->size);
    mm_uncharge(image->machine, image->size);
    return NULL;
}

static NTSTATUS reserve(struct loaded_image *image, struct loader_error *error)
{
    const struct pe_headers *headers = &image->pe.headers;
    image->size = image->pe.size;
    image->is_fixed = (headers->characteristics & PE_RELOCS_STRIPPED) &&
                      !pe_directory(&image->pe, PE_DIRECTORY_RELOCATION).size;
    image->base = image->is_fixed ? map_fixed(image)
                                  : mm_pages_allocate(image->machine, LINUX_ARENA_KERNEL,
                                                      image->size, MM_REGION_IMAGE);
    if (image->base)
        return STATUS_SUCCESS;
    if (!image->is_fixed) {
        loader_error_add(error, "no memory for an image of 0x%x bytes", image->size);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    loader_error_add(error,
                     "has no relocations, and its base 0x%I64x is in use or not the kernel's: link "
                     "it with relocations (/DYNAMICBASE, not /FIXED)",
                     headers->image_base);
    return STATUS_CONFLICTING_ADDRESSES;
}

enum linux_protection image_protection_of(uint32_t characteristics)
{
    BOOLEAN writes = (characteristics & PE_SECTION_WRITE) != 0;
    if (characteristics & PE_SECTION_EXECUTE)
        return writes ? LINUX_READ_WRITE_EXECUTE : LINUX_READ_EXECUTE;
    return writes ? LINUX_READ_WRITE : LINUX_READ;
}

static int protect_section(struct loaded_image *image, const struct pe_section *section)
{
    if (section->virtual_size == 0)
        return 0;
    return linux_pages_protect(image->base + section->address,
                               image_page_round(section->virtual_size),
                               image_protection_of(section->characteristics));
}

/* A page is writable or executable, not both, unless its section itself asks for that; NT does the
 * same. Packed sections share pages: all get what any of them needs. */
NTSTATUS image_protect(struct loaded_image *image)
{
    const struct pe_image *pe = &image->pe;
    uint32_t all = 0;
    int error = 0;
    for (uint32_t i = 0; i < pe->section_count; i++)
        all |= pe->sections[i].characteristics;
    if (pe_is_packed(pe)) {
        error = linux_pages_protect(image->base, image->size, image_protection_of(all));
    } else {
        error = linux_pages_protect(image->base, image->size, LINUX_NO_ACCESS);
        if (!error)
            error = linux_pages_protect(image->base, image_page_round(pe->headers.headers_size),
                                        LINUX_READ);
        for (uint32_t i = 0; i < pe->section_count && !error; i++)
            error = protect_section(image, &pe->sections[i]);
    }
    return error ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

static BOOLEAN holds(const struct pe_section *section, struct pe_directory directory)
{
    uint64_t start = (uint64_t)directory.address - section->address;
    return directory.address >= section->address && directory.size <= section->virtual_size &&
           start <= section->virtual_size - directory.size;
}

/* Unwinding reads the table at any time, so it must be all in one section, which is then kept. */
static struct pe_directory find_functions(const struct pe_image *pe)
{
    static const struct pe_directory none;
    struct pe_directory directory = pe_directory(pe, PE_DIRECTORY_EXCEPTION);
    if (!directory.size || directory.address % sizeof(uint32_t) != 0)
        return none;
    if (pe_is_packed(pe))
        return pe_at(pe, directory.address, directory.size) ? directory : none;
    for (uint32_t i = 0; i < pe->section_count; i++)
        if (holds(&pe->sections[i], directory))
            return directory;
    return none;
}

NTSTATUS image_map(struct loaded_image *image, struct loader_error *error)
{
    NTSTATUS status = reserve(image, error);
    if (!NT_SUCCESS(status))
        return status;
    pe_lay_out(&image->pe, image->base);
    image->functions = find_functions(&image->pe);
    return STATUS_SUCCESS;
}

void loader_discard_init(struct loaded_image *image)
{
    for (uint32_t i = 0; i < image->pe.section_count && !pe_is_packed(&image->pe); i++) {
        const struct pe_section *section = &image->pe.sections[i];
        if (!(section->characteristics & PE_SECTION_DISCARDABLE) || !section->virtual_size ||
            (image->functions.size && holds(section, image->functions)))
            continue;
        uint8_t *base = image->base + section->address;
        linux_pages_protect(base, image_page_round(section->virtual_size), LINUX_NO_ACCESS);
        linux_pages_discard(base, image_page_round(section->virtual_size));
    }
}
