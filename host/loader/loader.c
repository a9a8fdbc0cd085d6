#include "host/loader/loader.h"
#include "host/mm/mm.h"
#include "host/rtl/debug_print.h"
#include "host/seh/unwind_types.h"
#include "host/seh/image_functions.h"

void __attribute__((ms_abi)) loader_error_add(struct loader_error *error, const char *format, ...)
{
    nt_va_list arguments;
    if (!error || error->used + 1 >= error->size)
        return;
    __builtin_ms_va_start(arguments, format);
    SIZE_T room = error->size - error->used;
    SIZE_T length = debug_format(error->text + error->used, room, format, arguments);
    __builtin_ms_va_end(arguments);
    error->used += length < room ? length : room - 1;
}

NTSTATUS loader_initialize(struct machine *machine)
{
    machine->loader = linux_allocate(sizeof(*machine->loader));
    if (!machine->loader)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&machine->loader->images);
    return STATUS_SUCCESS;
}

static void image_free(struct loaded_image *image)
{
    for (ULONG i = 0; i < image->imported_count; i++)
        __atomic_sub_fetch(&image->imported[i]->importers, 1, __ATOMIC_RELAXED);
    if (image->base)
        mm_pages_free(image->machine, image->base);
    linux_free(image->imported);
    linux_free(image->sections);
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
        image_free(
            CONTAINING_RECORD(RemoveHeadList(&loader->images), struct loaded_image, link));
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

NTSTATUS loader_load(struct machine *machine, const void *file, SIZE_T size, const char *name,
                     struct loaded_image **loaded, struct loader_error *error)
{
    struct loaded_image *image = image_create(machine, file, size, name);
    if (!image)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = image_parse(image, error);
    if (NT_SUCCESS(status))
        status = image_map(image, error);
    if (NT_SUCCESS(status))
        status = image_relocate(image, error);
    if (NT_SUCCESS(status))
        status = image_bind(image, error);
    if (NT_SUCCESS(status)) {
        image_initialize_cookie(image);
        status = image_protect(image);
    }
    if (!NT_SUCCESS(status)) {
        image_free(image);
        return status;
    }
    linux_lock(&machine->loader->lock);
    InsertTailList(&machine->loader->images, &image->link);
    linux_unlock(&machine->loader->lock);
    *loaded = image;
    return STATUS_SUCCESS;
}

NTSTATUS loader_unload(struct loaded_image *image)
{
    struct loader_state *loader = image->machine->loader;
    linux_lock(&loader->lock);
    BOOLEAN busy = __atomic_load_n(&image->importers, __ATOMIC_RELAXED) != 0;
    if (!busy)
        RemoveEntryList(&image->link);
    linux_unlock(&loader->lock);
    if (busy)
        return STATUS_DEVICE_BUSY;
    image_free(image);
    return STATUS_SUCCESS;
}

struct loaded_image *loader_find(struct machine *machine, uint64_t address)
{
    struct loaded_image *found = NULL;
    linux_lock(&machine->loader->lock);
    for (PLIST_ENTRY link = machine->loader->images.Flink;
         link != &machine->loader->images && !found; link = link->Flink) {
        struct loaded_image *image = CONTAINING_RECORD(link, struct loaded_image, link);
        if (address - (uint64_t)image->base < image->size)
            found = image;
    }
    linux_unlock(&machine->loader->lock);
    return found;
}

void loader_describe_address(struct machine *machine, uint64_t address, char *name, SIZE_T size,
                             uint64_t *offset)
{
    struct loaded_image *image = loader_find(machine, address);
    SIZE_T i = 0;
    for (; image && image->name[i] && i + 1 < size; i++)
        name[i] = image->name[i];
    name[i] = 0;
    *offset = image ? address - (uint64_t)image->base : address;
}

bool seh_find_image(uint64_t address, struct seh_image *found)
{
    struct loaded_image *image = loader_find(current_machine(), address);
    if (!image)
        return false;
    struct pe_directory directory = image->headers.directories[PE_DIRECTORY_EXCEPTION];
    found->base = (uint64_t)image->base;
    found->size = image->size;
    found->functions = image_at(image, directory.address, directory.size);
    found->function_count =
        found->functions ? directory.size / (uint32_t)sizeof(RUNTIME_FUNCTION) : 0;
    return true;
}
