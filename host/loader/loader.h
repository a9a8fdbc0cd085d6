/*
 * Loading PE64 driver images. Images are untrusted: every offset is checked before it is followed,
 * on a private copy that nobody else can change.
 *
 * Locks: loader_state.load_lock serialises loading and unloading, as NT's system load lock does;
 * inside it, loader_state.lock (the list of images) is a leaf.
 */
#ifndef SYSBUF_HOST_LOADER_H
#define SYSBUF_HOST_LOADER_H

#include "host/loader/pe_image.h"
#include "host/machine.h"

enum { LOADER_NAME_SIZE = 64, LOADER_UNLOADED_KEPT = 16 };

struct image_coverage;
struct image_exports;
struct missing_import;
struct module_entry;
struct sanitizer_global;

struct loaded_image {
    LIST_ENTRY link;
    struct machine *machine;
    char name[LOADER_NAME_SIZE]; /* "name.sys", as given */
    uint8_t *base;               /* where it is mapped: pe.base */
    uint32_t size;               /* whole pages: pe.size */
    BOOLEAN is_fixed;            /* at its own base, outside the arena: no relocations */
    struct pe_image pe;
    void *file; /* host heap: the file's bytes, for debug information */
    SIZE_T file_size;
    ULONG importers;    /* images bound to this one's exports; load lock */
    BOOLEAN is_orphan;  /* unloaded, but for its importers; load lock */
    BOOLEAN is_library; /* loaded for its importers alone */
    struct loaded_image **imported;
    ULONG imported_count;
    struct image_exports *exports;  /* host heap; NULL when it exports nothing */
    struct pe_directory functions;  /* .pdata, inside one section; else empty */
    struct missing_import *missing; /* host heap; machine->trap_missing_imports only */
    ULONG missing_count;
    uint8_t *traps;                  /* addresses that missing imports are bound to */
    struct module_entry *entry;      /* pool: DRIVER_OBJECT.DriverSection, in PsLoadedModuleList */
    struct image_coverage *coverage; /* host heap; NULL: never started */
    /* Of an image built with the address sanitizer, in the image; NULL: another one. */
    const struct sanitizer_global *globals, *globals_end;
};

struct unloaded_image {
    uint64_t base;
    uint32_t size;
    char name[LOADER_NAME_SIZE];
};

struct loader_state {
    struct linux_lock load_lock;
    struct linux_lock lock;
    LIST_ENTRY images;
    struct unloaded_image unloaded[LOADER_UNLOADED_KEPT]; /* a ring */
    ULONG unloaded_count;
    struct image_coverage *coverages; /* changed under load_lock, read by the signal handler */
};

NTSTATUS loader_initialize(struct machine *machine);
void loader_destroy(struct machine *machine);

/* Parses, maps, relocates, binds and protects an image; does not run it. The file's bytes are
 * copied. STATUS_INVALID_IMAGE_FORMAT (and kin), STATUS_DRIVER_ENTRYPOINT_NOT_FOUND and
 * STATUS_DRIVER_ORDINAL_NOT_FOUND for missing imports, STATUS_CONFLICTING_ADDRESSES (no relocations
 * and its base is taken), STATUS_INSUFFICIENT_RESOURCES; error then says what is wrong in words. */
NTSTATUS loader_load(struct machine *machine, const void *file, SIZE_T size, const char *name,
                     struct loaded_image **image, struct loader_error *error);
/* Gives back the discardable sections, after DriverEntry. */
void loader_discard_init(struct loaded_image *image);
/* The image's driver is gone. While others import from the image it stays, until the last of them
 * is unloaded; the caller forgets it in any case. */
void loader_unload(struct loaded_image *image);
/* Where DriverEntry is. */
void *loader_entry_point(const struct loaded_image *image);

/* The image that contains address, or NULL. */
struct loaded_image *loader_find(struct machine *machine, uint64_t address);
/* Module name and offset of an address; name empty and offset the address itself outside drivers.
 */
void loader_describe_address(struct machine *machine, uint64_t address, char *name, SIZE_T size,
                             uint64_t *offset);
/* Stops the machine when the fault comes of a missing import being used or of code that was
 * unloaded; else returns. On the faulting thread, which holds no host lock. */
void loader_examine_fault(const struct linux_fault *fault);

/* ---- between the loader's files ---- */
/* map.c */
NTSTATUS image_map(struct loaded_image *image, struct loader_error *error);
NTSTATUS image_protect(struct loaded_image *image);
/* To whole pages. */
uint32_t image_page_round(uint64_t size);
/* What a section's characteristics allow. */
enum linux_protection image_protection_of(uint32_t characteristics);
/* guard.c: the security cookie and the pointers of control flow guard. */
NTSTATUS image_initialize_guards(struct loaded_image *image, struct loader_error *error);
/* bind.c */
NTSTATUS image_bind(struct loaded_image *image, struct loader_error *error);
void image_unbind(struct loaded_image *image);
/* image_exports.c */
NTSTATUS image_exports_copy(struct loaded_image *image, struct loader_error *error);
void image_exports_free(struct loaded_image *image);
const char *image_own_name(const struct loaded_image *image); /* never NULL */
/* The offset of what is exported as name; 0 when nothing is. *forwarder: where else to look, or
 * NULL. */
uint32_t image_export_find(const struct loaded_image *image, const char *name,
                           const char **forwarder);
/* missing.c: notes a missing import; all are bound to traps together. */
NTSTATUS missing_note(struct loaded_image *image, const struct pe_import_entry *import);
NTSTATUS missing_bind(struct loaded_image *image);
void missing_free(struct loaded_image *image);
/* Stops the machine when the fault is the use of a trap. */
void missing_check(struct machine *machine, const struct linux_fault *fault);
/* module_list.c: PsLoadedModuleList; loader_state.lock held by the caller of link and unlink. */
void module_list_initialize(struct machine *machine);
NTSTATUS module_entry_create(struct loaded_image *image);
void module_entry_link(struct loaded_image *image);
void module_entry_unlink(struct loaded_image *image);
/* exports.c: an export of the host; module in lower case. NULL: there is none. */
const void *host_export_find(struct machine *machine, const char *module, const char *name);
/* The export that begins at address or is the last before it, or NULL. */
struct export_entry;
const struct export_entry *host_export_at(uint64_t address);
BOOLEAN host_module_exists(const char *module);

#endif
