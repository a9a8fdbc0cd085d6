/* IRPs: their memory, and the way down. */
#include "host/io/io.h"
#include "host/ke/schedule.h"
#include "host/mm/mm.h"
#include "host/ps/pool_quota.h"
#include "host/trace/trace.h"

enum { IRP_TAG = 0x20707249, COMPLETION_TAG = 0x72436F49 };

#undef IoSizeOfIrp
static USHORT irp_size(CCHAR stack_size)
{
    return (USHORT)(sizeof(IRP) + (ULONG)stack_size * sizeof(IO_STACK_LOCATION));
}

static inline void irp_fill(PIRP irp, USHORT size, CCHAR stack_size)
{
    __builtin_memset(irp, 0, size);
    irp->Type = IO_TYPE_IRP;
    irp->Size = size;
    irp->StackCount = stack_size;
    irp->CurrentLocation = (CCHAR)(stack_size + 1);
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack_size;
    InitializeListHead(&irp->ThreadListEntry);
}

static inline PIRP allocate(struct machine *machine, CCHAR stack_size, BOOLEAN gets_buffer)
{
    USHORT size = irp_size(stack_size);
    PIRP irp = NULL;
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->irp_allocate)
        irp = machine->verifier->irp_allocate(size, IRP_TAG, gets_buffer);
    if (!irp)
        irp = mm_pool_allocate(machine, NonPagedPoolNx, size, IRP_TAG);
    if (!irp)
        return NULL;
    irp_fill(irp, size, stack_size);
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->irp_made)
        machine->verifier->irp_made(irp, NULL);
    return irp;
}

PIRP io_irp_allocate(struct machine *machine, CCHAR stack_size)
{
    return allocate(machine, stack_size, TRUE);
}

PIRP io_irp_allocate_bare(struct machine *machine, CCHAR stack_size)
{
    return allocate(machine, stack_size, FALSE);
}

PIRP NTAPI IoAllocateIrp(CCHAR stack_size, BOOLEAN charge_quota)
{
    PIRP irp = stack_size > 0 ? io_irp_allocate(current_machine(), stack_size) : NULL;
    if (irp && charge_quota &&
        !NT_SUCCESS(ps_quota_charge_block(irp, NonPagedPoolNx, irp_size(stack_size)))) {
        IoFreeIrp(irp);
        return NULL;
    }
    return irp;
}
SB_EXPORT(IoAllocateIrp)

/* Windows 8: the device is there for verification. */
PIRP NTAPI IoAllocateIrpEx(PDEVICE_OBJECT device, CCHAR stack_size, BOOLEAN charge_quota)
{
    return IoAllocateIrp(stack_size, charge_quota);
}
SB_EXPORT(IoAllocateIrpEx)

VOID NTAPI IoInitializeIrp(PIRP irp, USHORT size, CCHAR stack_size)
{
    irp_fill(irp, size, stack_size);
}
SB_EXPORT(IoInitializeIrp)

VOID NTAPI IoReuseIrp(PIRP irp, NTSTATUS status)
{
    UCHAR state = io_irp_state(irp);
    LIST_ENTRY entry = irp->ThreadListEntry;
    irp_fill(irp, irp->Size, irp->StackCount);
    io_irp_set_state(irp, state);
    if (state & IO_IRP_QUEUED)
        irp->ThreadListEntry = entry;
    irp->IoStatus.Status = status;
}
SB_EXPORT(IoReuseIrp)

/* A driver frees a request that still belongs to its thread. */
static void leave_thread(PIRP irp)
{
    PETHREAD thread = irp->Tail.Overlay.Thread;
    io_irps_lock(thread);
    RemoveEntryList(&irp->ThreadListEntry);
    io_irp_set_state(irp, io_irp_state(irp) & (UCHAR)~IO_IRP_QUEUED);
    io_irps_unlock(thread);
}

VOID NTAPI IoFreeIrp(PIRP irp)
{
    struct machine *machine = current_machine();
    if (SB_UNLIKELY(irp->Type != IO_TYPE_IRP))
        KeBugCheckEx(MULTIPLE_IRP_COMPLETE_REQUESTS, (ULONG_PTR)irp, 0, 0, 0);
    if (SB_UNLIKELY(io_irp_state(irp) & IO_IRP_QUEUED))
        leave_thread(irp);
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->irp_freed)
        machine->verifier->irp_freed(irp);
    if (SB_UNLIKELY(machine->trace))
        trace_freed(machine, irp);
    irp->Type = 0;
    mm_pool_free(machine, irp);
}
SB_EXPORT(IoFreeIrp)

PIRP NTAPI IoMakeAssociatedIrp(PIRP master, CCHAR stack_size)
{
    PIRP irp = IoAllocateIrp(stack_size, FALSE);
    if (!irp)
        return NULL;
    irp->Flags |= IRP_ASSOCIATED_IRP;
    irp->Tail.Overlay.Thread = master->Tail.Overlay.Thread;
    irp->AssociatedIrp.MasterIrp = master;
    return irp;
}
SB_EXPORT(IoMakeAssociatedIrp)

