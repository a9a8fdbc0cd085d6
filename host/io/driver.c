/* Driver objects: load, DriverEntry, unload. */
#include "host/cm/cm.h"
#include "host/ex/event_object.h"
#include "host/io/io.h"
#include "host/io/library.h"
#include "host/io/pnp.h"
#include "host/ke/ke.h"
#include "host/loader/loader.h"
#include "host/mm/mm.h"
#include "host/ps/notify.h"

enum { DRIVER_TAG = 0x76697244, NAME_LIMIT = 64 };
enum { DRVO_UNLOAD_INVOKED_BIT = 1, DRVO_BUILTIN_DRIVER_BIT = 4, DRVO_INITIALIZED_BIT = 16 };

static void driver_remove(void *object)
{
    struct io_driver *driver = object;
    struct machine *machine = object_header_of(object)->machine;
    linux_lock(&machine->io->lock);
    RemoveEntryList(&driver->link);
    linux_unlock(&machine->io->lock);
    while (!IsListEmpty(&driver->client_extensions))
        mm_pool_free(machine, RemoveHeadList(&driver->client_extensions));
    if (driver->driver.DriverName.Buffer)
        mm_pool_free(machine, driver->driver.DriverName.Buffer);
    if (driver->extension.ServiceKeyName.Buffer)
        mm_pool_free(machine, driver->extension.ServiceKeyName.Buffer);
    if (driver->image)
        io_image_release(driver->image); /* at once, or with the last that imports from it */
}

OBJECT_TYPE io_driver_type = {.self = &io_driver_type,
                              .name = RTL_CONSTANT_STRING(L"Driver"),
                              .valid_access = 0xF0001,
                              .removes_at_passive = TRUE,
                              .remove = driver_remove};

