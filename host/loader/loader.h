/*
 * Loading PE64 driver images. Images are untrusted: every offset is checked before it is followed,
 * on a private copy that nobody else can change. Lock: loader_state.lock (the table of images), a
 * leaf.
 */
#ifndef SYSBUF_HOST_LOADER_H
#define SYSBUF_HOST_LOADER_H

#include "host/loader/pe.h"
#include "host/machine.h"

enum { LOADER_NAME_SIZE = 64 };

struct loaded_image {
    LIST_ENTRY link;
    struct machine *machine;
    char name[LOADER_NAME_SIZE]; /* "name.sys", as given */
    uint8_t *base;
    uint32_t size; /* whole pages */
    BOOLEAN is_fixed; /* outside the arena: no relocations */
    struct pe_headers headers;
    struct pe_section *sections; /* host heap */
    void *file;                  /* host heap: the file's bytes, for debug information */
    SIZE_T file_size;
    ULONG importers; /* images bound to this one's exports */
    struct loaded_image **imported;
    ULONG imported_count;
};

struct loader_state {
    struct linux_lock lock;
    LIST_ENTRY images;
};

/* Where an error text goes; the first message wins, further ones are appended while they fit. */
struct loader_error {
    char *text;
    SIZE_T size, used;
};
void __attribute__((ms_abi)) loader_error_add(struct loader_error *error, const char *format, ...);

NTSTATUS loader_initialize(struct machine *machine);
void loader_destroy(struct machine *machine);

/* Parses, maps, relocates, binds and protects an image; does not run it. The file's bytes are
 * copied. STATUS_INVALID_IMAGE_FORMAT (and kin), STATUS_DRIVER_UNABLE_TO_LOAD for missing imports,
 * STATUS_INSUFFICIENT_RESOURCES; error then says what is wrong in words. */
NTSTATUS loader_load(struct machine *machine, const void *file, SIZE_T size, const char *name,
                     struct loaded_image **image, struct loader_error *error);
/* Gives back the discardable sections, after DriverEntry. */
void loader_discard_init(struct loaded_image *image);
/* No code of the image runs or will run. STATUS_DEVICE_BUSY while others import from it. */
NTSTATUS loader_unload(struct loaded_image *image);

/* The image that contains address, or NULL. */
struct loaded_image *loader_find(struct machine *machine, uint64_t address);
/* Module name and offset of an address; name empty and offset the address itself outside drivers. */
void loader_describe_address(struct machine *machine, uint64_t address, char *name, SIZE_T size,
                             uint64_t *offset);

/* ---- between the loader's files ---- */
/* image.c: checks the headers of image->file and fills headers and sections. */
NTSTATUS image_parse(struct loaded_image *image, struct loader_error *error);
/* The length bytes at rva of the mapped image, or NULL when they are not all inside it. */
void *image_at(const struct loaded_image *image, uint64_t rva, uint64_t length);
/* A terminated string at rva, or NULL. */
const char *image_string(const struct loaded_image *image, uint64_t rva);
/* map.c */
NTSTATUS image_map(struct loaded_image *image, struct loader_error *error);
NTSTATUS image_relocate(struct loaded_image *image, struct loader_error *error);
NTSTATUS image_protect(struct loaded_image *image);
void image_initialize_cookie(struct loaded_image *image);
/* import.c */
NTSTATUS image_bind(struct loaded_image *image, struct loader_error *error);
/* exports.c: an export of the host; module in lower case. NULL: there is none. */
const void *host_export_find(struct machine *machine, const char *module, const char *name);
BOOLEAN host_module_exists(const char *module);

#endif
