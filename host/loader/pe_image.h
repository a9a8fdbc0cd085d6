/*
 * Reading an untrusted PE64 driver image. pe_parse checks the headers and the section table of a
 * file; pe_lay_out copies headers and sections to where they belong in memory, be that a driver's
 * pages or a plain buffer of image->size bytes; all else reads the image there, each offset
 * checked.
 *
 * No function keeps a lock, allocates, or trusts a byte of the image twice. The file's bytes must
 * not change meanwhile. One thread at a time for each image.
 */
#ifndef SYSBUF_HOST_PE_IMAGE_H
#define SYSBUF_HOST_PE_IMAGE_H

#include "host/loader/error.h"
#include "host/loader/pe.h"

struct pe_image {
    const uint8_t *file; /* the caller's */
    uint64_t file_size;
    struct pe_headers headers;
    struct pe_section sections[PE_MOST_SECTIONS]; /* virtual_size is never 0 unless raw_size is */
    uint32_t section_count;
    uint32_t size; /* in memory, whole pages */
    uint8_t *base; /* the caller's; where it is laid out, NULL before */
};

/* STATUS_INVALID_IMAGE_FORMAT; error says why. */
NTSTATUS pe_parse(struct pe_image *image, const void *file, uint64_t size,
                  struct loader_error *error);
/* The same for images that are no drivers: of any subsystem, with what the kernel has not. */
NTSTATUS pe_parse_any(struct pe_image *image, const void *file, uint64_t size,
                      struct loader_error *error);
/* base: image->size bytes, zero, writable. */
void pe_lay_out(struct pe_image *image, void *base);
/* TRUE when sections are packed closer than pages. */
BOOLEAN pe_is_packed(const struct pe_image *image);

/* ---- once it is laid out ---- */
/* The length bytes at an offset, or NULL when not all are inside the image. Unaligned. */
void *pe_at(const struct pe_image *image, uint64_t offset, uint64_t length);
/* The same for what the loader is to write, which is never in the headers: those have been checked
 * and are read again. */
void *pe_slot(const struct pe_image *image, uint64_t offset, uint64_t length);
BOOLEAN pe_read(const struct pe_image *image, uint64_t offset, void *value, uint64_t length);
/* A terminated string, or NULL; no longer than a linker's symbol can be. */
const char *pe_string(const struct pe_image *image, uint64_t offset);
/* An empty directory (address and size 0) when the image has none. */
struct pe_directory pe_directory(const struct pe_image *image, uint32_t index);

/* Makes the image one for this address. STATUS_INVALID_IMAGE_FORMAT. */
NTSTATUS pe_relocate(struct pe_image *image, uint64_t address, struct loader_error *error);

/* One import; texts are inside the image. */
struct pe_import_entry {
    const char *module;
    const char *name; /* NULL: by ordinal */
    uint16_t ordinal;
    uint32_t slot; /* offset of the 8 bytes that receive the address */
};
/* Start with all zero. */
struct pe_import_cursor {
    uint32_t module_index, entry_index, total;
};
/* STATUS_SUCCESS, STATUS_NO_MORE_ENTRIES, or STATUS_INVALID_IMAGE_FORMAT. The slots of imports
 * already given may be written. */
NTSTATUS pe_import_next(const struct pe_image *image, struct pe_import_cursor *cursor,
                        struct pe_import_entry *import, struct loader_error *error);

/* One export by name; texts are inside the image. */
struct pe_export_entry {
    const char *name;
    const char *forwarder; /* "MODULE.Name" when it is to be had there instead, else NULL */
    uint32_t offset;
};
/* How many there are; STATUS_INVALID_IMAGE_FORMAT when the tables are malformed. */
NTSTATUS pe_export_count(const struct pe_image *image, uint32_t *count, struct loader_error *error);
/* FALSE when that one leads nowhere. */
BOOLEAN pe_export_at(const struct pe_image *image, uint32_t number, struct pe_export_entry *entry);
/* What the image calls itself in its export table, or NULL. */
const char *pe_export_module(const struct pe_image *image);

/* The load configuration; fields that the image has not are zero. FALSE: it has none. */
BOOLEAN pe_load_config(const struct pe_image *image, struct pe_load_config *config);

#endif
