/* Walking the import tables. */
#include "host/loader/pe_image.h"

enum { MOST_IMPORTS = 0x10000, MOST_MODULES = 1024 };

static NTSTATUS refuse(struct loader_error *error, const char *why)
{
    loader_error_add(error, "%s", why);
    return STATUS_INVALID_IMAGE_FORMAT;
}

/* Bound imports: the addresses are another machine's, so the names are needed. */
static NTSTATUS check_module(const struct pe_image *image, const struct pe_import *module,
                             struct loader_error *error)
{
    if (!pe_string(image, module->module))
        return refuse(error, "the name of an imported module lies outside the image");
    if (!module->names && module->time_stamp)
        return refuse(error, "its imports are bound to addresses and have no names");
    return STATUS_SUCCESS;
}

static NTSTATUS read_entry(const struct pe_image *image, const struct pe_import *module,
                           uint64_t thunk, uint64_t slot, struct pe_import_entry *import,
                           struct loader_error *error)
{
    *import = (struct pe_import_entry){.module = pe_string(image, module->module),
                                       .slot = (uint32_t)slot};
    if (thunk & PE_IMPORT_BY_ORDINAL) {
        import->ordinal = (uint16_t)thunk;
        return STATUS_SUCCESS;
    }
    import->name = thunk <= MAXUINT32 ? pe_string(image, thunk + 2) : NULL;
    if (!import->module || !import->name || !import->name[0])
        return refuse(error, "the name of an import lies outside the image");
    return STATUS_SUCCESS;
}

/* The entry the cursor stands at in one module; STATUS_NO_MORE_ENTRIES behind its last. */
static NTSTATUS next_of_module(const struct pe_image *image, const struct pe_import *module,
                               struct pe_import_cursor *cursor, struct pe_import_entry *import,
                               struct loader_error *error)
{
    uint64_t index = cursor->entry_index * 8ull, thunk;
    uint64_t names = module->names ? module->names : module->addresses;
    if (!pe_read(image, names + index, &thunk, sizeof(thunk)) ||
        !pe_slot(image, module->addresses + index, sizeof(thunk)))
        return refuse(error, "an import table leaves the image");
    if (thunk == 0)
        return STATUS_NO_MORE_ENTRIES;
    if (cursor->total++ >= MOST_IMPORTS)
        return refuse(error, "it has more imports than is possible");
    cursor->entry_index++;
    return read_entry(image, module, thunk, module->addresses + index, import, error);
}

NTSTATUS pe_import_next(const struct pe_image *image, struct pe_import_cursor *cursor,
                        struct pe_import_entry *import, struct loader_error *error)
{
    struct pe_directory directory = pe_directory(image, PE_DIRECTORY_IMPORT);
    struct pe_import module;
    if (!directory.size)
        return STATUS_NO_MORE_ENTRIES;
    for (;;) {
        if (!pe_read(image, directory.address + cursor->module_index * sizeof(module), &module,
                     sizeof(module)))
            return refuse(error, "the import directory leaves the image");
        if (!module.module || !module.addresses)
            return STATUS_NO_MORE_ENTRIES;
        NTSTATUS status = check_module(image, &module, error);
        if (NT_SUCCESS(status))
            status = next_of_module(image, &module, cursor, import, error);
        if (status != STATUS_NO_MORE_ENTRIES)
            return status;
        if (++cursor->module_index > MOST_MODULES)
            return refuse(error, "it imports from more modules than is possible");
        cursor->entry_index = 0;
    }
}
