/* Control requests: what a request looks like, how it ends, how it waits. */
#include "driver.h"

/* ---- waiting in a cancel-safe queue ---- */
static VOID NTAPI csq_insert(PIO_CSQ queue, PIRP irp)
{
    InsertTailList(&CONTAINING_RECORD(queue, struct extension, queue)->waiting,
                   &irp->Tail.Overlay.ListEntry);
}

static VOID NTAPI csq_remove(PIO_CSQ queue, PIRP irp)
{
    (void)queue;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP NTAPI csq_peek(PIO_CSQ queue, PIRP irp, PVOID context)
{
    struct extension *extension = CONTAINING_RECORD(queue, struct extension, queue);
    PLIST_ENTRY next = irp ? irp->Tail.Overlay.ListEntry.Flink : extension->waiting.Flink;
    (void)context;
    return next == &extension->waiting ? NULL
                                       : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}

static VOID NTAPI csq_acquire(PIO_CSQ queue, PKIRQL irql)
{
    KeAcquireSpinLock(&CONTAINING_RECORD(queue, struct extension, queue)->lock, irql);
}

static VOID NTAPI csq_release(PIO_CSQ queue, KIRQL irql)
{
    KeReleaseSpinLock(&CONTAINING_RECORD(queue, struct extension, queue)->lock, irql);
}

static VOID NTAPI csq_cancelled(PIO_CSQ queue, PIRP irp)
{
    CONTAINING_RECORD(queue, struct extension, queue)->counts.cancelled++;
    complete(irp, STATUS_CANCELLED, 0);
}

VOID NTAPI late_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct extension *extension = context;
    PIRP irp = extension->late;
    (void)dpc, (void)argument1, (void)argument2;
    extension->late = NULL;
    *(ULONG *)irp->AssociatedIrp.SystemBuffer = KeGetCurrentIrql();
    complete(irp, STATUS_SUCCESS, sizeof(ULONG));
}

void queues_initialize(struct extension *extension)
{
    InitializeListHead(&extension->waiting);
    IoCsqInitialize(&extension->queue, csq_insert, csq_remove, csq_peek, csq_acquire, csq_release,
                    csq_cancelled);
    extension->has_queue = TRUE;
}

