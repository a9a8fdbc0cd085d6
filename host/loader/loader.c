#include "host/loader/loader.h"
#include "host/loader/coverage.h"
#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/mm/mm.h"
#include "host/seh/unwind_types.h"
#include "host/seh/image_functions.h"

NTSTATUS loader_initialize(struct machine *machine)
{
    machine->loader = linux_allocate(sizeof(*machine->loader));
    if (!machine->loader)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&machine->loader->images);
    module_list_initialize(machine);
    return STATUS_SUCCESS;
}

static void image_free(struct loaded_image *image)
{
    image_coverage_free(image);
    image_unbind(image);
    missing_free(image);
    image_exports_free(image);
    if (image->base)
        mm_pages_free(image->machine, image->base);
    if (image->entry)
        mm_pool_free(image->machine, image->entry);
    linux_free(image->file);
    linux_free(image);
}

void loader_destroy(struct machine *machine)
{
    struct loader_state *loader = machine->loader;
    if (!loader)
        return;
    for (PLIST_ENTRY link = loader->images.Flink; link != &loader->images; link = link->Flink)
        CONTAINING_RECORD(link, struct loaded_image, link)->imported_count = 0;
    while (!IsListEmpty(&loader->images))
        image_free(CONTAINING_RECORD(RemoveHeadList(&loader->images), struct loaded_image, link));
    linux_free(loader);
    machine->loader = NULL;
}

static struct loaded_image *image_create(struct machine *machine, const void *file, SIZE_T size,
                                         const char *name)
{
    struct loaded_image *image = linux_allocate(sizeof(*image));
    if (!image)
        return NULL;
    image->machine = machine;
    image->file = linux_allocate(size ? size : 1);
    if (!image->file) {
        linux_free(image);
        return NULL;
    }
    __builtin_memcpy(image->file, file, size);
    image->file_size = size;
    for (SIZE_T i = 0; name[i] && i + 1 < sizeof(image->name); i++)
        image->name[i] = name[i];
    return image;
}

/* Everything up to the image being ready to run. Load lock held. */
static NTSTATUS prepare(struct loaded_image *image, struct loader_error *error)
{
    NTSTATUS status = pe_parse(&image->pe, image->file, image->file_size, error);
    if (NT_SUCCESS(status) && image->pe.headers.entry_point == 0) {
        loader_error_add(error, "it has no entry point");
        status = STATUS_INVALID_IMAGE_FORMAT;
    }
    if (NT_SUCCESS(status))
        status = image_map(image, error);
    if (NT_SUCCESS(status))
        status = pe_relocate(&image->pe, (uint64_t)image->base, error);
    if (NT_SUCCESS(status))
        status = image_exports_copy(image, error);
    if (NT_SUCCESS(status))
        status = image_bind(image, error);
    if (NT_SUCCESS(status))
        status = image_initialize_guards(image, error);
    if (NT_SUCCESS(status))
        status = module_entry_create(image);
    if (NT_SUCCESS(status))
        status = image_protect(image);
    if (NT_SUCCESS(status) && image->machine->verifier)
        image->machine->verifier->image_loaded(image);
    return status;
}

static void publish(struct loaded_image *image)
{
    struct loader_state *loader = image->machine->loader;
    linux_lock(&loader->lock);
    InsertTailList(&loader->images, &image->link);
    module_entry_link(image);
    linux_unlock(&loader->lock);
}

NTSTATUS loader_load(struct machine *machine, const void *file, SIZE_T size, const char *name,
                     struct loaded_image **loaded, struct loader_error *error)
{
    struct loaded_image *image = image_create(machine, file, size, name);
    if (!image)
        return STATUS_INSUFFICIENT_RESOURCES;
    linux_lock(&machine->loader->load_lock);
    NTSTATUS status = prepare(image, error);
    if (NT_SUCCESS(status))
        publish(image);
    else
        image_free(image);
    linux_unlock(&machine->loader->load_lock);
    if (NT_SUCCESS(status))
        *loaded = image;
    return status;
}

static void remember_unloaded(struct loader_state *loader, const struct loaded_image *image)
{
    struct unloaded_image *kept =
        &loader->unloaded[loader->unloaded_count++ % LOADER_UNLOADED_KEPT];
    kept->base = (uint64_t)image->base;
    kept->size = image->size;
    __builtin_memcpy(kept->name, image->name, sizeof(kept->name));
}

/* Load lock held. */
static void remove_image(struct loaded_image *image)
{
    struct loader_state *loader = image->machine->loader;
    linux_lock(&loader->lock);
    RemoveEntryList(&image->link);
    module_entry_unlink(image);
    remember_unloaded(loader, image);
    linux_unlock(&loader->lock);
    image_free(image);
}

