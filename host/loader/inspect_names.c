/* include/sysbuf/image.h: imports and exports. */
#include <sysbuf/image.h>

#include "host/export.h"
#include "host/loader/loader.h"

/* Limits that no driver comes near, so that a hostile file costs no time: imports in all, the
 * functions that ordinals of 16 bits can tell apart, and bytes of a name. */
enum { NAME_SIZE = 256, MOST_IMPORTS = 65536, MOST_FUNCTIONS = 65536, LONGEST_NAME = 4096 };

static const uint64_t import_by_ordinal = 1ull << 63;

static BOOLEAN same_text(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* A terminated string of at most LONGEST_NAME bytes, or NULL. */
static const char *name_at(const struct loaded_image *image, uint64_t rva)
{
    for (uint64_t end = rva; end < image->size && end - rva < LONGEST_NAME; end++)
        if (image->base[end] == 0)
            return (const char *)image->base + rva;
    return NULL;
}

/* As the loader compares module names: in lower case, hal.dll and its kin being ntoskrnl.exe. */
static void canonical_module(char *to, const char *from)
{
    static const char *const kernels[] = {"hal.dll", "ntkrnlmp.exe", "ntkrnlpa.exe"};
    SIZE_T i = 0;
    for (; from[i] && i + 1 < NAME_SIZE; i++)
        to[i] = from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] + 32) : from[i];
    to[i] = 0;
    for (ULONG k = 0; k < RTL_NUMBER_OF(kernels); k++)
        if (same_text(to, kernels[k]))
            __builtin_memcpy(to, "ntoskrnl.exe", sizeof("ntoskrnl.exe"));
}

static BOOLEAN host_has(const char *module, const char *name)
{
    for (const struct export_entry *entry = __start_sb_exports; entry < __stop_sb_exports; entry++)
        if (same_text(entry->module, module) && same_text(entry->name, name))
            return TRUE;
    return FALSE;
}

struct visiting {
    const struct loaded_image *image;
    bool (*visit)(void *context, const struct sb_image_import *import);
    void *context;
    struct sb_image_import import;
    char module[NAME_SIZE];
    ULONG count;
    bool stopped;
};

static NTSTATUS visit_one(struct visiting *visiting, uint64_t thunk)
{
    struct sb_image_import *import = &visiting->import;
    import->ordinal = 0;
    import->name = NULL;
    import->is_present = false;
    if (visiting->count++ == MOST_IMPORTS)
        return STATUS_INVALID_IMAGE_FORMAT;
    if (thunk & import_by_ordinal) {
        import->ordinal = (uint16_t)thunk;
    } else {
        import->name = name_at(visiting->image, thunk + 2);
        if (!import->name)
            return STATUS_INVALID_IMAGE_FORMAT;
        import->is_present = host_has(visiting->module, import->name);
    }
    visiting->stopped = !visiting->visit(visiting->context, import);
    return STATUS_SUCCESS;
}

static NTSTATUS visit_module(struct visiting *visiting, uint64_t names)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (uint64_t at = names; NT_SUCCESS(status) && !visiting->stopped; at += 8) {
        const uint8_t *thunk = image_at(visiting->image, at, 8);
        uint64_t value;
        if (!thunk)
            return STATUS_INVALID_IMAGE_FORMAT;
        __builtin_memcpy(&value, thunk, sizeof(value));
        if (value == 0)
            break;
        status = visit_one(visiting, value);
    }
    return status;
}

sb_status sb_image_imports(const struct sb_image *image,
                           bool (*visit)(void *context, const struct sb_image_import *import),
                           void *context)
{
    const struct loaded_image *loaded = (const struct loaded_image *)image;
    struct visiting visiting = {.image = loaded, .visit = visit, .context = context};
    struct pe_directory directory = loaded->headers.directories[PE_DIRECTORY_IMPORT];
    NTSTATUS status = STATUS_SUCCESS;
    uint64_t at = directory.address;
    while (directory.size && NT_SUCCESS(status) && !visiting.stopped) {
        struct pe_import import;
        const void *place = image_at(loaded, at, sizeof(import));
        if (!place)
            return STATUS_INVALID_IMAGE_FORMAT;
        __builtin_memcpy(&import, place, sizeof(import));
        if (!import.module || !import.addresses)
            break;
        visiting.import.module = name_at(loaded, import.module);
        if (!visiting.import.module || visiting.count++ == MOST_IMPORTS)
            return STATUS_INVALID_IMAGE_FORMAT;
        canonical_module(visiting.module, visiting.import.module);
        visiting.import.module_is_hosts = host_module_exists(visiting.module);
        status = visit_module(&visiting, import.names ? import.names : import.addresses);
        at += sizeof(import);
    }
    return status;
}

/* The address of each function's name, 0 where it has none; host heap. */
static uint32_t *names_of(const struct loaded_image *image, const struct pe_export *exports)
{
    uint32_t *found = linux_allocate(4ull * exports->function_count + 4);
    const uint8_t *ordinals = image_at(image, exports->ordinals, 2ull * exports->name_count);
    const uint8_t *names = image_at(image, exports->names, 4ull * exports->name_count);
    for (uint32_t i = 0; found && names && ordinals && i < exports->name_count; i++) {
        uint32_t index = ordinals[2 * i] | (uint32_t)ordinals[2 * i + 1] << 8;
        if (index < exports->function_count)
            __builtin_memcpy(&found[index], names + 4ull * i, sizeof(*found));
    }
    return found;
}

static bool read_exports(const struct loaded_image *image, struct pe_export *exports,
                         const uint8_t **functions)
{
    struct pe_directory directory = image->headers.directories[PE_DIRECTORY_EXPORT];
    const void *place = image_at(image, directory.address, sizeof(*exports));
    if (!place)
        return false;
    __builtin_memcpy(exports, place, sizeof(*exports));
    *functions = image_at(image, exports->functions, 4ull * exports->function_count);
    return *functions && exports->function_count <= MOST_FUNCTIONS &&
           exports->name_count <= MOST_FUNCTIONS;
}

sb_status sb_image_exports(const struct sb_image *image,
                           bool (*visit)(void *context, const struct sb_image_export *export),
                           void *context)
{
    const struct loaded_image *loaded = (const struct loaded_image *)image;
    struct pe_directory directory = loaded->headers.directories[PE_DIRECTORY_EXPORT];
    struct pe_export exports;
    const uint8_t *functions;
    if (!directory.size)
        return STATUS_SUCCESS;
    if (!read_exports(loaded, &exports, &functions))
        return STATUS_INVALID_IMAGE_FORMAT;
    uint32_t *names = names_of(loaded, &exports);
    if (!names)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (uint32_t i = 0; i < exports.function_count; i++) {
        struct sb_image_export export = {.ordinal = exports.ordinal_base + i};
        __builtin_memcpy(&export.address, functions + 4ull * i, sizeof(export.address));
        if (!export.address)
            continue;
        export.name = names[i] ? name_at(loaded, names[i]) : NULL;
        if (export.address - directory.address < directory.size)
            export.forwarder = name_at(loaded, export.address);
        if (!visit(context, &export))
            break;
    }
    linux_free(names);
    return STATUS_SUCCESS;
}