/* ---- waiting with a cancel routine ---- */
static VOID NTAPI cancel_held(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    CHECK(irp->Cancel && irp->CancelRoutine == NULL);
    extension->held = NULL;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    extension->counts.cancelled++;
    complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS hold(struct extension *extension, PIRP irp)
{
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    if (irp->Cancel) {
        IoReleaseCancelSpinLock(irql);
        return complete(irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, cancel_held);
    extension->held = irp;
    IoReleaseCancelSpinLock(irql);
    return STATUS_PENDING;
}

/* ---- ends ---- */
static void answer_request(PIRP irp, const struct answer *answer)
{
    ULONG length = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;
    if (irp->AssociatedIrp.SystemBuffer && answer->fill)
        RtlFillMemory(irp->AssociatedIrp.SystemBuffer, length, (UCHAR)answer->fill);
    complete(irp, (NTSTATUS)answer->status, (ULONG_PTR)answer->information);
}

static NTSTATUS release(struct extension *extension, PIRP irp, const struct answer *answer)
{
    KIRQL irql;
    PIRP waiting = extension->has_queue ? IoCsqRemoveNextIrp(&extension->queue, NULL) : NULL;
    if (!waiting) {
        IoAcquireCancelSpinLock(&irql);
        if (extension->held && IoSetCancelRoutine(extension->held, NULL))
            waiting = extension->held;
        extension->held = NULL;
        IoReleaseCancelSpinLock(irql);
    }
    if (!waiting)
        return complete(irp, STATUS_NO_MORE_ENTRIES, 0);
    answer_request(waiting, answer);
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS report(PIRP irp, PIO_STACK_LOCATION stack)
{
    struct report report = {0};
    PUCHAR input = irp->AssociatedIrp.SystemBuffer, output = input;
    report.method = METHOD_FROM_CTL_CODE(stack->Parameters.DeviceIoControl.IoControlCode);
    report.input_length = stack->Parameters.DeviceIoControl.InputBufferLength;
    report.output_length = stack->Parameters.DeviceIoControl.OutputBufferLength;
    report.has_system_buffer = irp->AssociatedIrp.SystemBuffer != NULL;
    report.mdl_bytes = irp->MdlAddress ? MmGetMdlByteCount(irp->MdlAddress) : 0;
    report.stack_flags = stack->Flags;
    report.requestor_mode = irp->RequestorMode;
    report.is_32_bit = IoIs32bitProcess(irp);
    report.user_buffer = (ULONG_PTR)irp->UserBuffer;
    report.type3_buffer = (ULONG_PTR)stack->Parameters.DeviceIoControl.Type3InputBuffer;
    if (report.method == NEITHER) {
        input = stack->Parameters.DeviceIoControl.Type3InputBuffer;
        output = irp->UserBuffer;
    } else if (report.method != BUFFERED) {
        output = irp->MdlAddress ? MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority)
                                 : NULL;
    }
    if (report.input_length)
        report.first_input = *input;
    if (!output || report.output_length < sizeof(report))
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlCopyMemory(output, &report, sizeof(report));
    return complete(irp, STATUS_SUCCESS, sizeof(report));
}

static NTSTATUS give_counts(struct extension *extension, PIRP irp, ULONG length)
{
    if (length < sizeof(struct counts))
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, &extension->counts, sizeof(struct counts));
    return complete(irp, STATUS_SUCCESS, sizeof(struct counts));
}

NTSTATUS control(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG code = stack->Parameters.DeviceIoControl.IoControlCode;
    ULONG input = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG output = stack->Parameters.DeviceIoControl.OutputBufferLength;
    struct answer answer = {0};
    if (stack->MajorFunction != IRP_MJ_DEVICE_CONTROL &&
        stack->MajorFunction != IRP_MJ_INTERNAL_DEVICE_CONTROL)
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (METHOD_FROM_CTL_CODE(code) == BUFFERED && input >= sizeof(answer))
        answer = *(struct answer *)irp->AssociatedIrp.SystemBuffer;
    switch (((code >> 2) & 0xFFF) - 0x800) {
    case REPORT:
        return report(irp, stack);
    case COMPLETE:
        answer_request(irp, &answer);
        return (NTSTATUS)answer.status;
    case QUEUE:
        IoCsqInsertIrp(&extension->queue, irp, NULL);
        return STATUS_PENDING;
    case HOLD:
        return hold(extension, irp);
    case STICK:
        IoMarkIrpPending(irp);
        extension->stuck = irp;
        return STATUS_PENDING;
    case FINISH: {
        PIRP stuck = extension->stuck;
        extension->stuck = NULL;
        if (stuck)
            complete(stuck, STATUS_SUCCESS, 0);
        return complete(irp, stuck ? STATUS_SUCCESS : STATUS_NO_MORE_ENTRIES, 0);
    }
    case RELEASE:
        return release(extension, irp, &answer);
    case FORGET:
        extension->stuck = irp;
        return STATUS_SUCCESS;
    case COUNT:
    case THROUGH:
        return give_counts(extension, irp, output);
    case LATE:
        if (output < sizeof(ULONG))
            return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
        IoMarkIrpPending(irp);
        extension->late = irp;
        KeInsertQueueDpc(&extension->dpc, NULL, NULL);
        return STATUS_PENDING;
    case LOAD:
    case UNLOAD: {
        UNICODE_STRING key = {(USHORT)input, (USHORT)input, irp->AssociatedIrp.SystemBuffer};
        return complete(
            irp, ((code >> 2) & 0xFFF) - 0x800 == LOAD ? ZwLoadDriver(&key) : ZwUnloadDriver(&key),
            0);
    }
    case INSIDE:
        if (output < sizeof(ULONG))
            return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
        *(ULONG *)irp->AssociatedIrp.SystemBuffer = run_inside();
        return complete(irp, STATUS_SUCCESS, sizeof(ULONG));
    default:
        return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}
