/* File objects: their life, the order of requests on them, cleanup and close. */
#include "host/io/io.h"
#include "host/ke/schedule.h"
#include "host/mm/mm.h"

enum { EXIT_PATIENCE = -3 * 10000000 }; /* 3 s: how long a process's end waits for a file */

static PIRP irp_for(PFILE_OBJECT file, PDEVICE_OBJECT device, UCHAR major)
{
    PIRP irp = io_irp_allocate_bare(object_header_of(file)->machine, device->StackSize);
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

PIRP io_file_irp(PFILE_OBJECT file, UCHAR major, PDEVICE_OBJECT *device)
{
    *device = IoGetRelatedDeviceObject(file);
    return irp_for(file, *device, major);
}

BOOLEAN io_file_enter(PFILE_OBJECT file)
{
    if (SB_LIKELY(__atomic_exchange_n(&file->Busy, 1, __ATOMIC_ACQUIRE) == 0))
        return TRUE;
    NTSTATUS status = STATUS_SUCCESS;
    __atomic_add_fetch(&file->Waiters, 1, __ATOMIC_SEQ_CST);
    while (__atomic_exchange_n(&file->Busy, 1, __ATOMIC_SEQ_CST) != 0 && status == STATUS_SUCCESS)
        status = KeWaitForSingleObject(&file->Lock, Executive, current_thread()->Tcb.previous_mode,
                                       FALSE, NULL);
    __atomic_sub_fetch(&file->Waiters, 1, __ATOMIC_SEQ_CST);
    return status == STATUS_SUCCESS;
}

void io_file_leave(PFILE_OBJECT file)
{
    __atomic_exchange_n(&file->Busy, 0, __ATOMIC_SEQ_CST);
    if (SB_UNLIKELY(__atomic_load_n(&file->Waiters, __ATOMIC_SEQ_CST)))
        KeSetEvent(&file->Lock, IO_NO_INCREMENT, FALSE);
}

NTSTATUS io_file_wait(PFILE_OBJECT file)
{
    KPROCESSOR_MODE mode = current_thread()->Tcb.previous_mode;
    if (KeWaitForSingleObject(&file->Event, Executive, mode, FALSE, NULL) == STATUS_SUCCESS)
        return file->FinalStatus;
    /* The thread ends. Its caller's memory goes with it, so the request must be over first. */
    io_thread_rundown(current_thread());
    return STATUS_THREAD_IS_TERMINATING;
}

/* It cannot fail, so an IRP must be had. */
void io_file_tell(PFILE_OBJECT file, PDEVICE_OBJECT device, UCHAR major, ULONG flags)
{
    ULONG_PTR information;
    ULONG turns = 0;
    PIRP irp;
    while (!(irp = irp_for(file, device, major)))
        schedule_spin(&turns);
    irp->Flags |= flags;
    io_call_and_wait(device, irp, &information);
}

/* On NT, too, the last close of a synchronous file waits for the request under way. A process that
 * exits does not wait for ever. */
static BOOLEAN enter_for_cleanup(struct _EPROCESS *process, PFILE_OBJECT file)
{
    LARGE_INTEGER patience = {.QuadPart = EXIT_PATIENCE};
    if (!(file->Flags & FO_SYNCHRONOUS_IO))
        return FALSE;
    if (!process->is_exiting)
        return io_file_enter(file);
    __atomic_add_fetch(&file->Waiters, 1, __ATOMIC_SEQ_CST);
    BOOLEAN entered = FALSE;
    for (int turn = 0; turn < 2 && !entered; turn++) {
        entered = __atomic_exchange_n(&file->Busy, 1, __ATOMIC_SEQ_CST) == 0;
        if (!entered && turn == 0)
            KeWaitForSingleObject(&file->Lock, Executive, KernelMode, FALSE, &patience);
    }
    __atomic_sub_fetch(&file->Waiters, 1, __ATOMIC_SEQ_CST);
    return entered;
}

static void file_close(struct _EPROCESS *process, void *object, LONG64 process_handles,
                       LONG64 handles_left)
{
    PFILE_OBJECT file = object;
    if (handles_left != 0 || !(file->Flags & FO_HANDLE_CREATED))
        return;
    BOOLEAN entered = enter_for_cleanup(process, file);
    io_file_tell(file, IoGetRelatedDeviceObject(file), IRP_MJ_CLEANUP, 0);
    __atomic_fetch_or(&file->Flags, FO_CLEANUP_COMPLETE, __ATOMIC_RELAXED);
    if (entered)
        io_file_leave(file);
}

static void file_remove(void *object)
{
    struct io_file *file = object;
    if (file->file.Flags & FO_HANDLE_CREATED)
        io_file_tell(&file->file, IoGetRelatedDeviceObject(&file->file), IRP_MJ_CLOSE,
                     IRP_CLOSE_OPERATION);
    io_file_drop_port(file);
    if (file->file.FileName.Buffer)
        mm_pool_free(object_header_of(object)->machine, file->file.FileName.Buffer);
    if (file->file.RelatedFileObject)
        ob_dereference(file->file.RelatedFileObject);
    if (file->file.DeviceObject)
        io_device_closed(file->file.DeviceObject);
}

static PKEVENT file_waitable(void *object)
{
    return &((PFILE_OBJECT)object)->Event;
}

OBJECT_TYPE io_file_type = {
    .self = &io_file_type,
    .name = RTL_CONSTANT_STRING(L"File"),
    .mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS},
    .valid_access = FILE_ALL_ACCESS,
    .removes_at_passive = TRUE,
    .close = file_close,
    .remove = file_remove,
    .parse = io_file_parse,
    .name_of = io_file_name_of,
    .name_is_cut = TRUE,
    .waitable = file_waitable};
