/* Hard errors, which nobody at a screen answers here, and the device a thread is to verify. */
#include "volume.h"

static NTSTATUS NTAPI completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)irp;
    (*(PLONG)context)++;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

void check_hard_errors(void)
{
    UNICODE_STRING text = RTL_CONSTANT_STRING(L"disk");
    PIRP irp = IoAllocateIrp(2, FALSE);
    LONG completions = 0;

    CHECK(IoSetThreadHardErrorMode(FALSE) == TRUE);
    CHECK(IoSetThreadHardErrorMode(FALSE) == FALSE);
    CHECK(!IoRaiseInformationalHardError(STATUS_DISK_FULL, &text, KeGetCurrentThread()));
    CHECK(IoSetThreadHardErrorMode(TRUE) == FALSE);
    CHECK(IoRaiseInformationalHardError(STATUS_DISK_FULL, &text, KeGetCurrentThread()));
    CHECK(IoRaiseInformationalHardError(STATUS_DISK_FULL, NULL, NULL));

    /* the request ends with the status it has */
    IoSetNextIrpStackLocation(irp);
    irp->Tail.Overlay.Thread = PsGetCurrentThread();
    IoSetCompletionRoutine(irp, completed, &completions, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp);
    irp->IoStatus.Status = STATUS_DEVICE_NOT_READY;
    irp->IoStatus.Information = 5;
    IoSetHardErrorOrVerifyDevice(irp, volume_device);
    CHECK(IoGetDeviceToVerify(PsGetCurrentThread()) == volume_device);
    IoSetDeviceToVerify(PsGetCurrentThread(), NULL);
    CHECK(IoGetDeviceToVerify(PsGetCurrentThread()) == NULL);
    IoRaiseHardError(irp, NULL, volume_device);
    CHECK(completions == 1);
    CHECK(irp->IoStatus.Status == STATUS_DEVICE_NOT_READY && irp->IoStatus.Information == 0);
    IoFreeIrp(irp);
}
