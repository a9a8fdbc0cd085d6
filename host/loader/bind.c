/* Binding imports: the host's exports first, then those of drivers already loaded. Load lock held.
 */
#include "host/loader/loader.h"

enum { FORWARD_DEPTH = 8, MOST_ABSENT_MODULES = 8 };

struct binding {
    struct loaded_image *image;
    struct loader_error *error;
    ULONG missing_names, missing_ordinals;
    const char *absent[MOST_ABSENT_MODULES]; /* modules that nobody is */
    ULONG absent_count;
};

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

static void copy_name(char *to, const char *from, SIZE_T size)
{
    SIZE_T i = 0;
    for (; from[i] && i + 1 < size; i++)
        to[i] = from[i];
    to[i] = 0;
}

static void lower_copy(char *to, const char *from, SIZE_T size)
{
    copy_name(to, from, size);
    for (; *to; to++)
        *to = lower(*to);
}

/* A loaded driver by the name it was loaded under, or else by the one it has for itself. */
static struct loaded_image *find_module(struct machine *machine, const char *module)
{
    PLIST_ENTRY images = &machine->loader->images;
    for (PLIST_ENTRY link = images->Flink; link != images; link = link->Flink) {
        struct loaded_image *image = CONTAINING_RECORD(link, struct loaded_image, link);
        if (same_name(image->name, module))
            return image;
    }
    for (PLIST_ENTRY link = images->Flink; link != images; link = link->Flink) {
        struct loaded_image *image = CONTAINING_RECORD(link, struct loaded_image, link);
        if (same_name(image_own_name(image), module))
            return image;
    }
    return NULL;
}

static const void *resolve(struct machine *machine, const char *module, const char *name, int depth,
                           struct loaded_image **provider);

/* "MODULE.Name" in place of code: look there. */
static const void *follow_forwarder(struct machine *machine, const char *text, int depth,
                                    struct loaded_image **provider)
{
    char module[LOADER_NAME_SIZE];
    SIZE_T length = 0;
    for (SIZE_T i = 0; text[i]; i++)
        if (text[i] == '.')
            length = i; /* the last one: module names may have dots */
    if (length == 0 || length + 5 > sizeof(module) || depth == 0)
        return NULL;
    const char *suffix = ".sys";
    lower_copy(module, text, length + 1);
    if (same_name(module, "ntoskrnl"))
        suffix = ".exe";
    else if (same_name(module, "hal"))
        suffix = ".dll";
    lower_copy(module + length, suffix, sizeof(module) - length);
    return resolve(machine, module, text + length + 1, depth - 1, provider);
}

static const void *resolve(struct machine *machine, const char *module, const char *name, int depth,
                           struct loaded_image **provider)
{
    const void *address = host_export_find(machine, module, name);
    const char *forwarder = NULL;
    if (address)
        return address;
    struct loaded_image *image = find_module(machine, module);
    uint32_t offset = image ? image_export_find(image, name, &forwarder) : 0;
    if (!offset)
        return NULL;
    if (forwarder)
        return follow_forwarder(machine, forwarder, depth, provider);
    *provider = image;
    return image->base + offset;
}

static NTSTATUS note_provider(struct loaded_image *image, struct loaded_image *provider)
{
    for (ULONG i = 0; i < image->imported_count; i++)
        if (image->imported[i] == provider)
            return STATUS_SUCCESS;
    void *grown =
        linux_reallocate(image->imported, (image->imported_count + 1) * sizeof(*image->imported));
    if (!grown)
        return STATUS_INSUFFICIENT_RESOURCES;
    image->imported = grown;
    image->imported[image->imported_count++] = provider;
    provider->importers++;
    return STATUS_SUCCESS;
}

static void note_absent_module(struct binding *binding, const char *module, const char *lowered)
{
    if (host_module_exists(lowered) || find_module(binding->image->machine, module) ||
        binding->absent_count == MOST_ABSENT_MODULES)
        return;
    for (ULONG i = 0; i < binding->absent_count; i++)
        if (same_name(binding->absent[i], module))
            return;
    binding->absent[binding->absent_count++] = module;
}

