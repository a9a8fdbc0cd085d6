/*
 * NtQueryInformationFile and NtSetInformationFile. What the I/O manager knows itself (position,
 * mode, access, alignment, ports) it answers; the rest is the driver's.
 */
#include "host/io/buffers.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { INFORMATION_TAG = 0x6E496F49 };
enum { REPLACE_COMPLETION_CLASS = 61, NOTIFICATION_MODES_CLASS = 41 };

static ULONG minimum_length(FILE_INFORMATION_CLASS class)
{
    switch ((int)class) {
    case FileBasicInformation:
        return sizeof(FILE_BASIC_INFORMATION);
    case FileStandardInformation:
        return sizeof(FILE_STANDARD_INFORMATION);
    case FilePositionInformation:
        return sizeof(FILE_POSITION_INFORMATION);
    case FileAccessInformation:
    case FileModeInformation:
    case FileAlignmentInformation:
    case FileEaInformation:
    case NOTIFICATION_MODES_CLASS:
        return sizeof(ULONG);
    case FileNameInformation:
        return FIELD_OFFSET(FILE_NAME_INFORMATION, FileName);
    case FileInternalInformation:
    case FileAllocationInformation:
    case FileEndOfFileInformation:
        return sizeof(LARGE_INTEGER);
    case FileNetworkOpenInformation:
        return sizeof(FILE_NETWORK_OPEN_INFORMATION);
    case FileCompletionInformation:
    case REPLACE_COMPLETION_CLASS:
        return sizeof(FILE_COMPLETION_INFORMATION);
    case FileDispositionInformation:
        return sizeof(BOOLEAN);
    default:
        return 0;
    }
}

static ULONG mode_of(const FILE_OBJECT *file)
{
    static const struct {
        ULONG flag, mode;
    } pairs[] = {{FO_WRITE_THROUGH, FILE_WRITE_THROUGH},
                 {FO_SEQUENTIAL_ONLY, FILE_SEQUENTIAL_ONLY},
                 {FO_NO_INTERMEDIATE_BUFFERING, FILE_NO_INTERMEDIATE_BUFFERING},
                 {FO_DELETE_ON_CLOSE, FILE_DELETE_ON_CLOSE}};
    ULONG mode = 0;
    for (ULONG i = 0; i < RTL_NUMBER_OF(pairs); i++)
        if (file->Flags & pairs[i].flag)
            mode |= pairs[i].mode;
    if (file->Flags & FO_SYNCHRONOUS_IO)
        mode |= file->Flags & FO_ALERTABLE_IO ? FILE_SYNCHRONOUS_IO_ALERT
                                              : FILE_SYNCHRONOUS_IO_NONALERT;
    return mode;
}

