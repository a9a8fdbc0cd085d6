#include "host/fs/zw_query.h"

enum { QUERY_TAG = 0x7151775A };

static PIRP make_irp(PFILE_OBJECT file, const struct zw_query *query, PVOID copy,
                     PDEVICE_OBJECT *device)
{
    PIRP irp = io_file_irp(file, query->major, device);
    if (!irp)
        return NULL;
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    irp->AssociatedIrp.SystemBuffer = copy;
    irp->UserBuffer = copy; /* where file systems without DO_BUFFERED_IO look */
    irp->Flags |= IRP_BUFFERED_IO;
    stack->MinorFunction = query->minor;
    stack->Flags = query->flags;
    query->fill(stack, query);
    return irp;
}

static NTSTATUS send(PFILE_OBJECT file, const struct zw_query *query, PVOID buffer,
                     ULONG_PTR *information)
{
    PDEVICE_OBJECT device;
    PVOID copy =
        ExAllocatePoolWithTag(NonPagedPoolNx, query->length ? query->length : 1, QUERY_TAG);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (query->is_input)
        RtlCopyMemory(copy, buffer, query->length);
    else
        RtlZeroMemory(copy, query->length);
    PIRP irp = make_irp(file, query, copy, &device);
    NTSTATUS status =
        irp ? io_call_and_wait(device, irp, information) : STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_ERROR(status) && !query->is_input) {
        if (*information > query->length)
            *information = query->length;
        RtlCopyMemory(buffer, copy, *information);
    }
    ExFreePoolWithTag(copy, QUERY_TAG);
    return status;
}

NTSTATUS zw_query(PFILE_OBJECT file, const struct zw_query *query, PVOID buffer,
                  PIO_STATUS_BLOCK status_block)
{
    ULONG_PTR information = 0;
    BOOLEAN in_turn = (file->Flags & FO_SYNCHRONOUS_IO) != 0;
    if (in_turn && !io_file_enter(file))
        return STATUS_THREAD_IS_TERMINATING;
    NTSTATUS status = send(file, query, buffer, &information);
    if (in_turn)
        io_file_leave(file);
    if (!NT_ERROR(status)) {
        status_block->Information = information;
        status_block->Status = status;
    }
    return status;
}

NTSTATUS zw_query_handle(HANDLE handle, ACCESS_MASK access, const struct zw_query *query,
                         PVOID buffer, PIO_STATUS_BLOCK status_block)
{
    PFILE_OBJECT file;
    NTSTATUS status =
        ObReferenceObjectByHandle(handle, access, &io_file_type, KernelMode, (PVOID *)&file, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = zw_query(file, query, buffer, status_block);
    ob_dereference(file);
    return status;
}
