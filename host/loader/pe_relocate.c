/* Base relocations: blocks of a page each, with 16-bit entries, their type in the top four bits. */
#include "host/loader/pe_image.h"

struct block {
    uint32_t page, size;
};

static NTSTATUS refuse(struct loader_error *error)
{
    loader_error_add(error, "the base relocations are malformed");
    return STATUS_INVALID_IMAGE_FORMAT;
}

static NTSTATUS relocate_one(struct pe_image *image, uint32_t page, uint16_t entry, uint64_t delta,
                             struct loader_error *error)
{
    uint32_t type = entry >> 12;
    uint64_t place = (uint64_t)page + (entry & 0xFFF), value;
    if (type == PE_RELOCATION_ABSOLUTE)
        return STATUS_SUCCESS;
    if (type != PE_RELOCATION_DIR64) {
        loader_error_add(error,
                         "a base relocation of type %u cannot be applied: x64 images use 10 "
                         "(DIR64)",
                         type);
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    if (!pe_slot(image, place, sizeof(value)) || !pe_read(image, place, &value, sizeof(value)))
        return refuse(error);
    value += delta;
    __builtin_memcpy(pe_slot(image, place, sizeof(value)), &value, sizeof(value));
    return STATUS_SUCCESS;
}

static NTSTATUS relocate_block(struct pe_image *image, uint64_t at, const struct block *block,
                               uint64_t delta, struct loader_error *error)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (uint64_t i = sizeof(*block); i + 2 <= block->size && NT_SUCCESS(status); i += 2) {
        uint16_t entry;
        if (!pe_read(image, at + i, &entry, sizeof(entry)))
            return refuse(error);
        status = relocate_one(image, block->page, entry, delta, error);
    }
    return status;
}

NTSTATUS pe_relocate(struct pe_image *image, uint64_t address, struct loader_error *error)
{
    struct pe_directory directory = pe_directory(image, PE_DIRECTORY_RELOCATION);
    uint64_t delta = address - image->headers.image_base;
    uint64_t at = directory.address, end = at + directory.size;
    NTSTATUS status = STATUS_SUCCESS;
    struct block block;
    if (delta == 0)
        return STATUS_SUCCESS;
    for (; at + sizeof(block) <= end && NT_SUCCESS(status); at += block.size) {
        if (!pe_read(image, at, &block, sizeof(block)))
            return refuse(error);
        if (block.page == 0 && block.size == 0)
            break; /* padding */
        if (block.size < sizeof(block) || block.size > end - at)
            return refuse(error);
        status = relocate_block(image, at, &block, delta, error);
    }
    return status;
}
