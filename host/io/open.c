/* Opening by name: from NtCreateFile's arguments through the device's security to IRP_MJ_CREATE. */
#include "host/io/pnp.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"
#include "host/se/se.h"

enum { FILE_NAME_TAG = 0x6D4E6F49 };

/* Counts the open in, unless the device may not be opened now. An exclusive device is held by its
 * first file object; opens relative to that one are let in. */
static NTSTATUS device_admit(PDEVICE_OBJECT device, BOOLEAN relative)
{
    struct io_state *io = object_header_of(device)->machine->io;
    struct io_device_extension *extension = io_device_extension_of(device);
    NTSTATUS status = STATUS_SUCCESS;
    linux_lock(&io->lock);
    if (extension->delete_pending || io_device_is_gone(device) ||
        (device->Flags & DO_DEVICE_INITIALIZING) ||
        (device->DriverObject->Flags & DRVO_UNLOAD_INVOKED))
        status = STATUS_NO_SUCH_DEVICE;
    else if ((device->Flags & DO_EXCLUSIVE) && extension->open_count != 0 && !relative)
        status = STATUS_ACCESS_DENIED;
    if (NT_SUCCESS(status)) {
        extension->open_count++;
        device->ReferenceCount++;
        ob_reference(device);
    }
    linux_unlock(&io->lock);
    return status;
}

/* The device's descriptor guards the device itself; names below it only with
 * FILE_DEVICE_SECURE_OPEN, else they are the driver's to guard. */
static NTSTATUS check_security(PDEVICE_OBJECT device, PUNICODE_STRING rest, struct ob_open *open)
{
    struct io_open *parameters = open->context;
    BOOLEAN guarded = rest->Length == 0 || (device->Characteristics & FILE_DEVICE_SECURE_OPEN);
    if (guarded && !parameters->related)
        return se_object_access(device, open->desired_access, open->mode, &parameters->granted);
    ACCESS_MASK access = open->desired_access;
    if (access & MAXIMUM_ALLOWED)
        access = FILE_ALL_ACCESS;
    RtlMapGenericMask(&access, &io_file_type.mapping);
    parameters->granted = access;
    return STATUS_SUCCESS;
}

static ULONG flags_of_options(ULONG options, ULONG attributes)
{
    static const struct {
        ULONG option, flag;
    } pairs[] = {
        {FILE_SYNCHRONOUS_IO_ALERT, FO_SYNCHRONOUS_IO | FO_ALERTABLE_IO},
        {FILE_SYNCHRONOUS_IO_NONALERT, FO_SYNCHRONOUS_IO},
        {FILE_NO_INTERMEDIATE_BUFFERING, FO_NO_INTERMEDIATE_BUFFERING},
        {FILE_WRITE_THROUGH, FO_WRITE_THROUGH},
        {FILE_SEQUENTIAL_ONLY, FO_SEQUENTIAL_ONLY},
        {FILE_RANDOM_ACCESS, FO_RANDOM_ACCESS},
    };
    ULONG flags = attributes & OBJ_CASE_INSENSITIVE ? 0 : FO_OPENED_CASE_SENSITIVE;
    for (ULONG i = 0; i < RTL_NUMBER_OF(pairs); i++)
        if (options & pairs[i].option)
            flags |= pairs[i].flag;
    return flags;
}

