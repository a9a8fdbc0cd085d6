/* include/sysbuf/image.h: the loader's own reading of a file, laid out in plain memory. */
#include "host/loader/inspect.h"

#include "host/export.h"
#include "host/linux/linux.h"
#include "host/linux/pe_file.h"
#include "host/linux/pe_symbols.h"

enum { CHECKSUM_FIELD = 88 };

static NTSTATUS read_file(struct sb_image *image, const void *file, size_t size,
                          struct loader_error *error)
{
    image->file = linux_allocate(size ? size : 1);
    if (!image->file)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memcpy(image->file, file, size);
    NTSTATUS status = pe_parse(&image->pe, image->file, size, error);
    if (!NT_SUCCESS(status))
        return status;
    image->memory = linux_allocate(image->pe.size);
    if (!image->memory)
        return STATUS_INSUFFICIENT_RESOURCES;
    pe_lay_out(&image->pe, image->memory);
    return STATUS_SUCCESS;
}

sb_status sb_image_open(const void *file, size_t size, struct sb_image **image, char *error,
                        size_t error_size)
{
    struct loader_error text = {error, error_size, 0};
    struct sb_image *made = linux_allocate(sizeof(*made));
    if (!made)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = read_file(made, file, size, &text);
    if (NT_SUCCESS(status))
        *image = made;
    else
        sb_image_close(made);
    return status;
}

void sb_image_close(struct sb_image *image)
{
    if (!image)
        return;
    linux_free(image->memory);
    linux_free(image->file);
    linux_free(image);
}

/* 16-bit words with the carry added back, the field itself left out, and the file's length. */
static uint32_t checksum_of(const struct pe_image *image)
{
    const uint8_t *bytes = image->file;
    uint32_t header, sum = 0;
    __builtin_memcpy(&header, bytes + 60, sizeof(header));
    SIZE_T field = (SIZE_T)header + CHECKSUM_FIELD;
    for (SIZE_T at = 0; at < image->file_size; at += 2) {
        uint32_t word = bytes[at];
        if (at + 1 < image->file_size)
            word |= (uint32_t)bytes[at + 1] << 8;
        if (at != field && at != field + 2)
            sum += word;
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return sum + (uint32_t)image->file_size;
}

void sb_image_header(const struct sb_image *image, struct sb_image_header *header)
{
    const struct pe_headers *from = &image->pe.headers;
    *header = (struct sb_image_header){
        .characteristics = from->characteristics,
        .dll_characteristics = from->dll_characteristics,
        .subsystem = from->subsystem,
        .linker_version = {from->linker_major, from->linker_minor},
        .system_version = {from->os_major, from->os_minor},
        .image_version = {from->image_major, from->image_minor},
        .subsystem_version = {from->subsystem_major, from->subsystem_minor},
        .time_stamp = from->time_stamp,
        .entry_point = from->entry_point,
        .image_size = from->image_size,
        .header_size = from->headers_size,
        .section_count = from->section_count,
        .checksum = from->checksum,
        .right_checksum = checksum_of(&image->pe),
        .image_base = from->image_base,
    };
}

bool sb_image_section(const struct sb_image *image, uint32_t index,
                      struct sb_image_section *section)
{
    struct pe_file file;
    struct pe_file_section named;
    if (index >= image->pe.section_count)
        return false;
    const struct pe_section *from = &image->pe.sections[index];
    *section = (struct sb_image_section){.address = from->address,
                                         .virtual_size = from->virtual_size,
                                         .file_offset = from->raw_offset,
                                         .file_size = from->raw_size,
                                         .characteristics = from->characteristics};
    /* A long name is in the string table, which the loader itself has no use for. */
    __builtin_memcpy(section->name, from->name, sizeof(from->name));
    if (pe_file_open(&file, image->pe.file, image->pe.file_size) &&
        pe_file_section(&file, index, &named))
        __builtin_memcpy(section->name, named.name, sizeof(section->name));
    return true;
}

void sb_image_directory(const struct sb_image *image, unsigned directory, uint32_t *address,
                        uint32_t *size)
{
    struct pe_directory found = {0};
    if (directory < PE_DIRECTORY_COUNT)
        found = pe_directory(&image->pe, directory);
    *address = found.address;
    *size = found.size;
}

const void *sb_image_data(const struct sb_image *image, uint64_t address, uint64_t length)
{
    return pe_at(&image->pe, address, length);
}

bool sb_image_symbol(const struct sb_image *image, uint32_t address, struct sb_image_symbol *symbol)
{
    struct linux_symbol found;
    if (!linux_pe_symbol(image->pe.file, image->pe.file_size, address, &found))
        return false;
    __builtin_memcpy(symbol->function, found.function, sizeof(symbol->function));
    __builtin_memcpy(symbol->source_file, found.source_file, sizeof(symbol->source_file));
    symbol->offset = found.offset;
    symbol->line = found.line;
    return true;
}

void sb_host_exports(bool (*visit)(void *context, const struct sb_host_export *export),
                     void *context)
{
    for (const struct export_entry *entry = __start_sb_exports; entry < __stop_sb_exports;
         entry++) {
        struct sb_host_export export = {entry->module, entry->name, entry->component,
                                        entry->address == NULL};
        if (!visit(context, &export))
            return;
    }
}

sb_status sb_image_relocations(const struct sb_image *image, uint32_t *count)
{
    struct pe_directory directory = pe_directory(&image->pe, PE_DIRECTORY_RELOCATION);
    uint64_t at = directory.address, end = at + directory.size;
    uint32_t found = 0;
    while (at + 8 <= end) {
        uint32_t header[2];
        if (!pe_read(&image->pe, at, header, sizeof(header)))
            return STATUS_INVALID_IMAGE_FORMAT;
        if (header[0] == 0 && header[1] == 0)
            break; /* padding */
        const uint8_t *block = pe_at(&image->pe, at, header[1]);
        if (header[1] < 8 || header[1] > end - at || !block)
            return STATUS_INVALID_IMAGE_FORMAT;
        for (uint32_t i = 8; i + 2 <= header[1]; i += 2)
            found += block[i + 1] >> 4 != PE_RELOCATION_ABSOLUTE;
        at += header[1];
    }
    *count = found;
    return STATUS_SUCCESS;
}