/* One image less that others need no more; FALSE when there is none. Load lock held. */
static BOOLEAN remove_orphan(struct loader_state *loader)
{
    for (PLIST_ENTRY link = loader->images.Flink; link != &loader->images; link = link->Flink) {
        struct loaded_image *image = CONTAINING_RECORD(link, struct loaded_image, link);
        if (image->is_orphan && image->importers == 0) {
            remove_image(image);
            return TRUE;
        }
    }
    return FALSE;
}

void loader_unload(struct loaded_image *image)
{
    struct machine *machine = image->machine;
    struct loader_state *loader = machine->loader;
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->image_unload)
        machine->verifier->image_unload(image);
    linux_lock(&loader->load_lock);
    image->is_orphan = TRUE;
    while (remove_orphan(loader))
        continue;
    linux_unlock(&loader->load_lock);
}

void *loader_entry_point(const struct loaded_image *image)
{
    return image->base + image->pe.headers.entry_point;
}

static struct loaded_image *find_locked(struct loader_state *loader, uint64_t address)
{
    for (PLIST_ENTRY link = loader->images.Flink; link != &loader->images; link = link->Flink) {
        struct loaded_image *image = CONTAINING_RECORD(link, struct loaded_image, link);
        if (address - (uint64_t)image->base < image->size)
            return image;
    }
    return NULL;
}

struct loaded_image *loader_find(struct machine *machine, uint64_t address)
{
    linux_lock(&machine->loader->lock);
    struct loaded_image *found = find_locked(machine->loader, address);
    linux_unlock(&machine->loader->lock);
    return found;
}

/* The image that was unloaded last from where address is; FALSE when something else is there now.
 */
static BOOLEAN find_unloaded(struct loader_state *loader, uint64_t address,
                             struct unloaded_image *found)
{
    BOOLEAN is_found = FALSE;
    linux_lock(&loader->lock);
    ULONG kept = loader->unloaded_count < LOADER_UNLOADED_KEPT ? loader->unloaded_count
                                                               : LOADER_UNLOADED_KEPT;
    for (ULONG i = 0; i < kept && !is_found && !find_locked(loader, address); i++) {
        ULONG index = (loader->unloaded_count - 1 - i) % LOADER_UNLOADED_KEPT;
        *found = loader->unloaded[index];
        is_found = address - found->base < found->size;
    }
    linux_unlock(&loader->lock);
    return is_found;
}

void loader_describe_address(struct machine *machine, uint64_t address, char *name, SIZE_T size,
                             uint64_t *offset)
{
    struct loaded_image *image = loader_find(machine, address);
    struct unloaded_image unloaded;
    name[0] = 0;
    *offset = address;
    if (image) {
        text_format(name, size, "%s", image->name);
        *offset = address - (uint64_t)image->base;
    } else if (find_unloaded(machine->loader, address, &unloaded)) {
        text_format(name, size, "%s", unloaded.name);
        *offset = address - unloaded.base;
    }
}

/* Code of an unloaded driver: a timer, thread or callback that it left behind. */
static void check_unloaded(struct machine *machine, const struct linux_fault *fault)
{
    enum { executing = 8 };
    struct unloaded_image unloaded;
    char reason[160];
    if (!fault->execute || !find_unloaded(machine->loader, fault->address, &unloaded))
        return;
    ULONG_PTR parameters[4] = {fault->address, executing, fault->registers.rip, 0};
    text_format(reason, sizeof(reason),
                "%s was unloaded while a thread, timer, DPC or callback of it was still to run",
                unloaded.name);
    ke_bug_check_because(DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS, parameters,
                         fault->address, &fault->registers, reason);
}

void loader_examine_fault(const struct linux_fault *fault)
{
    struct machine *machine = current_machine();
    if (fault->kind != LINUX_FAULT_ACCESS || fault->general_protection)
        return;
    missing_check(machine, fault);
    check_unloaded(machine, fault);
}

bool seh_find_image(uint64_t address, struct seh_image *found)
{
    struct loaded_image *image = loader_find(current_machine(), address);
    if (!image)
        return false;
    found->base = (uint64_t)image->base;
    found->size = image->size;
    found->functions = pe_at(&image->pe, image->functions.address, image->functions.size);
    found->restore_code = image->coverage ? coverage_restore_code : NULL;
    found->function_count = image->functions.size / (uint32_t)sizeof(RUNTIME_FUNCTION);
    return true;
}
