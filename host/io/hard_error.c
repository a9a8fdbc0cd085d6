/*
 * Hard errors: what Windows would show somebody at the screen. There is nobody here, so the log
 * shows them, and a request waits for no answer: it ends as if its box had been closed.
 */
#include "host/io/io.h"
#include "host/ke/text.h"

static void tell(NTSTATUS status, const UNICODE_STRING *text, PDEVICE_OBJECT device)
{
    const UNICODE_STRING *detail = device ? &device->DriverObject->DriverName : text;
    char line[512];
    SIZE_T length =
        detail
            ? text_format(line, sizeof(line), "*** hard error 0x%08x: %wZ\n", (ULONG)status, detail)
            : text_format(line, sizeof(line), "*** hard error 0x%08x\n", (ULONG)status);
    machine_log(current_machine(), line, length);
}

BOOLEAN NTAPI IoSetThreadHardErrorMode(BOOLEAN enable)
{
    PETHREAD thread = current_thread();
    BOOLEAN before = !thread->hides_hard_errors;
    thread->hides_hard_errors = !enable;
    return before;
}
SB_EXPORT(IoSetThreadHardErrorMode)

/* The request ends here with the status that it has. */
VOID NTAPI IoRaiseHardError(PIRP irp, PVPB volume, PDEVICE_OBJECT device)
{
    if (!irp->Tail.Overlay.Thread->hides_hard_errors)
        tell(irp->IoStatus.Status, NULL, device);
    irp->IoStatus.Information = 0;
    IofCompleteRequest(irp, IO_DISK_INCREMENT);
}
SB_EXPORT(IoRaiseHardError)

/* FALSE: the thread's errors are not shown. Without a thread it is nobody's. */
BOOLEAN NTAPI IoRaiseInformationalHardError(NTSTATUS status, PUNICODE_STRING text, PKTHREAD tcb)
{
    PETHREAD thread = tcb ? CONTAINING_RECORD(tcb, struct _ETHREAD, Tcb) : NULL;
    if (thread && thread->hides_hard_errors)
        return FALSE;
    tell(status, text, NULL);
    return TRUE;
}
SB_EXPORT(IoRaiseInformationalHardError)

/* ---- the device whose medium a thread's request found changed ---- */

PDEVICE_OBJECT NTAPI IoGetDeviceToVerify(PETHREAD thread)
{
    return thread->device_to_verify;
}
SB_EXPORT(IoGetDeviceToVerify)

VOID NTAPI IoSetDeviceToVerify(PETHREAD thread, PDEVICE_OBJECT device)
{
    thread->device_to_verify = device;
}
SB_EXPORT(IoSetDeviceToVerify)

VOID NTAPI IoSetHardErrorOrVerifyDevice(PIRP irp, PDEVICE_OBJECT device)
{
    if (irp->Tail.Overlay.Thread)
        irp->Tail.Overlay.Thread->device_to_verify = device;
}
SB_EXPORT(IoSetHardErrorOrVerifyDevice)