/* One that cannot be had: refused at the end, so that all are named at once, or a trap. */
static NTSTATUS note_missing(struct binding *binding, const struct pe_import_entry *import,
                             const char *lowered)
{
    if (binding->image->machine->trap_missing_imports)
        return missing_note(binding->image, import);
    BOOLEAN is_first = binding->missing_names + binding->missing_ordinals == 0;
    loader_error_add(binding->error, "%s%s!", is_first ? "missing imports: " : ", ", lowered);
    if (import->name) {
        binding->missing_names++;
        loader_error_add(binding->error, "%s", import->name);
    } else {
        binding->missing_ordinals++;
        loader_error_add(binding->error, "#%u (by ordinal, which names nothing)", import->ordinal);
    }
    note_absent_module(binding, import->module, lowered);
    return STATUS_SUCCESS;
}

static NTSTATUS bind_one(struct binding *binding, const struct pe_import_entry *import)
{
    char module[LOADER_NAME_SIZE];
    struct loaded_image *provider = NULL;
    const void *address = NULL;
    lower_copy(module, import->module, sizeof(module));
    if (import->name)
        address = resolve(binding->image->machine, module, import->name, FORWARD_DEPTH, &provider);
    if (!address)
        return note_missing(binding, import, module);
    __builtin_memcpy(pe_at(&binding->image->pe, import->slot, sizeof(address)), &address,
                     sizeof(address));
    return provider ? note_provider(binding->image, provider) : STATUS_SUCCESS;
}

/* Frameworks and port drivers that the host does not have, for who wonders what is missing. */
static const struct {
    const char *module, *what;
} frameworks[] = {
    {"wdfldr.sys", "this is a driver of the Kernel-Mode Driver Framework"},
    {"fltmgr.sys", "this is a minifilter, of the filter manager"},
    {"ndis.sys", "this is a network driver, of NDIS"},
    {"fwpkclnt.sys", "this is a callout driver, of the Windows Filtering Platform"},
    {"storport.sys", "this is a storage miniport, of Storport"},
    {"ks.sys", "this is a driver of Kernel Streaming"},
    {"portcls.sys", "this is an audio miniport, of PortCls"},
};

static void explain(const struct binding *binding, const char *module)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(frameworks); i++)
        if (same_name(frameworks[i].module, module))
            loader_error_add(binding->error, "; %s, which the host does not have",
                             frameworks[i].what);
}

static NTSTATUS conclude(const struct binding *binding)
{
    for (ULONG i = 0; i < binding->absent_count; i++)
        loader_error_add(binding->error, "%s%s",
                         i == 0 ? "; neither the host nor a driver: " : ", ", binding->absent[i]);
    for (ULONG i = 0; i < binding->absent_count; i++)
        explain(binding, binding->absent[i]);
    if (binding->absent_count && binding->error)
        copy_name(binding->error->absent, binding->absent[0], sizeof(binding->error->absent));
    if (binding->missing_names)
        return STATUS_DRIVER_ENTRYPOINT_NOT_FOUND;
    if (binding->missing_ordinals)
        return STATUS_DRIVER_ORDINAL_NOT_FOUND;
    return missing_bind(binding->image);
}

NTSTATUS image_bind(struct loaded_image *image, struct loader_error *error)
{
    struct binding binding = {.image = image, .error = error};
    struct pe_import_cursor cursor = {0};
    struct pe_import_entry import;
    NTSTATUS status;
    while ((status = pe_import_next(&image->pe, &cursor, &import, error)) == STATUS_SUCCESS) {
        status = bind_one(&binding, &import);
        if (!NT_SUCCESS(status))
            return status;
    }
    return status == STATUS_NO_MORE_ENTRIES ? conclude(&binding) : status;
}

void image_unbind(struct loaded_image *image)
{
    for (ULONG i = 0; i < image->imported_count; i++)
        image->imported[i]->importers--;
    image->imported_count = 0;
    linux_free(image->imported);
    image->imported = NULL;
}
