/* What an image exports by name, and its load configuration. */
#include "host/loader/pe_image.h"

enum { MOST_EXPORTS = 0x10000 };

static BOOLEAN read_table(const struct pe_image *image, struct pe_export *exports)
{
    struct pe_directory directory = pe_directory(image, PE_DIRECTORY_EXPORT);
    return directory.size && pe_read(image, directory.address, exports, sizeof(*exports));
}

NTSTATUS pe_export_count(const struct pe_image *image, uint32_t *count, struct loader_error *error)
{
    struct pe_export exports = {0};
    *count = 0;
    if (!pe_directory(image, PE_DIRECTORY_EXPORT).size)
        return STATUS_SUCCESS;
    if (!read_table(image, &exports) || exports.name_count > MOST_EXPORTS ||
        exports.function_count > MOST_EXPORTS ||
        !pe_at(image, exports.names, 4ull * exports.name_count) ||
        !pe_at(image, exports.ordinals, 2ull * exports.name_count) ||
        !pe_at(image, exports.functions, 4ull * exports.function_count)) {
        loader_error_add(error, "the export table is malformed");
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    *count = exports.name_count;
    return STATUS_SUCCESS;
}

const char *pe_export_module(const struct pe_image *image)
{
    struct pe_export exports;
    return read_table(image, &exports) ? pe_string(image, exports.name) : NULL;
}

BOOLEAN pe_export_at(const struct pe_image *image, uint32_t number, struct pe_export_entry *entry)
{
    struct pe_directory directory = pe_directory(image, PE_DIRECTORY_EXPORT);
    struct pe_export exports;
    uint32_t name, offset;
    uint16_t index;
    if (!read_table(image, &exports) ||
        !pe_read(image, exports.names + 4ull * number, &name, sizeof(name)) ||
        !pe_read(image, exports.ordinals + 2ull * number, &index, sizeof(index)) ||
        index >= exports.function_count ||
        !pe_read(image, exports.functions + 4ull * index, &offset, sizeof(offset)))
        return FALSE;
    *entry = (struct pe_export_entry){.name = pe_string(image, name), .offset = offset};
    if (offset - directory.address < directory.size)
        entry->forwarder = pe_string(image, offset);
    return entry->name && offset != 0 && offset < image->size;
}

BOOLEAN pe_load_config(const struct pe_image *image, struct pe_load_config *config)
{
    struct pe_directory directory = pe_directory(image, PE_DIRECTORY_LOAD_CONFIG);
    uint32_t size;
    __builtin_memset(config, 0, sizeof(*config));
    if (!directory.size || !pe_read(image, directory.address, &size, sizeof(size)))
        return FALSE;
    if (size > sizeof(*config))
        size = sizeof(*config);
    return size >= sizeof(size) && pe_read(image, directory.address, config, size);
}