static NTSTATUS call_verified(const struct verifier_hooks *verifier, PDEVICE_OBJECT device,
                              PIRP irp, PDRIVER_DISPATCH dispatch)
{
    struct verifier_request request = {.callback = {VERIFIER_CALLBACK_DISPATCH, dispatch, device},
                                       .irp = irp};
    if (verifier->irp_dispatch)
        verifier->irp_dispatch(device, irp, FALSE, STATUS_SUCCESS);
    if (verifier->request_begin)
        verifier->request_begin(&request);
    NTSTATUS status = verifier->run_dispatch ? verifier->run_dispatch(dispatch, device, irp)
                                             : dispatch(device, irp);
    if (verifier->request_end)
        verifier->request_end(&request, status);
    if (verifier->irp_dispatch)
        verifier->irp_dispatch(device, irp, TRUE, status);
    return status;
}

static inline NTSTATUS call(struct machine *machine, PDEVICE_OBJECT device, PIRP irp,
                            PDRIVER_DISPATCH dispatch)
{
    if (SB_LIKELY(!machine->verifier))
        return dispatch(device, irp);
    return call_verified(machine->verifier, device, irp, dispatch);
}

static NTSTATUS call_traced(struct machine *machine, PDEVICE_OBJECT device, PIRP irp,
                            PDRIVER_DISPATCH dispatch)
{
    struct trace_dispatch trace;
    trace_dispatch_begin(machine, device, irp, &trace);
    NTSTATUS status = call(machine, device, irp, dispatch);
    trace_dispatch_end(machine, &trace, status);
    return status;
}

#undef IoCallDriver
NTSTATUS FASTCALL IofCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    struct machine *machine = current_machine();
    schedule_choice(machine);
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->irp_send)
        machine->verifier->irp_send(device, irp, __builtin_return_address(0));
    if (SB_UNLIKELY(--irp->CurrentLocation <= 0))
        KeBugCheckEx(NO_MORE_IRP_STACK_LOCATIONS, (ULONG_PTR)irp, 0, 0, 0);
    PIO_STACK_LOCATION stack = --irp->Tail.Overlay.CurrentStackLocation;
    stack->DeviceObject = device;
    PDRIVER_DISPATCH dispatch = device->DriverObject->MajorFunction[stack->MajorFunction];
    if (SB_UNLIKELY(machine->trace))
        return call_traced(machine, device, irp, dispatch);
    return call(machine, device, irp, dispatch);
}
SB_EXPORT(IofCallDriver)
SB_EXPORT_AS("IoCallDriver", IofCallDriver)
/* Since Vista power IRPs travel as all others do. */
NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    return IofCallDriver(device, irp);
}
SB_EXPORT(PoCallDriver)

struct forward {
    KEVENT done;
};

static NTSTATUS NTAPI forwarded(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    if (irp->PendingReturned)
        KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

BOOLEAN NTAPI IoForwardIrpSynchronously(PDEVICE_OBJECT device, PIRP irp)
{
    struct forward forward;
    if (irp->CurrentLocation <= 1)
        return FALSE; /* no location for the driver below */
    KeInitializeEvent(&forward.done, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, forwarded, &forward.done, TRUE, TRUE, TRUE);
    if (IofCallDriver(device, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&forward.done, Executive, KernelMode, FALSE, NULL);
    return TRUE;
}
SB_EXPORT(IoForwardIrpSynchronously)
SB_EXPORT_AS("IoForwardAndCatchIrp", IoForwardIrpSynchronously)

/* A completion routine of a driver that may be unloaded while it runs: the device is referenced
 * until it has returned. */
struct referenced_completion {
    PDEVICE_OBJECT device;
    PIO_COMPLETION_ROUTINE routine;
    PVOID context;
    UCHAR when; /* SL_INVOKE_* */
};

static NTSTATUS NTAPI complete_referenced(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct referenced_completion completion = *(struct referenced_completion *)context;
    mm_pool_free(current_machine(), context);
    IO_STACK_LOCATION asked = {.Control = completion.when};
    NTSTATUS status = irp->IoStatus.Status;
    BOOLEAN wanted = (NT_SUCCESS(status) && (asked.Control & SL_INVOKE_ON_SUCCESS)) ||
                     (!NT_SUCCESS(status) && (asked.Control & SL_INVOKE_ON_ERROR)) ||
                     (irp->Cancel && (asked.Control & SL_INVOKE_ON_CANCEL));
    NTSTATUS answer = STATUS_CONTINUE_COMPLETION;
    if (wanted)
        answer = completion.routine(device, irp, completion.context);
    else if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount)
        IoMarkIrpPending(irp);
    ob_dereference(completion.device);
    return answer;
}

NTSTATUS NTAPI IoSetCompletionRoutineEx(PDEVICE_OBJECT device, PIRP irp,
                                        PIO_COMPLETION_ROUTINE routine, PVOID context,
                                        BOOLEAN on_success, BOOLEAN on_error, BOOLEAN on_cancel)
{
    struct referenced_completion *completion =
        mm_pool_allocate(current_machine(), NonPagedPoolNx, sizeof(*completion), COMPLETION_TAG);
    if (!completion)
        return STATUS_INSUFFICIENT_RESOURCES;
    completion->device = device;
    completion->routine = routine;
    completion->context = context;
    completion->when =
        (UCHAR)((on_success ? SL_INVOKE_ON_SUCCESS : 0) | (on_error ? SL_INVOKE_ON_ERROR : 0) |
                (on_cancel ? SL_INVOKE_ON_CANCEL : 0));
    ob_reference(device);
    IoSetCompletionRoutine(irp, complete_referenced, completion, TRUE, TRUE, TRUE);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoSetCompletionRoutineEx)
