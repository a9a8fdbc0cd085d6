/* File objects: open by name, cleanup with the last handle, close with the last reference. */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { FILE_NAME_TAG = 0x6D4E6F49 };

static PIRP file_irp(PFILE_OBJECT file, UCHAR major, PDEVICE_OBJECT *device)
{
    struct machine *machine = object_header_of(file)->machine;
    *device = io_top_of_stack(file->DeviceObject);
    PIRP irp = io_irp_allocate(machine, (*device)->StackSize);
    if (!irp)
        return NULL;
    irp->Tail.Overlay.Thread = current_thread();
    irp->Tail.Overlay.OriginalFileObject = file;
    irp->RequestorMode = KernelMode;
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = major;
    stack->FileObject = file;
    return irp;
}

/* IRP_MJ_CLEANUP and IRP_MJ_CLOSE: cannot fail, so an IRP must be had. */
static void send_and_forget(PFILE_OBJECT file, UCHAR major, ULONG flags)
{
    PDEVICE_OBJECT device;
    ULONG_PTR information;
    PIRP irp;
    while (!(irp = file_irp(file, major, &device)))
        linux_yield();
    irp->Flags |= flags | IRP_SYNCHRONOUS_API;
    io_call_and_wait(device, irp, &information);
}

static void device_closed(PDEVICE_OBJECT device)
{
    struct io_state *io = object_header_of(device)->machine->io;
    struct io_device_extension *extension = io_device_extension_of(device);
    linux_lock(&io->lock);
    extension->open_count--;
    device->ReferenceCount--;
    BOOLEAN gone = extension->open_count == 0 && extension->delete_pending && !extension->deleted;
    extension->deleted = extension->deleted || gone;
    linux_unlock(&io->lock);
    if (gone)
        ob_dereference(device);
    ob_dereference(device); /* the file's own reference */
}

static void file_close(struct _EPROCESS *process, void *object, LONG64 process_handles,
                       LONG64 handles_left)
{
    PFILE_OBJECT file = object;
    if (handles_left != 0)
        return;
    send_and_forget(file, IRP_MJ_CLEANUP, 0);
    file->Flags |= FO_CLEANUP_COMPLETE;
}

static void file_remove(void *object)
{
    PFILE_OBJECT file = object;
    if (file->Flags & FO_HANDLE_CREATED)
        send_and_forget(file, IRP_MJ_CLOSE, IRP_CLOSE_OPERATION);
    if (file->FileName.Buffer)
        mm_pool_free(object_header_of(object)->machine, file->FileName.Buffer);
    device_closed(file->DeviceObject);
}

OBJECT_TYPE io_file_type = {.name = RTL_CONSTANT_STRING(L"File"),
                            .mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE,
                                        FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS},
                            .valid_access = FILE_ALL_ACCESS,
                            .close = file_close,
                            .remove = file_remove};

/* Counts the open in, unless the device may not be opened now. */
static NTSTATUS device_admit(PDEVICE_OBJECT device)
{
    struct io_state *io = object_header_of(device)->machine->io;
    struct io_device_extension *extension = io_device_extension_of(device);
    NTSTATUS status = STATUS_SUCCESS;
    linux_lock(&io->lock);
    if (extension->delete_pending || (device->Flags & DO_DEVICE_INITIALIZING))
        status = STATUS_NO_SUCH_DEVICE;
    else if ((device->Flags & DO_EXCLUSIVE) && extension->open_count != 0)
        status = STATUS_ACCESS_DENIED;
    if (NT_SUCCESS(status)) {
        extension->open_count++;
        device->ReferenceCount++;
        ob_reference(device);
    }
    linux_unlock(&io->lock);
    return status;
}

static NTSTATUS file_create(PDEVICE_OBJECT device, PUNICODE_STRING rest, struct ob_open *open,
                            struct io_file **created)
{
    struct machine *machine = current_machine();
    struct io_open *parameters = open->context;
    struct io_file *file;
    NTSTATUS status = ob_allocate(machine, &io_file_type, sizeof(*file), (void **)&file);
    if (!NT_SUCCESS(status))
        return status;
    file->granted_access = open->desired_access;
    file->file.Type = IO_TYPE_FILE;
    file->file.Size = sizeof(FILE_OBJECT);
    file->file.DeviceObject = device;
    if (parameters->options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT))
        file->file.Flags |= FO_SYNCHRONOUS_IO;
    file->file.ReadAccess = (open->desired_access & FILE_READ_DATA) != 0;
    file->file.WriteAccess = (open->desired_access & FILE_WRITE_DATA) != 0;
    ke_header_initialize(&file->file.Event.Header, DISPATCHER_NOTIFICATION_EVENT, sizeof(KEVENT),
                         0);
    ke_header_initialize(&file->file.Lock.Header, DISPATCHER_SYNCHRONIZATION_EVENT,
                         sizeof(KEVENT), 0);
    InitializeListHead(&file->file.IrpList);
    if (rest->Length) {
        PWSTR name = mm_pool_allocate(machine, PagedPool, rest->Length, FILE_NAME_TAG);
        if (!name) {
            file->file.DeviceObject = NULL;
            mm_pool_free(machine, object_header_of(file));
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        __builtin_memcpy(name, rest->Buffer, rest->Length);
        file->file.FileName = (UNICODE_STRING){rest->Length, rest->Length, name};
    }
    *created = file;
    return STATUS_SUCCESS;
}

static NTSTATUS send_create(struct io_file *file, struct ob_open *open)
{
    struct io_open *parameters = open->context;
    PDEVICE_OBJECT device;
    PIRP irp = file_irp(&file->file, IRP_MJ_CREATE, &device);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    IO_SECURITY_CONTEXT security = {.DesiredAccess = open->desired_access,
                                    .FullCreateOptions = parameters->options};
    irp->RequestorMode = open->mode;
    irp->Flags |= IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
    irp->Overlay.AllocationSize = parameters->allocation_size;
    stack->Parameters.Create.SecurityContext = &security;
    stack->Parameters.Create.Options =
        (parameters->options & 0xFFFFFF) | (parameters->disposition << 24);
    stack->Parameters.Create.FileAttributes = (USHORT)parameters->file_attributes;
    stack->Parameters.Create.ShareAccess = (USHORT)parameters->share_access;
    return io_call_and_wait(device, irp, &parameters->information);
}

NTSTATUS io_device_parse(void *object, PUNICODE_STRING rest, struct ob_open *open, void **found)
{
    PDEVICE_OBJECT device = object;
    struct io_file *file;
    NTSTATUS status = device_admit(device);
    if (!NT_SUCCESS(status))
        return status;
    status = file_create(device, rest, open, &file);
    if (!NT_SUCCESS(status)) {
        device_closed(device);
        return status;
    }
    status = send_create(file, open);
    if (!NT_SUCCESS(status)) {
        ob_dereference(file); /* no FO_HANDLE_CREATED: the driver sees no close */
        return status;
    }
    file->file.Flags |= FO_HANDLE_CREATED;
    *found = file;
    return status;
}

NTSTATUS io_file_open(PCUNICODE_STRING path, ACCESS_MASK access, struct io_open *parameters,
                      HANDLE *handle)
{
    struct _EPROCESS *process = current_thread()->Tcb.process;
    RtlMapGenericMask(&access, &io_file_type.mapping);
    struct ob_open open = {.desired_access = access,
                           .mode = current_thread()->Tcb.previous_mode,
                           .process = process,
                           .context = parameters};
    void *file;
    NTSTATUS status = ob_lookup(process->machine, path, &open, &file);
    if (!NT_SUCCESS(status))
        return status;
    status = object_header_of(file)->type == &io_file_type
                 ? ob_handle_create(process, file, access, 0, handle)
                 : STATUS_OBJECT_TYPE_MISMATCH;
    ob_dereference(file);
    return status;
}
