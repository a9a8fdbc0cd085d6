/*
 * What becomes of a caller's buffers: a system buffer (buffered), an MDL (direct) or the bare
 * pointers (neither). A user's buffers are probed here, before any driver sees the request; a bad
 * one is STATUS_ACCESS_VIOLATION.
 */
#include "host/io/buffers.h"
#include "host/mm/mdl.h"
#include "host/ps/pool_quota.h"

enum { SYSTEM_BUFFER_TAG = 0x20206F49 };

static BOOLEAN is_user_range(const void *base, SIZE_T length)
{
    uint64_t start = (uint64_t)base;
    return length == 0 || (start + length >= start && start + length <= LINUX_USER_END);
}

NTSTATUS io_probe_read(const void *base, SIZE_T length, KPROCESSOR_MODE mode)
{
    return mode == KernelMode || is_user_range(base, length) ? STATUS_SUCCESS
                                                             : STATUS_ACCESS_VIOLATION;
}

/* Writes each page's first byte back to itself, as ProbeForWrite does. */
NTSTATUS io_probe_write(void *base, SIZE_T length, KPROCESSOR_MODE mode)
{
    if (mode == KernelMode || length == 0)
        return STATUS_SUCCESS;
    if (!is_user_range(base, length))
        return STATUS_ACCESS_VIOLATION;
    uint8_t *end = (uint8_t *)base + length;
    for (uint8_t *at = base; at < end;
         at = (uint8_t *)(((uint64_t)at & ~(LINUX_PAGE_SIZE - 1)) + LINUX_PAGE_SIZE))
        if (!linux_copy_guarded(at, at, 1))
            return STATUS_ACCESS_VIOLATION;
    return STATUS_SUCCESS;
}

/* The caller pays for it where its quota is limited. */
static NTSTATUS charge(PIRP irp, void *buffer, SIZE_T size)
{
    const struct _EPROCESS *process = current_thread()->Tcb.process;
    if (SB_LIKELY(!process->quota[NonPagedPool].limit) || irp->RequestorMode == KernelMode)
        return STATUS_SUCCESS;
    return ps_quota_charge_block(buffer, NonPagedPool, size);
}

/* A system buffer of size bytes, the first length of them copied from source. */
static NTSTATUS take_system_buffer(PIRP irp, SIZE_T size, const void *source, SIZE_T length)
{
    struct machine *machine = current_machine();
    void *buffer = NULL;
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->buffer_allocate)
        buffer = machine->verifier->buffer_allocate(size, SYSTEM_BUFFER_TAG, irp);
    if (!buffer)
        buffer = mm_buffer_allocate(machine, size, SYSTEM_BUFFER_TAG);
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = charge(irp, buffer, size);
    if (SB_LIKELY(NT_SUCCESS(status)) && length && !linux_copy_guarded(buffer, source, length))
        status = STATUS_ACCESS_VIOLATION;
    if (SB_UNLIKELY(!NT_SUCCESS(status))) {
        mm_buffer_free(machine, buffer);
        return status;
    }
    irp->AssociatedIrp.SystemBuffer = buffer;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    return STATUS_SUCCESS;
}

/* Nothing here may raise. What was made is freed with the request. */
static NTSTATUS take_mdl(PIRP irp, void *base, ULONG length, KPROCESSOR_MODE mode,
                         LOCK_OPERATION operation)
{
    if (length == 0)
        return STATUS_SUCCESS;
    if (!NT_SUCCESS(io_probe_read(base, length, mode)))
        return STATUS_ACCESS_VIOLATION;
    PMDL mdl = IoAllocateMdl(base, length, FALSE, FALSE, irp);
    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    mm_mdl_report(mdl, MM_MDL_OF_IRP, 0, NULL);
    return mm_mdl_lock(mdl, mode, operation, __builtin_return_address(0));
}

static inline NTSTATUS take_buffered(PIRP irp, const struct io_request *request)
{
    ULONG input = request->input ? request->input_length : 0;
    ULONG output = request->output ? request->output_length : 0;
    ULONG size = input > output ? input : output;
    NTSTATUS status = io_probe_write(request->output, output, request->mode);
    if (NT_SUCCESS(status))
        status = io_probe_read(request->input, input, request->mode);
    if (!NT_SUCCESS(status) || size == 0)
        return status;
    irp->UserBuffer = request->output;
    if (request->output)
        irp->Flags |= IRP_INPUT_OPERATION;
    return take_system_buffer(irp, size, request->input, input);
}

