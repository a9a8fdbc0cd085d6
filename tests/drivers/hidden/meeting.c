/* Calls that are right one behind the other, and wrong where two of them meet. */
#include "hidden.h"

static void *shared; /* the mutex */
static FAST_MUTEX mutex;
static PIRP volatile kept;

void shared_prepare(void)
{
    ExInitializeFastMutex(&mutex);
}

/* Returns what was there. */
static void *exchange(void *block)
{
    void *before;

    ExAcquireFastMutex(&mutex);
    before = shared;
    shared = block;
    ExReleaseFastMutex(&mutex);
    return before;
}

NOINLINE NTSTATUS shared_set(struct request *request)
{
    void *block, *before;

    if (request->input_length < 16)
        return STATUS_BUFFER_TOO_SMALL;
    block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
    if (!block)
        return STATUS_NO_MEMORY;
    RtlZeroMemory(block, 64);
    before = exchange(block);
    if (before)
        ExFreePoolWithTag(before, TAG);
    return STATUS_SUCCESS;
}

/* The block is found under the mutex and read without it. */
NOINLINE NTSTATUS shared_get(struct request *request)
{
    void *block;

    if (request->output_length < 8)
        return STATUS_BUFFER_TOO_SMALL;
    ExAcquireFastMutex(&mutex);
    block = shared;
    ExReleaseFastMutex(&mutex);
    if (!block)
        return STATUS_NOT_FOUND;
    RtlCopyMemory(request->output, block, 8); /* MISTAKE: use-after-free */
    request->information = 8;
    return STATUS_SUCCESS;
}

NOINLINE NTSTATUS shared_drop(struct request *request)
{
    shared_release();
    return STATUS_SUCCESS;
}

void shared_release(void)
{
    void *block = exchange(NULL);

    if (block)
        ExFreePoolWithTag(block, TAG);
}

/* ---- a request that is kept ---- */
static NOINLINE void complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    /* MISTAKE: irp-completed-twice|irp-used-after-completion */
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    use(irp);
}

static void NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
    kept = NULL;
    complete(irp, STATUS_CANCELLED);
}

NTSTATUS keep(PIRP irp)
{
    if (kept)
        return STATUS_DEVICE_BUSY;
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, cancel);
    kept = irp;
    return STATUS_PENDING;
}

/* Whether the cancel routine runs already is not asked. */
NTSTATUS finish_kept(void)
{
    PIRP irp = kept;

    kept = NULL;
    if (!irp)
        return STATUS_NOT_FOUND;
    IoSetCancelRoutine(irp, NULL);
    complete(irp, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}
