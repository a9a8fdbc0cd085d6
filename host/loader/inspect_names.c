/* include/sysbuf/image.h: imports and exports. */
#include "host/loader/inspect.h"

#include "host/export.h"
#include "host/loader/loader.h"

enum { NAME_SIZE = 256 };

static BOOLEAN same_text(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
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

static void describe(struct sb_image_import *import, const struct pe_import_entry *entry)
{
    char module[NAME_SIZE];
    canonical_module(module, entry->module);
    *import = (struct sb_image_import){.module = entry->module,
                                       .name = entry->name,
                                       .ordinal = entry->ordinal,
                                       .module_is_hosts = host_module_exists(module)};
    import->is_present = entry->name && host_has(module, entry->name);
}

sb_status sb_image_imports(const struct sb_image *image,
                           bool (*visit)(void *context, const struct sb_image_import *import),
                           void *context)
{
    struct pe_import_cursor cursor = {0};
    struct pe_import_entry entry;
    struct sb_image_import import;
    NTSTATUS status;
    while ((status = pe_import_next(&image->pe, &cursor, &entry, NULL)) == STATUS_SUCCESS) {
        describe(&import, &entry);
        if (!visit(context, &import))
            return STATUS_SUCCESS;
    }
    return status == STATUS_NO_MORE_ENTRIES ? STATUS_SUCCESS : status;
}

sb_status sb_image_exports(const struct sb_image *image,
                           bool (*visit)(void *context, const struct sb_image_export *export),
                           void *context)
{
    uint32_t count;
    NTSTATUS status = pe_export_count(&image->pe, &count, NULL);
    for (uint32_t i = 0; NT_SUCCESS(status) && i < count; i++) {
        struct pe_export_entry entry;
        if (!pe_export_at(&image->pe, i, &entry))
            continue;
        struct sb_image_export export = {entry.name, entry.offset, entry.forwarder};
        if (!visit(context, &export))
            break;
    }
    return status;
}
