/* ApcRoutine of ZwReadFile: a normal kernel APC in the thread that asked. */
#include "volume.h"

/* What the device does with a read, by its offset. */
enum { AT_ONCE = 1, FAIL_AT_ONCE, LATER };

static PIRP pended;
static LONG calls;
static KIRQL irql;
static PVOID told_context;
static PIO_STATUS_BLOCK told_block;
static NTSTATUS told_status;
static PETHREAD told_thread;
static LONG event_was_set;
static KEVENT woken;

static NTSTATUS finish(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS transfer_read(PIRP irp)
{
    if (!irp->AssociatedIrp.SystemBuffer)
        return finish(irp, STATUS_INVALID_PARAMETER, 0);
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.Read.ByteOffset.QuadPart) {
    case AT_ONCE:
        *(PUCHAR)irp->AssociatedIrp.SystemBuffer = 'r';
        return finish(irp, STATUS_SUCCESS, 1);
    case LATER:
        IoMarkIrpPending(irp);
        pended = irp;
        return STATUS_PENDING;
    default:
        return finish(irp, STATUS_DEVICE_NOT_READY, 0);
    }
}

static PKEVENT watched;

static VOID NTAPI told(PVOID context, PIO_STATUS_BLOCK block, ULONG reserved)
{
    (void)reserved;
    calls++;
    irql = KeGetCurrentIrql();
    told_context = context;
    told_block = block;
    told_status = block->Status;
    told_thread = PsGetCurrentThread();
    event_was_set = watched ? KeReadStateEvent(watched) : 0;
    KeSetEvent(&woken, IO_NO_INCREMENT, FALSE);
}

static IO_STATUS_BLOCK io;
static UCHAR buffer[4];

static NTSTATUS read(HANDLE file, HANDLE event, LONGLONG what)
{
    LARGE_INTEGER offset = {.QuadPart = what};

    calls = 0;
    told_context = NULL;
    io.Status = 0x77;
    return ZwReadFile(file, event, told, &calls, &io, buffer, sizeof buffer, &offset, NULL);
}

static VOID NTAPI complete_later(PVOID context)
{
    LARGE_INTEGER pause = {.QuadPart = -100000};

    if (context)
        KeDelayExecutionThread(KernelMode, FALSE, &pause);
    *(PUCHAR)pended->AssociatedIrp.SystemBuffer = 'p';
    finish(pended, STATUS_SUCCESS, 1);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static HANDLE complete_elsewhere(PVOID context)
{
    HANDLE thread = NULL;

    CHECK_STATUS(STATUS_SUCCESS, PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                                      complete_later, context));
    return thread;
}

static HANDLE open(ULONG options)
{
    IO_STATUS_BLOCK opened;
    HANDLE file = NULL;

    KeInitializeEvent(&woken, SynchronizationEvent, FALSE);
    CHECK_STATUS(STATUS_SUCCESS, volume_open(L"\\data", options, &file, &opened));
    return file;
}

void check_apc_at_once(void)
{
    HANDLE file = open(0), event;
    OBJECT_ATTRIBUTES attributes;

    CHECK_STATUS(STATUS_SUCCESS, read(file, NULL, AT_ONCE));
    CHECK(calls == 1 && told_context == &calls && told_block == &io);
    CHECK(irql == PASSIVE_LEVEL && told_thread == PsGetCurrentThread());
    CHECK(io.Status == STATUS_SUCCESS && io.Information == 1 && buffer[0] == 'r');

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE));
    CHECK_STATUS(STATUS_SUCCESS, ObReferenceObjectByHandle(event, 0, *ExEventObjectType, KernelMode,
                                                           (PVOID *)&watched, NULL));
    CHECK_STATUS(STATUS_SUCCESS, read(file, event, AT_ONCE));
    CHECK(calls == 1 && event_was_set);
    ObDereferenceObject(watched);
    watched = NULL;
    ZwClose(event);
    ZwClose(file);

    file = open(FILE_SYNCHRONOUS_IO_NONALERT);
    CHECK_STATUS(STATUS_SUCCESS, read(file, NULL, AT_ONCE));
    CHECK(calls == 1 && told_context == &calls);
    ZwClose(file);
}

/* A normal kernel APC waits for the end of a critical region, and for IRQL below APC_LEVEL. */
void check_apc_held_back(void)
{
    HANDLE file = open(0);
    KIRQL before;

    KeEnterCriticalRegion();
    CHECK_STATUS(STATUS_SUCCESS, read(file, NULL, AT_ONCE));
    CHECK(calls == 0 && io.Status == STATUS_SUCCESS);
    KeLeaveCriticalRegion();
    CHECK(calls == 1);

    CHECK_STATUS(STATUS_PENDING, read(file, NULL, LATER));
    CHECK(calls == 0);
    KeRaiseIrql(APC_LEVEL, &before);
    finish(pended, STATUS_SUCCESS, 0);
    CHECK(calls == 0);
    KeLowerIrql(before);
    CHECK(calls == 1 && told_status == STATUS_SUCCESS);
    ZwClose(file);
}

/* Not even an alertable wait is needed: the wait is interrupted and goes on. */
void check_apc_in_wait(void)
{
    LARGE_INTEGER patience = {.QuadPart = -100000000};
    HANDLE file = open(0), thread;

    CHECK_STATUS(STATUS_PENDING, read(file, NULL, LATER));
    thread = complete_elsewhere(&patience);
    CHECK_STATUS(STATUS_SUCCESS,
                 KeWaitForSingleObject(&woken, Executive, KernelMode, FALSE, &patience));
    CHECK(calls == 1 && told_thread == PsGetCurrentThread() && irql == PASSIVE_LEVEL);
    CHECK(io.Information == 1 && buffer[0] == 'p');
    ZwWaitForSingleObject(thread, FALSE, NULL);
    ZwClose(thread);
    ZwClose(file);
}

/* An error that pended is told; one that did not is the return value alone. */
void check_apc_of_errors(void)
{
    HANDLE file = open(0);

    CHECK_STATUS(STATUS_DEVICE_NOT_READY, read(file, NULL, FAIL_AT_ONCE));
    CHECK(calls == 0);
    CHECK_STATUS(STATUS_PENDING, read(file, NULL, LATER));
    finish(pended, STATUS_DEVICE_DATA_ERROR, 0);
    CHECK(calls == 1 && told_status == STATUS_DEVICE_DATA_ERROR);
    ZwClose(file);
}

static NTSTATUS query(HANDLE file, BOOLEAN restart)
{
    calls = 0;
    return ZwQueryDirectoryFile(file, NULL, told, &calls, &io, buffer, sizeof buffer,
                                FileNamesInformation, FALSE, NULL, restart);
}

/* What ends before it returns is told all the same. */
void check_apc_of_queries(void)
{
    HANDLE file = open(0);

    CHECK_STATUS(STATUS_SUCCESS, query(file, TRUE));
    CHECK(calls == 1 && told_context == &calls && told_block == &io && irql == PASSIVE_LEVEL);
    CHECK(io.Information == sizeof(ULONG));
    CHECK_STATUS(STATUS_NO_SUCH_FILE, query(file, FALSE));
    CHECK(calls == 0);
    ZwClose(file);
}
