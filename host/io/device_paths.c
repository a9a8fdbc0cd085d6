/* By which paths applications reach a driver's devices: symbolic links, or the devices' own names.
 */
#include "host/io/io.h"
#include "host/mm/mm.h"
#include "host/ob/namespace.h"

struct search {
    struct io_driver *driver;
    ULONG skip; /* paths that are still to be passed over */
    char *path; /* the one that is wanted, UTF-8 */
    SIZE_T size;
    BOOLEAN found;
};

/* Takes the path in two parts, unless others are wanted. TRUE ends the search. */
static BOOLEAN offer(struct search *search, const WCHAR *prefix, const UNICODE_STRING *name)
{
    ULONG length = 0, more = 0;
    UNICODE_STRING front;

    if (search->skip > 0) {
        search->skip--;
        return FALSE;
    }
    RtlInitUnicodeString(&front, prefix);
    if (NT_SUCCESS(RtlUnicodeToUTF8N(search->path, (ULONG)search->size - 1, &length, front.Buffer,
                                     front.Length)) &&
        NT_SUCCESS(RtlUnicodeToUTF8N(search->path + length, (ULONG)search->size - 1 - length, &more,
                                     name->Buffer, name->Length))) {
        search->path[length + more] = 0;
        search->found = TRUE;
    }
    return TRUE;
}

static struct directory *link_directory(struct machine *machine)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\GLOBAL\?\?");
    struct ob_open open = {.mode = KernelMode, .wanted = &ob_directory_type};
    void *found;

    return NT_SUCCESS(ob_lookup(machine, &name, &open, &found)) ? found : NULL;
}

/* The index-th name in the directory whose link leads to target, in a copy (host heap). */
static BOOLEAN find_link(struct directory *directory, const UNICODE_STRING *target, ULONG index,
                         UNICODE_STRING *name)
{
    struct ob_state *ob = object_header_of(directory)->machine->ob;
    BOOLEAN found = FALSE;

    linux_lock(&ob->lock);
    for (PLIST_ENTRY entry = directory->entries.Flink; entry != &directory->entries && !found;
         entry = entry->Flink) {
        struct object_header *header =
            CONTAINING_RECORD(entry, struct object_header, directory_link);
        struct symbolic_link *link = (struct symbolic_link *)(header + 1);
        if (header->type != &ob_symbolic_link_type ||
            !RtlEqualUnicodeString(&link->target, target, TRUE) || index-- > 0)
            continue;
        *name = header->name;
        name->Buffer = linux_allocate(header->name.Length);
        found = name->Buffer != NULL;
        if (found)
            __builtin_memcpy(name->Buffer, header->name.Buffer, header->name.Length);
    }
    linux_unlock(&ob->lock);
    return found;
}

/* A device without links is offered by its own name. */
static BOOLEAN offer_device(struct search *search, PDEVICE_OBJECT device)
{
    struct machine *machine = object_header_of(device)->machine;
    struct directory *directory = link_directory(machine);
    UNICODE_STRING own = {0}, name;
    BOOLEAN done = FALSE;
    ULONG count = 0;

    if (!directory)
        return FALSE;
    if (NT_SUCCESS(ob_path(device, &own)) && own.Length) {
        while (!done && find_link(directory, &own, count, &name)) {
            done = offer(search, L"\\\\.\\", &name);
            linux_free(name.Buffer);
            count++;
        }
        if (!done && count == 0)
            done = offer(search, L"", &own);
    }
    if (own.Buffer)
        mm_pool_free(machine, own.Buffer);
    ob_dereference(directory);
    return done;
}

/* Of a device that is attached to others, it is the lowest that has names. */
static PDEVICE_OBJECT lowest(PDEVICE_OBJECT device)
{
    while (io_device_extension_of(device)->attached_to)
        device = io_device_extension_of(device)->attached_to;
    return device;
}

BOOLEAN io_driver_path(struct io_driver *driver, ULONG index, char *path, SIZE_T size)
{
    struct search search = {driver, index, path, size, FALSE};
    BOOLEAN done = FALSE;

    for (PDEVICE_OBJECT device = driver->driver.DeviceObject; device && !done;
         device = device->NextDevice) {
        done = offer_device(&search, device);
        if (!done && lowest(device) != device)
            done = offer_device(&search, lowest(device));
    }
    return search.found;
}
