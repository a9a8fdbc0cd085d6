/* A driver of misdeeds that stop the machine: the IOCTL's function number says which. */
#include <ntifs.h>

static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\??\\Stop");
static KBUGCHECK_CALLBACK_RECORD callback;
static KBUGCHECK_REASON_CALLBACK_RECORD dump_record, pages_record;
static CHAR component[] = "stop";
static KDPC dpc;
static KEVENT event;
static KMUTEX mutex;

static VOID NTAPI on_bug_check(PVOID buffer, ULONG length)
{
    DbgPrint("stop: callback at %u with %u bytes of %s\n", KeGetCurrentIrql(), length, buffer);
}

static VOID NTAPI on_dump(KBUGCHECK_CALLBACK_REASON reason,
                          struct _KBUGCHECK_REASON_CALLBACK_RECORD *record, PVOID data,
                          ULONG length)
{
    PKBUGCHECK_SECONDARY_DUMP_DATA dump = data;
    PKBUGCHECK_ADD_PAGES pages = data;

    if (reason == KbCallbackSecondaryDumpData && length >= sizeof *dump &&
        dump->InBufferLength >= sizeof component && record->Component == (PUCHAR)component) {
        RtlCopyMemory(dump->InBuffer, component, sizeof component);
        dump->OutBuffer = dump->InBuffer;
        dump->OutBufferLength = sizeof component;
    } else if (reason == KbCallbackAddPages && length >= sizeof *pages) {
        pages->Flags = KB_ADD_PAGES_FLAG_VIRTUAL_ADDRESS;
        pages->Address = (ULONG_PTR)component;
        pages->Count = 1;
        if (!pages->Context) { /* and then once more */
            pages->Context = component;
            pages->Flags |= KB_ADD_PAGES_FLAG_ADDITIONAL_RANGES_EXIST;
        }
    }
}

static VOID NTAPI raise(PKDPC self, PVOID context, PVOID argument1, PVOID argument2)
{
    KIRQL irql;
    KeRaiseIrql(HIGH_LEVEL, &irql);
}

static VOID NTAPI disable_apcs(PKDPC self, PVOID context, PVOID argument1, PVOID argument2)
{
    KeEnterCriticalRegion();
}

static VOID NTAPI wait(PKDPC self, PVOID context, PVOID argument1, PVOID argument2)
{
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static VOID NTAPI attach(PKDPC self, PVOID context, PVOID argument1, PVOID argument2)
{
    KAPC_STATE state;
    KeStackAttachProcess((PKPROCESS)PsInitialSystemProcess, &state);
}

static VOID NTAPI exit_with_mutex(PVOID context)
{
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
}

static VOID NTAPI exit_raised(PVOID context)
{
    KIRQL irql;
    KeRaiseIrql(APC_LEVEL, &irql);
}

static VOID NTAPI raise_in_callout(PVOID context)
{
    KIRQL irql;
    KeRaiseIrql(APC_LEVEL, &irql);
}

static void run_thread(PKSTART_ROUTINE routine)
{
    HANDLE handle;
    if (NT_SUCCESS(
            PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, NULL)))
        ZwWaitForSingleObject(handle, FALSE, NULL);
}

static void run_dpc(PKDEFERRED_ROUTINE routine)
{
    KeInitializeDpc(&dpc, routine, (PVOID)0x55);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void do_misdeed(ULONG function)
{
    KIRQL irql;
    PVOID objects[4] = {&event, &event, &event, &event};
    switch (function) {
    case 0:
        KeBugCheckEx(0xDEADDEAD, 1, 2, 3, 4);
        break;
    case 1:
        KeBugCheck(MANUALLY_INITIATED_CRASH);
        break;
    case 2: /* the call returns raised */
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        break;
    case 3: /* the call returns with APCs disabled */
        KeEnterCriticalRegion();
        break;
    case 4:
        run_dpc(raise);
        break;
    case 5:
        run_dpc(disable_apcs);
        break;
    case 6:
        run_dpc(wait);
        break;
    case 7:
        run_thread(exit_with_mutex);
        break;
    case 8:
        run_thread(exit_raised);
        break;
    case 9:
        run_dpc(attach);
        break;
    case 10:
        KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
        break;
    case 11:
        KeExpandKernelStackAndCallout(raise_in_callout, (PVOID)7, 100);
        break;
    case 12: /* not the owner, and nobody handles it */
        KeReleaseMutex(&mutex, FALSE);
        break;
    }
}

static NTSTATUS complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    do_misdeed((stack->Parameters.DeviceIoControl.IoControlCode >> 2 & 0xFFF) - 0x800);
    return complete(irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI succeed(PDEVICE_OBJECT device, PIRP irp)
{
    return complete(irp, STATUS_SUCCESS);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Stop");
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    IoCreateSymbolicLink(&link_name, &name);
    driver->MajorFunction[IRP_MJ_CREATE] = succeed;
    driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeMutex(&mutex, 0);
    callback.State = BufferEmpty; /* KeInitializeCallbackRecord */
    KeRegisterBugCheckCallback(&callback, on_bug_check, component, sizeof(component),
                               (PUCHAR)component);
    KeRegisterBugCheckReasonCallback(&dump_record, on_dump, KbCallbackSecondaryDumpData,
                                     (PUCHAR)component);
    KeRegisterBugCheckReasonCallback(&pages_record, on_dump, KbCallbackAddPages, (PUCHAR)component);
    return STATUS_SUCCESS;
}