static NTSTATUS copy_name(struct machine *machine, PUNICODE_STRING from, PUNICODE_STRING to)
{
    if (from->Length == 0)
        return STATUS_SUCCESS;
    to->Buffer = mm_pool_allocate(machine, PagedPool, from->Length + sizeof(WCHAR), FILE_NAME_TAG);
    if (!to->Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memcpy(to->Buffer, from->Buffer, from->Length);
    to->Buffer[from->Length / sizeof(WCHAR)] = 0;
    to->Length = from->Length;
    to->MaximumLength = from->Length + sizeof(WCHAR);
    return STATUS_SUCCESS;
}

static NTSTATUS file_create(PUNICODE_STRING rest, struct ob_open *open, struct io_file **created)
{
    struct machine *machine = current_machine();
    struct io_open *parameters = open->context;
    struct io_file *file;
    NTSTATUS status = ob_allocate(machine, &io_file_type, sizeof(*file), (void **)&file);
    if (!NT_SUCCESS(status))
        return status;
    file->file.Type = IO_TYPE_FILE;
    file->file.Size = sizeof(FILE_OBJECT);
    file->file.Flags = flags_of_options(parameters->options, open->attributes);
    ke_header_initialize(&file->file.Event.Header, DISPATCHER_NOTIFICATION_EVENT, sizeof(KEVENT),
                         0);
    ke_header_initialize(&file->file.Lock.Header, DISPATCHER_SYNCHRONIZATION_EVENT, sizeof(KEVENT),
                         0);
    InitializeListHead(&file->file.IrpList);
    status = copy_name(machine, rest, &file->file.FileName);
    if (!NT_SUCCESS(status)) {
        ob_dereference(file);
        return status;
    }
    if (parameters->related) {
        ob_reference(parameters->related);
        file->file.RelatedFileObject = parameters->related;
    }
    *created = file;
    return STATUS_SUCCESS;
}

static NTSTATUS send_create(struct io_file *file, struct ob_open *open)
{
    struct io_open *parameters = open->context;
    ACCESS_STATE access;
    PDEVICE_OBJECT device;
    PIRP irp = io_file_irp(&file->file, IRP_MJ_CREATE, &device);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status =
        SeCreateAccessState(&access, NULL, open->desired_access, &io_file_type.mapping);
    if (!NT_SUCCESS(status)) {
        IoFreeIrp(irp);
        return status;
    }
    access.PreviouslyGrantedAccess |= parameters->granted;
    access.RemainingDesiredAccess &= ~(parameters->granted | MAXIMUM_ALLOWED);
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    IO_SECURITY_CONTEXT security = {.AccessState = &access,
                                    .DesiredAccess = parameters->granted,
                                    .FullCreateOptions = parameters->options};
    irp->RequestorMode = open->mode;
    irp->Flags |= IRP_CREATE_OPERATION | IRP_DEFER_IO_COMPLETION;
    irp->Overlay.AllocationSize = parameters->allocation_size;
    irp->AssociatedIrp.SystemBuffer = parameters->ea;
    stack->Flags = open->attributes & OBJ_CASE_INSENSITIVE ? 0 : SL_CASE_SENSITIVE;
    stack->Parameters.Create.SecurityContext = &security;
    stack->Parameters.Create.Options =
        (parameters->options & 0xFFFFFF) | (parameters->disposition << 24);
    stack->Parameters.Create.FileAttributes = (USHORT)parameters->file_attributes;
    stack->Parameters.Create.ShareAccess = (USHORT)parameters->share_access;
    stack->Parameters.Create.EaLength = parameters->ea_length;
    status = io_call_and_wait(device, irp, &parameters->information);
    SeDeleteAccessState(&access);
    return status;
}

/* Options of IoCreateFileEx that stay with the file. */
static NTSTATUS extend(struct io_file *file, const struct io_open *parameters)
{
    struct io_file_extension *extension = &file->extension;
    extension->ignores_sharing = (parameters->create_flags & IO_IGNORE_SHARE_ACCESS_CHECK) != 0;
    extension->top = parameters->hint;
    if (extension->ignores_sharing || extension->top)
        file->file.FileObjectExtension = extension;
    PDEVICE_OBJECT device = file->file.DeviceObject;
    while (parameters->hint && device && device != parameters->hint)
        device = device->AttachedDevice;
    return device ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_OBJECT_PARAMETER;
}

NTSTATUS io_device_parse(void *object, PUNICODE_STRING rest, struct ob_open *open, void **found)
{
    PDEVICE_OBJECT device = object;
    struct io_open *parameters = open->context;
    struct io_file *file;
    NTSTATUS status = device_admit(device, parameters->related != NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = check_security(device, rest, open);
    if (NT_SUCCESS(status))
        status = file_create(rest, open, &file);
    if (!NT_SUCCESS(status)) {
        io_device_closed(device);
        return status;
    }
    file->file.DeviceObject = device; /* from here on the file counts as the open */
    status = extend(file, parameters);
    if (NT_SUCCESS(status))
        status = send_create(file, open);
    if (status == STATUS_REPARSE)
        status = io_reparse(&file->file, rest, parameters->information, &open->reparse);
    if (!NT_SUCCESS(status) || status == STATUS_REPARSE) {
        ob_dereference(file); /* no FO_HANDLE_CREATED: the driver sees no close */
        return status;
    }
    file->file.Flags |= FO_HANDLE_CREATED;
    *found = file;
    return status;
}

/* Below an open file: relative to it, on its device. */
NTSTATUS io_file_parse(void *object, PUNICODE_STRING rest, struct ob_open *open, void **found)
{
    PFILE_OBJECT related = object;
    struct io_open *parameters = open->context;
    parameters->related = related;
    NTSTATUS status = io_device_parse(related->DeviceObject, rest, open, found);
    parameters->related = NULL;
    return status;
}

/* What NtCreateFile refuses before it looks at the name. */
static NTSTATUS check_parameters(const struct io_open *open, ACCESS_MASK access)
{
    const ULONG synchronous = FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT;
    ULONG options = open->options;
    if (open->disposition > FILE_MAXIMUM_DISPOSITION || (options & ~FILE_VALID_OPTION_FLAGS) ||
        (open->share_access & ~(ULONG)FILE_SHARE_VALID_FLAGS) ||
        (open->file_attributes & ~(ULONG)FILE_ATTRIBUTE_VALID_FLAGS))
        return STATUS_INVALID_PARAMETER;
    if ((options & synchronous) == synchronous ||
        ((options & synchronous) && !(access & SYNCHRONIZE)))
        return STATUS_INVALID_PARAMETER;
    if ((options & FILE_DELETE_ON_CLOSE) && !(access & DELETE))
        return STATUS_INVALID_PARAMETER;
    if ((options & FILE_DIRECTORY_FILE) && (options & FILE_NON_DIRECTORY_FILE))
        return STATUS_INVALID_PARAMETER;
    if ((options & FILE_NO_INTERMEDIATE_BUFFERING) && (access & FILE_APPEND_DATA))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

NTSTATUS io_file_open(POBJECT_ATTRIBUTES attributes, ACCESS_MASK access, KPROCESSOR_MODE mode,
                      struct io_open *parameters, HANDLE *handle)
{
    struct _EPROCESS *process = ob_handle_owner(attributes->Attributes);
    struct ob_open open = {.mode = mode,
                           .attributes = attributes->Attributes,
                           .process = process,
                           .context = parameters};
    void *file;
    NTSTATUS status = parameters->create_flags & IO_NO_PARAMETER_CHECKING
                          ? STATUS_SUCCESS
                          : check_parameters(parameters, access); /* as asked, not as mapped */
    RtlMapGenericMask(&access, &io_file_type.mapping);
    open.desired_access = access;
    if (NT_SUCCESS(status))
        status = ob_open_by_attributes(attributes, &open, &file);
    if (!NT_SUCCESS(status))
        return status;
    NTSTATUS opened = status; /* a driver's warning is passed on */
    if (object_header_of(file)->type != &io_file_type)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else
        status =
            ob_handle_create(process, file, parameters->granted,
                             attributes->Attributes & (OBJ_INHERIT | OBJ_KERNEL_HANDLE), handle);
    if (!NT_SUCCESS(status) && object_header_of(file)->type == &io_file_type)
        io_file_type.close(process, file, 0, 0);
    ob_dereference(file);
    return NT_SUCCESS(status) ? opened : status;
}