/* The output's length alone asks for an MDL: a missing buffer is an address that cannot be locked.
 */
static NTSTATUS take_direct(PIRP irp, const struct io_request *request, LOCK_OPERATION operation)
{
    ULONG input = request->input ? request->input_length : 0;
    NTSTATUS status = io_probe_read(request->input, input, request->mode);
    if (NT_SUCCESS(status) && input)
        status = take_system_buffer(irp, input, request->input, input);
    if (NT_SUCCESS(status))
        status = take_mdl(irp, request->output, request->output_length, request->mode, operation);
    return status;
}

NTSTATUS io_take_control(PIRP irp, PIO_STACK_LOCATION stack, const struct io_request *request)
{
    ULONG method = METHOD_FROM_CTL_CODE(request->control_code);
    ULONG input = request->input_length, output = request->output_length;
    /* A missing buffer has no length, but for METHOD_NEITHER and the output of direct requests. */
    if (!request->input && method != METHOD_NEITHER)
        input = 0;
    if (!request->output && method == METHOD_BUFFERED)
        output = 0;
    stack->Parameters.DeviceIoControl.IoControlCode = request->control_code;
    stack->Parameters.DeviceIoControl.InputBufferLength = input;
    stack->Parameters.DeviceIoControl.OutputBufferLength = output;
    switch (method) {
    case METHOD_BUFFERED:
        return take_buffered(irp, request);
    case METHOD_NEITHER:
        stack->Parameters.DeviceIoControl.Type3InputBuffer = request->input;
        irp->UserBuffer = request->output;
        return STATUS_SUCCESS;
    case METHOD_IN_DIRECT:
        return take_direct(irp, request, IoReadAccess);
    default:
        return take_direct(irp, request, IoWriteAccess);
    }
}

/* NtReadFile probes for writing whatever the device's method; NtWriteFile for reading. */
NTSTATUS io_take_transfer(PIRP irp, PIO_STACK_LOCATION stack, PDEVICE_OBJECT device,
                          const struct io_request *request)
{
    BOOLEAN reads = request->major == IRP_MJ_READ;
    void *base = reads ? request->output : request->input;
    ULONG length = reads ? request->output_length : request->input_length;
    NTSTATUS status = reads ? io_probe_write(base, length, request->mode)
                            : io_probe_read(base, length, request->mode);
    if (!NT_SUCCESS(status))
        return status;
    stack->Parameters.Read.Length = length;
    stack->Parameters.Read.Key = request->key;
    stack->Parameters.Read.ByteOffset = request->offset;
    irp->Flags |= (reads ? IRP_READ_OPERATION : IRP_WRITE_OPERATION) | IRP_DEFER_IO_COMPLETION;
    if (device->Flags & DO_BUFFERED_IO) {
        irp->Flags |= IRP_BUFFERED_IO | (reads ? IRP_INPUT_OPERATION : 0);
        irp->UserBuffer = base;
        return length ? take_system_buffer(irp, length, base, reads ? 0 : length) : STATUS_SUCCESS;
    }
    if (device->Flags & DO_DIRECT_IO)
        return take_mdl(irp, base, length, request->mode, reads ? IoWriteAccess : IoReadAccess);
    irp->UserBuffer = base;
    return STATUS_SUCCESS;
}

/* The length lies in the request's memory: file systems are given its address. */
NTSTATUS io_take_lock(PIRP irp, PIO_STACK_LOCATION stack, const struct io_request *request)
{
    const SIZE_T size = sizeof(request->lock_length);
    NTSTATUS status = take_system_buffer(irp, size, &request->lock_length, size);
    if (!NT_SUCCESS(status))
        return status;
    stack->Flags = request->flags;
    stack->Parameters.LockControl.Length = irp->AssociatedIrp.SystemBuffer;
    stack->Parameters.LockControl.Key = request->key;
    stack->Parameters.LockControl.ByteOffset = request->offset;
    return STATUS_SUCCESS;
}
