/*
 * What a driver's file says, read by the host's loader without running any of it. Part of the host
 * library. An image belongs to the thread that uses it; nothing here blocks or needs a machine.
 */
#ifndef SYSBUF_IMAGE_H
#define SYSBUF_IMAGE_H

#include <sysbuf/host.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sb_image;

/* Reads a file's bytes (copied). STATUS_INVALID_IMAGE_FORMAT: the loader refuses it for its
 * headers; error (may be NULL with size 0) says why in words. STATUS_INSUFFICIENT_RESOURCES. */
SB_HOST_API sb_status sb_image_open(const void *file, size_t size, struct sb_image **image,
                                    char *error, size_t error_size);
SB_HOST_API void sb_image_close(struct sb_image *image); /* NULL is fine */

struct sb_image_header {
    uint16_t characteristics, dll_characteristics, subsystem;
    uint16_t linker_version[2], system_version[2], image_version[2], subsystem_version[2];
    uint32_t time_stamp, entry_point, image_size, header_size, section_count;
    uint32_t checksum, right_checksum; /* as the header says, as the file's bytes add up to */
    uint64_t image_base;
};
SB_HOST_API void sb_image_header(const struct sb_image *image, struct sb_image_header *header);

struct sb_image_section {
    char name[32];
    uint32_t address, virtual_size, file_offset, file_size, characteristics;
};
/* False when there is no section of that index. */
SB_HOST_API bool sb_image_section(const struct sb_image *image, uint32_t index,
                                  struct sb_image_section *section);

/* A data directory: its address (a file offset for SB_IMAGE_SECURITY) and size, both 0 when the
 * image has none. */
enum {
    SB_IMAGE_EXPORTS,
    SB_IMAGE_IMPORTS,
    SB_IMAGE_RESOURCES,
    SB_IMAGE_EXCEPTIONS,
    SB_IMAGE_SECURITY,
    SB_IMAGE_RELOCATIONS,
    SB_IMAGE_DEBUG,
    SB_IMAGE_LOAD_CONFIGURATION = 10,
    SB_IMAGE_DELAY_IMPORTS = 13,
};
SB_HOST_API void sb_image_directory(const struct sb_image *image, unsigned directory,
                                    uint32_t *address, uint32_t *size);
/* The length bytes at an address (RVA) as the loader lays them out, before relocation; NULL when
 * they are not all in the image. Valid until the image is closed. */
SB_HOST_API const void *sb_image_data(const struct sb_image *image, uint64_t address,
                                      uint64_t length);

struct sb_image_import {
    const char *module; /* as the image writes it */
    const char *name;   /* NULL: by ordinal */
    uint16_t ordinal;
    bool module_is_hosts; /* the host stands in for this module */
    bool is_present;      /* the host has the routine; other drivers are not looked at */
};
struct sb_image_export {
    const char *name;
    uint32_t address;
    const char *forwarder; /* "module.name"; NULL: it is in this image */
};
/* Call visit for each import, and each export that has a name, in the image's order; strings are
 * valid until the image is closed. visit returns false to stop. STATUS_INVALID_IMAGE_FORMAT: a
 * table leaves the image; what came before was visited. */
SB_HOST_API sb_status sb_image_imports(const struct sb_image *image,
                                       bool (*visit)(void *context,
                                                     const struct sb_image_import *import),
                                       void *context);
SB_HOST_API sb_status sb_image_exports(const struct sb_image *image,
                                       bool (*visit)(void *context,
                                                     const struct sb_image_export *entry),
                                       void *context);
/* How many addresses the loader adjusts. STATUS_INVALID_IMAGE_FORMAT: the table is malformed. */
SB_HOST_API sb_status sb_image_relocations(const struct sb_image *image, uint32_t *count);

struct sb_image_symbol {
    char function[128];   /* empty when not known */
    uint64_t offset;      /* from its start */
    char source_file[64]; /* without folders; empty when not known */
    int line;
};
/* Function and source line of an address (RVA) by DWARF or the symbol table. False: none is known.
 * Reads the debug information on each call. */
SB_HOST_API bool sb_image_symbol(const struct sb_image *image, uint32_t address,
                                 struct sb_image_symbol *symbol);

/* The routines and variables that the host offers to drivers, in no order. */
struct sb_host_export {
    const char *module; /* "ntoskrnl.exe" stands for hal.dll too */
    const char *name;
    const char *component; /* "io", "ke" ... */
    bool is_data;
};
SB_HOST_API void sb_host_exports(bool (*visit)(void *context, const struct sb_host_export *entry),
                                 void *context);

#ifdef __cplusplus
}
#endif

#endif