NTSTATUS io_ask_driver(struct io_file *file, UCHAR major, FILE_INFORMATION_CLASS class,
                       void *buffer, ULONG length, ULONG_PTR *information)
{
    struct machine *machine = current_machine();
    PDEVICE_OBJECT device;
    void *copy = mm_pool_allocate_zero(machine, length ? length : 1, INFORMATION_TAG);
    PIRP irp = copy ? io_file_irp(&file->file, major, &device) : NULL;
    if (!irp) {
        if (copy)
            mm_pool_free(machine, copy);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    irp->AssociatedIrp.SystemBuffer = copy;
    irp->Flags |= IRP_BUFFERED_IO; /* the buffer stays this routine's */
    stack->Parameters.QueryFile.Length = length;
    stack->Parameters.QueryFile.FileInformationClass = class;
    if (major == IRP_MJ_SET_INFORMATION)
        RtlCopyMemory(copy, buffer, length);
    NTSTATUS status = io_call_and_wait(device, irp, information);
    if (major == IRP_MJ_QUERY_INFORMATION && !NT_ERROR(status)) {
        if (*information > length)
            *information = length;
        RtlCopyMemory(buffer, copy, *information);
    }
    mm_pool_free(machine, copy);
    return status;
}

static NTSTATUS query(struct io_file *file, ACCESS_MASK access, FILE_INFORMATION_CLASS class,
                      void *buffer, ULONG length, ULONG_PTR *information)
{
    switch ((int)class) {
    case FilePositionInformation:
        if (!(file->file.Flags & FO_SYNCHRONOUS_IO))
            break;
        ((PFILE_POSITION_INFORMATION)buffer)->CurrentByteOffset = file->file.CurrentByteOffset;
        *information = sizeof(FILE_POSITION_INFORMATION);
        return STATUS_SUCCESS;
    case FileAccessInformation:
        *(PULONG)buffer = access;
        *information = sizeof(ULONG);
        return STATUS_SUCCESS;
    case FileModeInformation:
        *(PULONG)buffer = mode_of(&file->file);
        *information = sizeof(ULONG);
        return STATUS_SUCCESS;
    case FileAlignmentInformation:
        *(PULONG)buffer = file->file.DeviceObject->AlignmentRequirement;
        *information = sizeof(ULONG);
        return STATUS_SUCCESS;
    case NOTIFICATION_MODES_CLASS:
        *(PULONG)buffer = file->completion_modes;
        *information = sizeof(ULONG);
        return STATUS_SUCCESS;
    }
    return io_ask_driver(file, IRP_MJ_QUERY_INFORMATION, class, buffer, length, information);
}

static NTSTATUS set_port(struct io_file *file, const FILE_COMPLETION_INFORMATION *completion,
                         BOOLEAN replace, KPROCESSOR_MODE mode)
{
    struct io_state *io = current_machine()->io;
    struct handle_entry entry;
    void *port = NULL, *old = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    if (file->file.Flags & FO_SYNCHRONOUS_IO)
        return STATUS_INVALID_PARAMETER; /* nothing would ever be posted */
    if (completion->Port || !replace)
        status = ob_handle_reference(current_thread()->Tcb.process, completion->Port, 2,
                                     &io_port_type, mode, &port, &entry);
    if (!NT_SUCCESS(status))
        return status;
    linux_lock(&io->lock);
    if (file->file.CompletionContext && !replace) {
        status = STATUS_INVALID_PARAMETER; /* one port for a file's life */
    } else {
        old = file->file.CompletionContext ? file->port.Port : NULL;
        file->port = (IO_COMPLETION_CONTEXT){port, completion->Key};
        file->file.CompletionContext = port ? &file->port : NULL;
    }
    linux_unlock(&io->lock);
    if (!NT_SUCCESS(status))
        old = port;
    if (old)
        ob_dereference(old);
    return status;
}

/* The modes can be set but never taken back. */
static NTSTATUS set_modes(struct io_file *file, ULONG modes)
{
    static const struct {
        ULONG mode, flag;
    } pairs[] = {{FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, FO_SKIP_COMPLETION_PORT},
                 {FILE_SKIP_SET_EVENT_ON_HANDLE, FO_SKIP_SET_EVENT},
                 {FILE_SKIP_SET_USER_EVENT_ON_FAST_IO, FO_SKIP_SET_FAST_IO}};
    if ((modes & ~7u) || (file->file.Flags & FO_SYNCHRONOUS_IO))
        return STATUS_INVALID_PARAMETER;
    file->completion_modes |= modes;
    for (ULONG i = 0; i < RTL_NUMBER_OF(pairs); i++)
        if (modes & pairs[i].mode)
            file->file.Flags |= pairs[i].flag;
    return STATUS_SUCCESS;
}

static NTSTATUS set_position(struct io_file *file, const FILE_POSITION_INFORMATION *position)
{
    if (position->CurrentByteOffset.QuadPart < 0)
        return STATUS_INVALID_PARAMETER;
    file->file.CurrentByteOffset = position->CurrentByteOffset;
    return STATUS_SUCCESS;
}

/* The access a class needs, of a user's handle. */
static ACCESS_MASK access_to_set(FILE_INFORMATION_CLASS class)
{
    switch (class) {
    case FileBasicInformation:
        return FILE_WRITE_ATTRIBUTES;
    case FileDispositionInformation:
    case FileRenameInformation:
        return DELETE;
    case FileAllocationInformation:
    case FileEndOfFileInformation:
        return FILE_WRITE_DATA;
    default:
        return 0;
    }
}

static NTSTATUS set(struct io_file *file, FILE_INFORMATION_CLASS class, void *buffer, ULONG length,
                    KPROCESSOR_MODE mode, ULONG_PTR *information)
{
    switch ((int)class) {
    case FileCompletionInformation:
        return set_port(file, buffer, FALSE, mode);
    case REPLACE_COMPLETION_CLASS:
        return set_port(file, buffer, TRUE, mode);
    case NOTIFICATION_MODES_CLASS:
        return set_modes(file, *(PULONG)buffer);
    case FilePositionInformation:
        if (file->file.Flags & FO_SYNCHRONOUS_IO)
            return set_position(file, buffer);
    }
    return io_ask_driver(file, IRP_MJ_SET_INFORMATION, class, buffer, length, information);
}

static BOOLEAN enter(struct io_file *file)
{
    return !(file->file.Flags & FO_SYNCHRONOUS_IO) || io_file_enter(&file->file);
}

static void leave(struct io_file *file, NTSTATUS status, ULONG_PTR information,
                  PIO_STATUS_BLOCK result)
{
    if (file->file.Flags & FO_SYNCHRONOUS_IO)
        io_file_leave(&file->file);
    result->Status = status;
    result->Information = information;
}

NTSTATUS io_file_query(struct io_file *file, ACCESS_MASK access, FILE_INFORMATION_CLASS class,
                       void *buffer, ULONG length, PIO_STATUS_BLOCK result)
{
    ULONG_PTR information = 0;
    if ((ULONG) class == 0 || (ULONG) class >= 128)
        return STATUS_INVALID_INFO_CLASS;
    if (length < minimum_length(class))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!enter(file))
        return STATUS_THREAD_IS_TERMINATING;
    NTSTATUS status = query(file, access, class, buffer, length, &information);
    leave(file, status, information, result);
    return status;
}

