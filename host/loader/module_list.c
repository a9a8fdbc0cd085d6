/* PsLoadedModuleList: what drivers find behind DRIVER_OBJECT.DriverSection. */
#include "host/loader/loader.h"
#include "host/mm/mm.h"

enum { MODULE_TAG = 0x644C6D4D };

/* KLDR_DATA_TABLE_ENTRY, x64. */
struct module_entry {
    LIST_ENTRY links;
    PVOID exception_table;
    ULONG exception_table_size;
    PVOID gp_value, debug_information;
    PVOID base, entry_point;
    ULONG image_size;
    UNICODE_STRING full_name, base_name;
    ULONG flags;
    USHORT load_count, signature;
    PVOID section;
    ULONG checksum, coverage_size;
    PVOID coverage, loaded_imports, spare;
    ULONG image_size_not_rounded, time_stamp;
    WCHAR name[LOADER_NAME_SIZE + 40]; /* ours */
};
_Static_assert(FIELD_OFFSET(struct module_entry, base) == 0x30, "DllBase");
_Static_assert(FIELD_OFFSET(struct module_entry, full_name) == 0x48, "FullDllName");
_Static_assert(FIELD_OFFSET(struct module_entry, flags) == 0x68, "Flags");
_Static_assert(FIELD_OFFSET(struct module_entry, image_size_not_rounded) == 0x98, "image size");

static LIST_ENTRY *list_of(struct machine *machine)
{
    return (LIST_ENTRY *)machine->data_exports->loaded_modules;
}

void module_list_initialize(struct machine *machine)
{
    InitializeListHead(list_of(machine));
}
SB_EXPORT_DATA("PsLoadedModuleList", loaded_modules)

static void set_names(struct module_entry *entry, const char *name)
{
    static const WCHAR folder[] = L"\\SystemRoot\\System32\\drivers\\";
    USHORT count = RTL_NUMBER_OF(folder) - 1;
    __builtin_memcpy(entry->name, folder, sizeof(folder));
    entry->base_name.Buffer = &entry->name[count];
    for (USHORT i = 0; name[i]; i++)
        entry->name[count++] = (UCHAR)name[i];
    entry->full_name.Buffer = entry->name;
    entry->full_name.Length = count * (USHORT)sizeof(WCHAR);
    entry->base_name.Length = entry->full_name.Length - SB_WIDE_LENGTH(folder);
    entry->full_name.MaximumLength = entry->full_name.Length + (USHORT)sizeof(WCHAR);
    entry->base_name.MaximumLength = entry->base_name.Length + (USHORT)sizeof(WCHAR);
}

NTSTATUS module_entry_create(struct loaded_image *image)
{
    struct module_entry *entry = mm_pool_allocate_zero(image->machine, sizeof(*entry), MODULE_TAG);
    if (!entry)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (image->functions.size)
        entry->exception_table = image->base + image->functions.address;
    entry->exception_table_size = image->functions.size;
    entry->base = image->base;
    entry->entry_point = loader_entry_point(image);
    entry->image_size = image->size;
    entry->image_size_not_rounded = image->pe.headers.image_size;
    entry->load_count = 1;
    entry->checksum = image->pe.headers.checksum;
    entry->time_stamp = image->pe.headers.time_stamp;
    set_names(entry, image->name);
    image->entry = entry;
    return STATUS_SUCCESS;
}

void module_entry_link(struct loaded_image *image)
{
    InsertTailList(list_of(image->machine), &image->entry->links);
}

void module_entry_unlink(struct loaded_image *image)
{
    RemoveEntryList(&image->entry->links);
}
