/*
 * Export drivers: modules that a driver imports from and that nobody loaded. As on NT they are
 * looked for beside the driver's file; their DllInitialize is called with their service's path, and
 * DllUnload when the last importer has gone. Their DriverEntry is not called.
 */
#include "host/io/io.h"
#include "host/io/library.h"
#include "host/ke/ke.h"
#include "host/ps/notify.h"

enum { MOST_LIBRARIES = 8, PATH_CHARACTERS = 160 };

typedef NTSTATUS(NTAPI *dll_initialize)(PUNICODE_STRING registry_path);
typedef NTSTATUS(NTAPI *dll_unload)(void);

static void *find_export(const struct loaded_image *image, const char *name)
{
    const char *forwarder;
    uint32_t offset = image_export_find(image, name, &forwarder);
    return offset && !forwarder ? image->base + offset : NULL;
}

static NTSTATUS initialize(const struct loaded_image *image)
{
    static const WCHAR root[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";
    dll_initialize routine = (dll_initialize)find_export(image, "DllInitialize");
    WCHAR text[PATH_CHARACTERS] = {0};
    UNICODE_STRING path = {0, sizeof(text) - sizeof(WCHAR), text};
    if (!routine)
        return STATUS_SUCCESS;
    RtlAppendUnicodeToString(&path, root);
    for (ULONG i = 0; image->name[i] && image->name[i] != '.'; i++) {
        path.Buffer[path.Length / sizeof(WCHAR)] = (UCHAR)image->name[i];
        path.Length += sizeof(WCHAR);
    }
    return routine(&path);
}

/* Loads modules until image's imports are there, or one of them is not. */
struct libraries {
    const struct io_library_source *source;
    struct loaded_image *list[MOST_LIBRARIES];
    ULONG count;
};

/* As the driver writes its name, or in lower case: Linux tells them apart. */
static NTSTATUS read_module(const struct io_library_source *source, const char *module, void **file,
                            SIZE_T *size)
{
    char name[LOADER_NAME_SIZE] = {0};
    NTSTATUS status = source->read(source->context, module, file, size);
    if (NT_SUCCESS(status))
        return status;
    for (SIZE_T i = 0; module[i] && i + 1 < sizeof(name); i++)
        name[i] = module[i] >= 'A' && module[i] <= 'Z' ? (char)(module[i] + 32) : module[i];
    return source->read(source->context, name, file, size);
}

static void notify_loaded(struct loaded_image *image)
{
    WCHAR text[IO_PATH_BYTES / sizeof(WCHAR)];
    UNICODE_STRING path = {0, sizeof(text), text}, name;
    ANSI_STRING ansi;
    RtlInitAnsiString(&ansi, image->name);
    RtlAppendUnicodeToString(&path, L"\\SystemRoot\\System32\\drivers\\");
    name = (UNICODE_STRING){0, (USHORT)(sizeof(text) - path.Length), text + path.Length / 2};
    if (NT_SUCCESS(RtlAnsiStringToUnicodeString(&name, &ansi, FALSE)))
        path.Length += name.Length;
    ps_notify_driver_image(image->machine, &path, image->base, image->size);
}

static NTSTATUS load_one(const char *module, struct libraries *libraries)
{
    struct machine *machine = current_machine();
    const struct io_library_source *source = libraries->source;
    struct loader_error error = {0};
    struct loaded_image *image;
    void *file;
    SIZE_T size;
    if (!source || libraries->count == MOST_LIBRARIES)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    NTSTATUS status = read_module(source, module, &file, &size);
    if (!NT_SUCCESS(status))
        return status;
    status = loader_load(machine, file, size, module, &image, &error);
    while (status == STATUS_DRIVER_ENTRYPOINT_NOT_FOUND && error.absent[0] &&
           NT_SUCCESS(load_one(error.absent, libraries))) {
        error.absent[0] = 0;
        status = loader_load(machine, file, size, module, &image, &error);
    }
    source->release(file);
    if (!NT_SUCCESS(status))
        return status;
    image->is_library = TRUE;
    notify_loaded(image);
    status = initialize(image);
    if (!NT_SUCCESS(status) || libraries->count == MOST_LIBRARIES) {
        loader_unload(image);
        return NT_SUCCESS(status) ? STATUS_INSUFFICIENT_RESOURCES : status;
    }
    libraries->list[libraries->count++] = image;
    return STATUS_SUCCESS;
}

static void unload_library(struct loaded_image *image)
{
    dll_unload routine = (dll_unload)find_export(image, "DllUnload");
    if (routine)
        routine();
    io_image_release(image);
}

void io_image_release(struct loaded_image *image)
{
    struct loaded_image *last[MOST_LIBRARIES];
    ULONG count = 0;
    for (ULONG i = 0; i < image->imported_count && count < MOST_LIBRARIES; i++)
        if (image->imported[i]->is_library && image->imported[i]->importers == 1)
            last[count++] = image->imported[i];
    loader_unload(image);
    for (ULONG i = 0; i < count; i++)
        unload_library(last[i]);
}

NTSTATUS io_driver_load(const void *file, SIZE_T size, const char *name,
                        const struct io_library_source *source, struct io_driver **driver,
                        char *error, SIZE_T error_size)
{
    struct libraries libraries = {.source = source};
    char absent[LOADER_NAME_SIZE];
    NTSTATUS status = io_driver_load_once(file, size, name, driver, error, error_size, absent);
    while (status == STATUS_DRIVER_ENTRYPOINT_NOT_FOUND && absent[0] &&
           NT_SUCCESS(load_one(absent, &libraries)))
        status = io_driver_load_once(file, size, name, driver, error, error_size, absent);
    for (ULONG i = libraries.count; i-- > 0;)
        if (libraries.list[i]->importers == 0) /* the driver did not load after all */
            unload_library(libraries.list[i]);
    return status;
}