NTSTATUS io_file_set(struct io_file *file, ACCESS_MASK access, FILE_INFORMATION_CLASS class,
                     void *buffer, ULONG length, KPROCESSOR_MODE mode, PIO_STATUS_BLOCK result)
{
    ULONG_PTR information = 0;
    ACCESS_MASK needed = access_to_set(class);
    if ((ULONG) class == 0 || (ULONG) class >= 128)
        return STATUS_INVALID_INFO_CLASS;
    if (length < minimum_length(class))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (mode == UserMode && (access & needed) != needed)
        return STATUS_ACCESS_DENIED;
    if (!enter(file))
        return STATUS_THREAD_IS_TERMINATING;
    NTSTATUS status = set(file, class, buffer, length, mode, &information);
    leave(file, status, information, result);
    return status;
}

/* Drivers ask about another driver's file by its object. */
NTSTATUS NTAPI IoQueryFileInformation(PFILE_OBJECT file, FILE_INFORMATION_CLASS class, ULONG length,
                                      PVOID buffer, PULONG returned)
{
    IO_STATUS_BLOCK result = {0};
    NTSTATUS status =
        io_file_query((struct io_file *)file, FILE_ALL_ACCESS, class, buffer, length, &result);
    *returned = (ULONG)result.Information;
    return status;
}
SB_EXPORT(IoQueryFileInformation)

NTSTATUS NTAPI IoSetInformation(PFILE_OBJECT file, FILE_INFORMATION_CLASS class, ULONG length,
                                PVOID buffer)
{
    IO_STATUS_BLOCK result = {0};
    return io_file_set((struct io_file *)file, FILE_ALL_ACCESS, class, buffer, length, KernelMode,
                       &result);
}
SB_EXPORT(IoSetInformation)
