/* A work item uses the caller's address: it runs in the System process. */
/* COMPILER: clang */
/* CALLS: neither */
#include "defect.h"

struct work {
    WORK_QUEUE_ITEM item;
    KEVENT done;
    PEPROCESS process;
    volatile ULONG *input;
};

/* (A call, because clang guards nothing else in a __try.) */
static DEFECT_NOINLINE ULONG fetch(volatile ULONG *input)
{
    return *input; /* MISTAKE: user-memory-wrong-process */
}

static VOID NTAPI look(PVOID context)
{
    struct work *work = context;
    KAPC_STATE state;
#if !DEFECT
    KeStackAttachProcess((PKPROCESS)work->process, &state);
#endif
    __try {
        fetch(work->input);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
    }
#if !DEFECT
    KeUnstackDetachProcess(&state);
#endif
    KeSetEvent(&work->done, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    static struct work work;
    work.input = stack->Parameters.DeviceIoControl.Type3InputBuffer;
    work.process = PsGetCurrentProcess();
    __try {
        ProbeForRead((void *)work.input, sizeof *work.input, sizeof *work.input);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return complete(irp, GetExceptionCode(), 0);
    }
    KeInitializeEvent(&work.done, NotificationEvent, FALSE);
    ExInitializeWorkItem(&work.item, look, &work);
    ExQueueWorkItem(&work.item, DelayedWorkQueue);
    KeWaitForSingleObject(&work.done, Executive, KernelMode, FALSE, NULL);
    return complete(irp, STATUS_SUCCESS, 0);
}
