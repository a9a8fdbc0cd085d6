/* Reading the headers of an untrusted PE file. */
#include "host/loader/loader.h"

enum { PAGE = 0x1000, LARGEST_IMAGE = 256 << 20, MOST_SECTIONS = 96, OPTIONAL_FIXED = 112 };

static const void *file_at(const struct loaded_image *image, uint64_t offset, uint64_t length)
{
    if (offset > image->file_size || length > image->file_size - offset)
        return NULL;
    return (const uint8_t *)image->file + offset;
}

void *image_at(const struct loaded_image *image, uint64_t rva, uint64_t length)
{
    if (rva > image->size || length > image->size - rva)
        return NULL;
    return image->base + rva;
}

const char *image_string(const struct loaded_image *image, uint64_t rva)
{
    for (uint64_t end = rva; end < image->size; end++)
        if (image->base[end] == 0)
            return (const char *)image->base + rva;
    return NULL;
}

static NTSTATUS refuse(struct loader_error *error, const char *why)
{
    loader_error_add(error, "%s", why);
    return STATUS_INVALID_IMAGE_FORMAT;
}

static NTSTATUS read_headers(struct loaded_image *image, struct loader_error *error,
                             uint64_t *sections_offset)
{
    const uint8_t *dos = file_at(image, 0, 64);
    uint16_t magic;
    uint32_t offset;
    if (!dos)
        return refuse(error, "not a PE image: shorter than a DOS header");
    __builtin_memcpy(&magic, dos, sizeof(magic));
    __builtin_memcpy(&offset, dos + 60, sizeof(offset));
    if (magic != PE_DOS_MAGIC)
        return refuse(error, "not a PE image: no MZ at its start");
    const uint64_t fixed = FIELD_OFFSET(struct pe_headers, directories);
    const void *headers = file_at(image, offset, fixed);
    if (!headers)
        return refuse(error, "PE headers lie outside the file");
    __builtin_memset(&image->headers, 0, sizeof(image->headers));
    __builtin_memcpy(&image->headers, headers, fixed);
    const uint64_t coff = FIELD_OFFSET(struct pe_headers, magic);
    *sections_offset = offset + coff + image->headers.optional_size;
    uint32_t count = image->headers.directory_count;
    if (count > PE_DIRECTORY_COUNT)
        count = PE_DIRECTORY_COUNT;
    if (image->headers.optional_size < OPTIONAL_FIXED + count * sizeof(struct pe_directory))
        return refuse(error, "the optional header is too short");
    const void *directories =
        file_at(image, offset + fixed, count * sizeof(struct pe_directory));
    if (!directories)
        return refuse(error, "the data directories lie outside the file");
    __builtin_memcpy(image->headers.directories, directories,
                     count * sizeof(struct pe_directory));
    return STATUS_SUCCESS;
}

static NTSTATUS check_headers(struct loaded_image *image, struct loader_error *error)
{
    const struct pe_headers *headers = &image->headers;
    if (headers->signature != PE_SIGNATURE)
        return refuse(error, "not a PE image: no PE signature");
    if (headers->machine != PE_MACHINE_AMD64) {
        loader_error_add(error, "built for machine 0x%x; the host runs x64 (0x8664) drivers only",
                         headers->machine);
        return STATUS_IMAGE_MACHINE_TYPE_MISMATCH;
    }
    if (headers->magic != PE_MAGIC_64)
        return refuse(error, "not a PE32+ image");
    if (headers->subsystem != PE_SUBSYSTEM_NATIVE) {
        loader_error_add(error, "subsystem %u; a driver's is 1 (native)", headers->subsystem);
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    if (headers->section_alignment < PAGE || headers->section_alignment % PAGE != 0)
        return refuse(error, "sections are not aligned to pages");
    if (headers->image_size == 0 || headers->image_size > LARGEST_IMAGE ||
        headers->headers_size > headers->image_size || headers->headers_size > image->file_size)
        return refuse(error, "the image size is out of range");
    if (headers->entry_point >= headers->image_size)
        return refuse(error, "the entry point lies outside the image");
    if (headers->directories[PE_DIRECTORY_TLS].size)
        return refuse(error, "thread-local storage is not available to drivers");
    return STATUS_SUCCESS;
}

static NTSTATUS read_sections(struct loaded_image *image, uint64_t offset,
                              struct loader_error *error)
{
    uint32_t count = image->headers.section_count;
    const void *table = file_at(image, offset, count * sizeof(struct pe_section));
    if (count == 0 || count > MOST_SECTIONS || !table)
        return refuse(error, "the section table is out of range");
    image->sections = linux_allocate(count * sizeof(struct pe_section));
    if (!image->sections)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memcpy(image->sections, table, count * sizeof(struct pe_section));
    uint64_t end = image->headers.headers_size;
    for (uint32_t i = 0; i < count; i++) {
        struct pe_section *section = &image->sections[i];
        if (section->virtual_size == 0)
            section->virtual_size = section->raw_size;
        if (section->address % PAGE != 0 || section->address < end ||
            (uint64_t)section->address + section->virtual_size > image->headers.image_size)
            return refuse(error, "a section overlaps another or leaves the image");
        if (section->raw_size && !file_at(image, section->raw_offset, section->raw_size))
            return refuse(error, "a section's data lie outside the file (truncated?)");
        end = (uint64_t)section->address + section->virtual_size;
    }
    return STATUS_SUCCESS;
}

NTSTATUS image_parse(struct loaded_image *image, struct loader_error *error)
{
    uint64_t sections_offset = 0;
    NTSTATUS status = read_headers(image, error, &sections_offset);
    if (NT_SUCCESS(status))
        status = check_headers(image, error);
    return NT_SUCCESS(status) ? read_sections(image, sections_offset, error) : status;
}
