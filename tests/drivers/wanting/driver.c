/* Imports what nobody has: routines, a variable, a module, an ordinal. Uses them when told to. */
#include <ntddk.h>

NTSTATUS NTAPI NoSuchRoutine(ULONG value);
NTSTATUS NTAPI NoSuchOther(void);
__declspec(dllimport) extern volatile ULONG NoSuchVariable;
NTSTATUS NTAPI AbsentRoutine(void);
NTSTATUS NTAPI ByOrdinal(void);

enum { CALL = 0x222000, READ = 0x222004, CALL_ABSENT = 0x222008, CALL_ORDINAL = 0x22200C };

static NTSTATUS act(ULONG code)
{
    switch (code) {
    case CALL:
        return NoSuchRoutine(1) | NoSuchOther();
    case READ:
        return (NTSTATUS)NoSuchVariable;
    case CALL_ABSENT:
        return AbsentRoutine();
    case CALL_ORDINAL:
        return ByOrdinal();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = STATUS_SUCCESS;
    (void)device;
    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        status = act(stack->Parameters.DeviceIoControl.IoControlCode);
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Wanting");
    PDEVICE_OBJECT device;
    (void)path;
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = dispatch;
    return IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
}
