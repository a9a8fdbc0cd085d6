/* A driver's own exports, copied when it is loaded: its tables may lie in what is discarded. */
#include "host/loader/loader.h"

enum { MOST_TEXT = 4 << 20 };

struct image_export {
    uint32_t offset;
    uint32_t name, forwarder; /* in the texts; forwarder 0: none */
};

struct image_exports {
    uint32_t count;
    uint32_t text_used;
    char *texts; /* the module's own name first */
    struct image_export *entries;
};

static SIZE_T text_size(const char *text)
{
    SIZE_T length = 0;
    while (text && text[length])
        length++;
    return length + 1;
}

static uint32_t text_add(struct image_exports *exports, const char *text)
{
    uint32_t at = exports->text_used;
    SIZE_T size = text_size(text);
    if (text)
        __builtin_memcpy(exports->texts + at, text, size - 1);
    exports->text_used += (uint32_t)size;
    return at;
}

static SIZE_T texts_size(const struct pe_image *pe, uint32_t count)
{
    SIZE_T size = text_size(pe_export_module(pe));
    struct pe_export_entry entry;
    for (uint32_t i = 0; i < count && size <= MOST_TEXT; i++)
        if (pe_export_at(pe, i, &entry))
            size += text_size(entry.name) + (entry.forwarder ? text_size(entry.forwarder) : 0);
    return size;
}

static void fill(struct image_exports *exports, const struct pe_image *pe, uint32_t count)
{
    struct pe_export_entry entry;
    text_add(exports, pe_export_module(pe));
    for (uint32_t i = 0; i < count; i++) {
        if (!pe_export_at(pe, i, &entry))
            continue;
        struct image_export *slot = &exports->entries[exports->count++];
        slot->offset = entry.offset;
        slot->name = text_add(exports, entry.name);
        slot->forwarder = entry.forwarder ? text_add(exports, entry.forwarder) : 0;
    }
}

NTSTATUS image_exports_copy(struct loaded_image *image, struct loader_error *error)
{
    uint32_t count;
    NTSTATUS status = pe_export_count(&image->pe, &count, error);
    if (!NT_SUCCESS(status) || !pe_directory(&image->pe, PE_DIRECTORY_EXPORT).size)
        return status;
    SIZE_T size = texts_size(&image->pe, count);
    if (size > MOST_TEXT) {
        loader_error_add(error, "the names it exports are too long");
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    struct image_exports *exports = linux_allocate(sizeof(*exports));
    if (!exports)
        return STATUS_INSUFFICIENT_RESOURCES;
    image->exports = exports;
    exports->texts = linux_allocate(size);
    exports->entries = linux_allocate((count + 1) * sizeof(*exports->entries));
    if (!exports->texts || !exports->entries)
        return STATUS_INSUFFICIENT_RESOURCES;
    fill(exports, &image->pe, count);
    return STATUS_SUCCESS;
}

void image_exports_free(struct loaded_image *image)
{
    if (!image->exports)
        return;
    linux_free(image->exports->texts);
    linux_free(image->exports->entries);
    linux_free(image->exports);
}

const char *image_own_name(const struct loaded_image *image)
{
    return image->exports ? image->exports->texts : "";
}

static BOOLEAN same_text(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

uint32_t image_export_find(const struct loaded_image *image, const char *name,
                           const char **forwarder)
{
    const struct image_exports *exports = image->exports;
    *forwarder = NULL;
    for (uint32_t i = 0; exports && i < exports->count; i++) {
        const struct image_export *entry = &exports->entries[i];
        if (!same_text(exports->texts + entry->name, name))
            continue;
        if (entry->forwarder)
            *forwarder = exports->texts + entry->forwarder;
        return entry->offset;
    }
    return 0;
}
