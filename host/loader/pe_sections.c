/* The section table, the layout in memory, and reading from there. */
#include "host/loader/pe_image.h"
#include "host/loader/pe_sections.h"

enum { PAGE = 0x1000, SECTOR = 512, LONGEST_STRING = 4096 };

static NTSTATUS refuse(const struct pe_section *section, struct loader_error *error,
                       const char *why)
{
    char name[sizeof(section->name) + 1] = {0};
    __builtin_memcpy(name, section->name, sizeof(section->name));
    loader_error_add(error, "section %s %s", name, why);
    return STATUS_INVALID_IMAGE_FORMAT;
}

BOOLEAN pe_is_packed(const struct pe_image *image)
{
    return image->headers.section_alignment < PAGE;
}

/* Where the section's data begin: NT reads whole sectors. */
static uint32_t data_offset(const struct pe_image *image, const struct pe_section *section)
{
    return pe_is_packed(image) ? section->raw_offset : section->raw_offset & ~(SECTOR - 1u);
}

/* NT takes only sections that follow one another without a gap. */
static NTSTATUS check_section(const struct pe_image *image, const struct pe_section *section,
                              uint64_t next, struct loader_error *error)
{
    uint64_t end = (uint64_t)section->address + section->virtual_size;
    if (section->address < next)
        return refuse(section, error, "overlaps what lies in front of it");
    if (section->address > next && !pe_is_packed(image))
        return refuse(section, error, "does not follow the one in front of it, or is unaligned");
    if (end > image->headers.image_size)
        return refuse(section, error, "leaves the image");
    if (section->raw_size && !pe_file_at(image, data_offset(image, section), section->raw_size))
        return refuse(section, error, "has data outside the file (truncated?)");
    return STATUS_SUCCESS;
}

NTSTATUS pe_sections_read(struct pe_image *image, uint64_t offset, struct loader_error *error)
{
    const uint64_t count = image->headers.section_count;
    const uint64_t alignment = image->headers.section_alignment;
    const uint64_t length = count * sizeof(struct pe_section);
    if (count == 0 || count > PE_MOST_SECTIONS || !pe_file_at(image, offset, length) ||
        offset + length > image->headers.headers_size) {
        loader_error_add(error, "the section table (%u sections) is out of range", (ULONG)count);
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    __builtin_memcpy(image->sections, image->file + offset, length);
    image->section_count = (uint32_t)count;
    uint64_t next = (image->headers.headers_size + alignment - 1) & ~(alignment - 1);
    for (uint32_t i = 0; i < count; i++) {
        struct pe_section *section = &image->sections[i];
        if (section->virtual_size == 0)
            section->virtual_size = section->raw_size;
        if (section->virtual_size == 0)
            continue; /* empty: it is nowhere */
        NTSTATUS status = check_section(image, section, next, error);
        if (!NT_SUCCESS(status))
            return status;
        next = section->address + section->virtual_size;
        next = (next + alignment - 1) & ~(alignment - 1);
    }
    return STATUS_SUCCESS;
}

/* A section's last page shows the file's bytes beyond the virtual size, as on NT, unless another
 * section is packed behind. */
static uint32_t bytes_shown(const struct pe_image *image, const struct pe_section *section)
{
    uint64_t shown = section->virtual_size;
    if (!pe_is_packed(image))
        shown = (shown + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    if (shown > image->size - section->address)
        shown = image->size - section->address;
    return section->raw_size < shown ? section->raw_size : (uint32_t)shown;
}

void pe_lay_out(struct pe_image *image, void *base)
{
    image->base = base;
    __builtin_memcpy(base, image->file, image->headers.headers_size);
    for (uint32_t i = 0; i < image->section_count; i++) {
        const struct pe_section *section = &image->sections[i];
        if (section->virtual_size)
            __builtin_memcpy(image->base + section->address,
                             image->file + data_offset(image, section),
                             bytes_shown(image, section));
    }
}

void *pe_at(const struct pe_image *image, uint64_t offset, uint64_t length)
{
    if (offset > image->size || length > image->size - offset)
        return NULL;
    return image->base + offset;
}

void *pe_slot(const struct pe_image *image, uint64_t offset, uint64_t length)
{
    return offset < image->headers.headers_size ? NULL : pe_at(image, offset, length);
}

BOOLEAN pe_read(const struct pe_image *image, uint64_t offset, void *value, uint64_t length)
{
    const void *place = pe_at(image, offset, length);
    if (place)
        __builtin_memcpy(value, place, length);
    return place != NULL;
}

const char *pe_string(const struct pe_image *image, uint64_t offset)
{
    for (uint64_t at = offset; at < image->size && at - offset < LONGEST_STRING; at++)
        if (image->base[at] == 0)
            return (const char *)image->base + offset;
    return NULL;
}

struct pe_directory pe_directory(const struct pe_image *image, uint32_t index)
{
    static const struct pe_directory none;
    struct pe_directory directory = image->headers.directories[index];
    return directory.address && directory.size ? directory : none;
}