/* What a driver that sets no routine answers. */
static NTSTATUS NTAPI invalid_request(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = 0;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

/* prefix followed by the service name ("name.sys" without its suffix), in pool. */
static NTSTATUS joined_name(struct machine *machine, PCWSTR prefix, const char *file_name,
                            UNICODE_STRING *joined)
{
    USHORT prefix_count = 0, count = 0;
    while (prefix[prefix_count])
        prefix_count++;
    while (file_name[count] && file_name[count] != '.' && count < NAME_LIMIT)
        count++;
    USHORT bytes = (USHORT)((prefix_count + count) * sizeof(WCHAR));
    joined->Buffer = mm_pool_allocate(machine, NonPagedPoolNx, bytes + sizeof(WCHAR), DRIVER_TAG);
    if (!joined->Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (USHORT i = 0; i < prefix_count; i++)
        joined->Buffer[i] = prefix[i];
    for (USHORT i = 0; i < count; i++)
        joined->Buffer[prefix_count + i] = (UCHAR)file_name[i];
    joined->Buffer[prefix_count + count] = 0;
    joined->Length = bytes;
    joined->MaximumLength = bytes + sizeof(WCHAR);
    return STATUS_SUCCESS;
}

static NTSTATUS copy_name(struct machine *machine, PCUNICODE_STRING from, UNICODE_STRING *to)
{
    to->Buffer =
        mm_pool_allocate(machine, NonPagedPoolNx, from->Length + sizeof(WCHAR), DRIVER_TAG);
    if (!to->Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memcpy(to->Buffer, from->Buffer, from->Length);
    to->Buffer[from->Length / sizeof(WCHAR)] = 0;
    to->Length = from->Length;
    to->MaximumLength = from->Length + sizeof(WCHAR);
    return STATUS_SUCCESS;
}

/* The part of "\Driver\name" behind the last backslash. */
static UNICODE_STRING service_of(PCUNICODE_STRING name)
{
    USHORT count = name->Length / sizeof(WCHAR), start = count;
    while (start > 0 && name->Buffer[start - 1] != '\\')
        start--;
    USHORT length = (USHORT)((count - start) * sizeof(WCHAR));
    return (UNICODE_STRING){length, length, name->Buffer + start};
}

NTSTATUS io_driver_create(struct machine *machine, PCUNICODE_STRING name,
                          struct loaded_image *image, struct io_driver **created)
{
    static UNICODE_STRING hardware =
        RTL_CONSTANT_STRING(L"\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION\\SYSTEM");
    struct io_driver *driver;
    NTSTATUS status = ob_allocate(machine, &io_driver_type, sizeof(*driver), (void **)&driver);
    if (!NT_SUCCESS(status))
        return status;
    driver->driver.Type = IO_TYPE_DRIVER;
    driver->driver.Size = sizeof(DRIVER_OBJECT);
    driver->driver.DriverExtension = &driver->extension;
    driver->driver.HardwareDatabase = &hardware;
    if (image) {
        driver->driver.DriverStart = image->base;
        driver->driver.DriverSize = image->size;
        driver->driver.DriverInit = loader_entry_point(image);
        driver->driver.DriverSection = image->entry;
    } else {
        driver->driver.Flags = DRVO_BUILTIN_DRIVER_BIT;
    }
    driver->extension.DriverObject = &driver->driver;
    InitializeListHead(&driver->client_extensions);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->driver.MajorFunction[i] = invalid_request;
    linux_lock(&machine->io->lock);
    InsertTailList(&machine->io->drivers, &driver->link);
    linux_unlock(&machine->io->lock);
    UNICODE_STRING service = service_of(name);
    status = copy_name(machine, name, &driver->driver.DriverName);
    if (NT_SUCCESS(status))
        status = copy_name(machine, &service, &driver->extension.ServiceKeyName);
    if (NT_SUCCESS(status))
        status = ob_insert(driver, &driver->driver.DriverName, OB_PERMANENT);
    if (!NT_SUCCESS(status)) {
        ob_dereference(driver);
        return status;
    }
    driver->image = image;
    *created = driver;
    return STATUS_SUCCESS;
}

static NTSTATUS create_for_image(struct machine *machine, struct loaded_image *image,
                                 struct io_driver **driver)
{
    UNICODE_STRING name;
    NTSTATUS status = joined_name(machine, L"\\Driver\\", image->name, &name);
    if (!NT_SUCCESS(status))
        return status;
    status = io_driver_create(machine, &name, image, driver);
    mm_pool_free(machine, name.Buffer);
    return status;
}

static NTSTATUS call_entry(struct machine *machine, PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    const struct verifier_hooks *verifier = machine->verifier;
    struct verifier_callback callback = {VERIFIER_CALLBACK_ENTRY, driver->DriverInit, driver};
    if (SB_UNLIKELY(verifier) && verifier->callback_begin)
        verifier->callback_begin(&callback);
    NTSTATUS status = driver->DriverInit(driver, path);
    if (SB_UNLIKELY(verifier) && verifier->callback_end)
        verifier->callback_end(&callback);
    return status;
}

void io_driver_check_gone(struct machine *machine, struct io_driver *driver, NTSTATUS status)
{
    const struct verifier_hooks *verifier = machine->verifier;
    if (SB_UNLIKELY(verifier) && verifier->driver_gone && driver->image)
        verifier->driver_gone(&driver->driver, driver->image, status);
    if (driver->image)
        KeFlushQueuedDpcs(); /* as NT does before it frees code that a DPC may still be in */
}

static void notify_loaded(const struct io_driver *driver, PCUNICODE_STRING key)
{
    const struct loaded_image *image = driver->image;
    WCHAR text[IO_PATH_BYTES / sizeof(WCHAR)];
    UNICODE_STRING path = {0, sizeof(text), text};
    io_image_path(key, &driver->extension.ServiceKeyName, &path); /* else empty */
    ps_notify_driver_image(image->machine, &path, image->base, image->size);
}

static NTSTATUS run_driver_entry(struct machine *machine, struct io_driver *driver)
{
    UNICODE_STRING path;
    NTSTATUS status =
        joined_name(machine, L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\",
                    driver->image->name, &path);
    if (!NT_SUCCESS(status))
        return status;
    status = cm_create_service(&driver->extension.ServiceKeyName, NULL);
    if (NT_SUCCESS(status)) {
        notify_loaded(driver, &path);
        status = call_entry(machine, &driver->driver, &path);
    }
    mm_pool_free(machine, path.Buffer);
    return status;
}

/* Takes the driver object down; its image goes with the last reference. */
void io_driver_drop(struct io_driver *driver)
{
    ob_make_temporary(driver);
    ob_dereference(driver);
}

/* What DriverEntry made may be opened from now on; later devices are made ready by their driver. */
static void devices_are_ready(PDRIVER_OBJECT driver)
{
    for (PDEVICE_OBJECT device = driver->DeviceObject; device; device = device->NextDevice)
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
}

NTSTATUS io_driver_load_once(const void *file, SIZE_T size, const char *name,
                             struct io_driver **loaded, char *error_text, SIZE_T error_size,
                             char absent[LOADER_NAME_SIZE])
{
    struct machine *machine = current_machine();
    struct loader_error error = {.text = error_text, .size = error_size};
    struct loaded_image *image;
    struct io_driver *driver;
    if (error_size)
        error_text[0] = 0;
    NTSTATUS status = loader_load(machine, file, size, name, &image, &error);
    __builtin_memcpy(absent, error.absent, LOADER_NAME_SIZE);
    if (!NT_SUCCESS(status))
        return status;
    status = create_for_image(machine, image, &driver);
    if (!NT_SUCCESS(status)) {
        loader_unload(image);
        return status == STATUS_OBJECT_NAME_COLLISION ? STATUS_IMAGE_ALREADY_LOADED : status;
    }
    status = run_driver_entry(machine, driver);
    if (!NT_SUCCESS(status)) {
        loader_error_add(&error, "DriverEntry returned 0x%08x", status);
        io_driver_check_gone(machine, driver, status);
        io_driver_drop(driver);
        return status;
    }
    devices_are_ready(&driver->driver);
    driver->driver.Flags |= DRVO_INITIALIZED_BIT;
    loader_discard_init(image);
    io_run_reinitialize(driver);
    *loaded = driver;
    return STATUS_SUCCESS;
}

/* A driver without an image of its own, as bus drivers make for their children. */
NTSTATUS NTAPI IoCreateDriver(PUNICODE_STRING name, PDRIVER_INITIALIZE entry);
NTSTATUS NTAPI IoCreateDriver(PUNICODE_STRING name, PDRIVER_INITIALIZE entry)
{
    static UNICODE_STRING none;
    struct machine *machine = current_machine();
    struct io_driver *driver;
    WCHAR text[] = L"\\Driver\\00000000";
    UNICODE_STRING made = SB_UNICODE(text);
    if (!name) {
        ULONG number = __atomic_add_fetch(&machine->io->node_count, 1, __ATOMIC_RELAXED);
        for (int digit = 0; digit < 8; digit++, number >>= 4)
            text[15 - digit] = L"0123456789abcdef"[number & 15];
        name = &made;
    }
    NTSTATUS status = io_driver_create(machine, name, NULL, &driver);
    if (!NT_SUCCESS(status))
        return status;
    driver->driver.DriverInit = entry;
    status = entry(&driver->driver, &none);
    if (!NT_SUCCESS(status))
        io_driver_drop(driver);
    else
        devices_are_ready(&driver->driver);
    return status;
}
SB_EXPORT(IoCreateDriver)

VOID NTAPI IoDeleteDriver(PDRIVER_OBJECT driver);
VOID NTAPI IoDeleteDriver(PDRIVER_OBJECT driver)
{
    io_driver_drop((struct io_driver *)driver);
}
SB_EXPORT(IoDeleteDriver)

/* ---- driver object extensions ---- */
struct client_extension {
    LIST_ENTRY link;
    PVOID id;
    ULONG64 reserved; /* keeps what follows 16-byte aligned */
};
_Static_assert(sizeof(struct client_extension) == 32, "the driver's part is aligned");

static struct client_extension *find_extension(struct io_driver *driver, PVOID id)
{
    for (PLIST_ENTRY link = driver->client_extensions.Flink; link != &driver->client_extensions;
         link = link->Flink) {
        struct client_extension *extension = CONTAINING_RECORD(link, struct client_extension, link);
        if (extension->id == id)
            return extension;
    }
    return NULL;
}

NTSTATUS NTAPI IoAllocateDriverObjectExtension(PDRIVER_OBJECT driver, PVOID id, ULONG size,
                                               PVOID *allocated)
{
    struct machine *machine = current_machine();
    struct client_extension *extension =
        mm_pool_allocate_zero(machine, sizeof(*extension) + (SIZE_T)size, DRIVER_TAG);
    *allocated = NULL;
    if (!extension)
        return STATUS_INSUFFICIENT_RESOURCES;
    extension->id = id;
    linux_lock(&machine->io->lock);
    BOOLEAN collides = find_extension((struct io_driver *)driver, id) != NULL;
    if (!collides)
        InsertTailList(&((struct io_driver *)driver)->client_extensions, &extension->link);
    linux_unlock(&machine->io->lock);
    if (collides) {
        mm_pool_free(machine, extension);
        return STATUS_OBJECT_NAME_COLLISION;
    }
    *allocated = extension + 1;
    return STATUS_SUCCESS;
}
SB_EXPORT(IoAllocateDriverObjectExtension)

PVOID NTAPI IoGetDriverObjectExtension(PDRIVER_OBJECT driver, PVOID id)
{
    struct io_state *io = current_machine()->io;
    linux_lock(&io->lock);
    struct client_extension *extension = find_extension((struct io_driver *)driver, id);
    linux_unlock(&io->lock);
    return extension ? extension + 1 : NULL;
}
SB_EXPORT(IoGetDriverObjectExtension)

NTSTATUS io_initialize(struct machine *machine)
{
    machine->io = linux_allocate(sizeof(*machine->io));
    if (!machine->io)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct io_state *io = machine->io;
    PLIST_ENTRY lists[] = {&io->drivers,      &io->timers,     &io->shutdown[0],
                           &io->shutdown[1],  &io->interfaces, &io->notifications,
                           &io->reinitialize, &io->nodes,      &io->boot_reinitialize,
                           &io->interrupts};
    for (ULONG i = 0; i < RTL_NUMBER_OF(lists); i++)
        InitializeListHead(lists[i]);
    KeInitializeMutex(&io->pnp_mutex, 0);
    io->configuration.Version = 2;
    NTSTATUS status = io_timer_initialize(machine);
    if (!NT_SUCCESS(status))
        return status;
    machine->data_exports->event_object_type = &ex_event_type;
    machine->data_exports->file_object_type = &io_file_type;
    machine->data_exports->device_object_type = &io_device_type;
    machine->data_exports->driver_object_type = &io_driver_type;
    return STATUS_SUCCESS;
}
SB_EXPORT_DATA("IoFileObjectType", file_object_type)
SB_EXPORT_DATA("IoDeviceObjectType", device_object_type)
SB_EXPORT_DATA("IoDriverObjectType", driver_object_type)

void io_destroy(struct machine *machine)
{
    struct io_state *io = machine->io;
    if (!io)
        return;
    for (PLIST_ENTRY link = io->nodes.Flink; link != &io->nodes; link = link->Flink)
        io_properties_forget(CONTAINING_RECORD(link, struct io_node, link));
    /* Lists whose entries are host memory and begin with their link. */
    PLIST_ENTRY lists[] = {&io->timers,       &io->shutdown[0],      &io->shutdown[1],
                           &io->interfaces,   &io->notifications,    &io->nodes,
                           &io->reinitialize, &io->boot_reinitialize};
    for (ULONG i = 0; i < RTL_NUMBER_OF(lists); i++)
        while (lists[i]->Flink && !IsListEmpty(lists[i]))
            linux_free(RemoveHeadList(lists[i]));
    linux_free(io->timer_clock);
    linux_free(io);
    machine->io = NULL;
}
