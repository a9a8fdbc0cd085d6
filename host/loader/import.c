/* Binding imports: the host's exports first, then those of drivers already loaded. */
#include "host/loader/loader.h"

enum { FORWARD_DEPTH = 8 };

static const uint64_t import_by_ordinal = 1ull << 63;

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static BOOLEAN same_name(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

static BOOLEAN same_text(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static void lower_copy(char *to, const char *from, SIZE_T size)
{
    SIZE_T i = 0;
    for (; from[i] && i + 1 < size; i++)
        to[i] = lower(from[i]);
    to[i] = 0;
}

static struct loaded_image *find_module(struct machine *machine, const char *module)
{
    struct loaded_image *found = NULL;
    linux_lock(&machine->loader->lock);
    for (PLIST_ENTRY link = machine->loader->images.Flink;
         link != &machine->loader->images && !found; link = link->Flink) {
        struct loaded_image *image = CONTAINING_RECORD(link, struct loaded_image, link);
        if (same_name(image->name, module))
            found = image;
    }
    linux_unlock(&machine->loader->lock);
    return found;
}

/* The RVA a driver exports under name; 0 when it does not. */
static uint32_t driver_export(const struct loaded_image *image, const char *name)
{
    struct pe_directory directory = image->headers.directories[PE_DIRECTORY_EXPORT];
    const struct pe_export *exports = image_at(image, directory.address, sizeof(*exports));
    if (!directory.size || !exports)
        return 0;
    const uint32_t *names = image_at(image, exports->names, 4ull * exports->name_count);
    const uint16_t *ordinals = image_at(image, exports->ordinals, 2ull * exports->name_count);
    const uint32_t *functions = image_at(image, exports->functions, 4ull * exports->function_count);
    for (uint32_t i = 0; names && ordinals && functions && i < exports->name_count; i++) {
        const char *candidate = image_string(image, names[i]);
        if (candidate && same_text(candidate, name))
            return ordinals[i] < exports->function_count ? functions[ordinals[i]] : 0;
    }
    return 0;
}

static const void *resolve(struct machine *machine, const char *module, const char *name,
                           int depth, struct loaded_image **provider);

/* "MODULE.Name" in place of code: look there. */
static const void *follow_forwarder(struct machine *machine, const char *text, int depth,
                                    struct loaded_image **provider)
{
    char module[LOADER_NAME_SIZE];
    SIZE_T length = 0;
    while (text[length] && text[length] != '.')
        length++;
    if (text[length] != '.' || length + 5 > sizeof(module) || depth == 0)
        return NULL;
    const char *suffix = ".sys";
    lower_copy(module, text, length + 1);
    if (same_text(module, "ntoskrnl"))
        suffix = ".exe";
    else if (same_text(module, "hal"))
        suffix = ".dll";
    lower_copy(module + length, suffix, sizeof(module) - length);
    return resolve(machine, module, text + length + 1, depth - 1, provider);
}

static const void *resolve(struct machine *machine, const char *module, const char *name,
                           int depth, struct loaded_image **provider)
{
    const void *address = host_export_find(machine, module, name);
    if (address)
        return address;
    struct loaded_image *image = find_module(machine, module);
    uint32_t rva = image ? driver_export(image, name) : 0;
    if (!rva)
        return NULL;
    struct pe_directory directory = image->headers.directories[PE_DIRECTORY_EXPORT];
    if (rva - directory.address < directory.size) {
        const char *forwarder = image_string(image, rva);
        return forwarder ? follow_forwarder(machine, forwarder, depth, provider) : NULL;
    }
    *provider = image;
    return image_at(image, rva, 1);
}

static NTSTATUS note_provider(struct loaded_image *image, struct loaded_image *provider)
{
    for (ULONG i = 0; i < image->imported_count; i++)
        if (image->imported[i] == provider)
            return STATUS_SUCCESS;
    void *grown = linux_reallocate(image->imported,
                                   (image->imported_count + 1) * sizeof(*image->imported));
    if (!grown)
        return STATUS_INSUFFICIENT_RESOURCES;
    image->imported = grown;
    image->imported[image->imported_count++] = provider;
    __atomic_add_fetch(&provider->importers, 1, __ATOMIC_RELAXED);
    return STATUS_SUCCESS;
}

struct binding {
    struct loaded_image *image;
    struct loader_error *error;
    char module[LOADER_NAME_SIZE];
    ULONG missing;
};

static NTSTATUS bind_one(struct binding *binding, uint64_t thunk, uint8_t *slot)
{
    struct loaded_image *provider = NULL;
    if (thunk & import_by_ordinal) {
        loader_error_add(binding->error, "imports %s by ordinal %u, which names nothing",
                         binding->module, (ULONG)(thunk & 0xFFFF));
        return STATUS_DRIVER_ORDINAL_NOT_FOUND;
    }
    const char *name = image_string(binding->image, thunk + 2);
    if (!name) {
        loader_error_add(binding->error, "an import name lies outside the image");
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    const void *address =
        resolve(binding->image->machine, binding->module, name, FORWARD_DEPTH, &provider);
    if (!address) {
        loader_error_add(binding->error, binding->missing++ ? ", %s!%s" : "missing imports: %s!%s",
                         binding->module, name);
        return STATUS_SUCCESS; /* go on: all are named at once */
    }
    __builtin_memcpy(slot, &address, sizeof(address));
    return provider ? note_provider(binding->image, provider) : STATUS_SUCCESS;
}

static NTSTATUS bind_module(struct binding *binding, const struct pe_import *import)
{
    uint64_t names = import->names ? import->names : import->addresses;
    NTSTATUS status = STATUS_SUCCESS;
    for (uint64_t i = 0; NT_SUCCESS(status); i++) {
        const uint8_t *thunk = image_at(binding->image, names + i * 8, 8);
        uint8_t *slot = image_at(binding->image, import->addresses + i * 8, 8);
        uint64_t value;
        if (!thunk || !slot) {
            loader_error_add(binding->error, "an import table leaves the image");
            return STATUS_INVALID_IMAGE_FORMAT;
        }
        __builtin_memcpy(&value, thunk, sizeof(value));
        if (value == 0)
            break;
        status = bind_one(binding, value, slot);
    }
    return status;
}

NTSTATUS image_bind(struct loaded_image *image, struct loader_error *error)
{
    struct pe_directory directory = image->headers.directories[PE_DIRECTORY_IMPORT];
    struct binding binding = {.image = image, .error = error};
    if (!directory.size)
        return STATUS_SUCCESS;
    for (uint64_t at = directory.address;; at += sizeof(struct pe_import)) {
        struct pe_import import;
        const void *place = image_at(image, at, sizeof(import));
        if (!place)
            return STATUS_INVALID_IMAGE_FORMAT;
        __builtin_memcpy(&import, place, sizeof(import));
        if (!import.module || !import.addresses)
            break;
        const char *module = image_string(image, import.module);
        if (!module)
            return STATUS_INVALID_IMAGE_FORMAT;
        lower_copy(binding.module, module, sizeof(binding.module));
        NTSTATUS status = bind_module(&binding, &import);
        if (!NT_SUCCESS(status))
            return status;
    }
    return binding.missing ? STATUS_DRIVER_ENTRYPOINT_NOT_FOUND : STATUS_SUCCESS;
}
