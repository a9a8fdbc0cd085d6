/*
 * Tells of processes, threads and images by DbgPrint. A device "Watch" takes IOCTLs: refuse or
 * allow new processes.
 */
#include <ntifs.h>

#define IOCTL_REFUSE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_ALLOW  CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)

static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\??\\Watch");
static BOOLEAN refuses, sees_all;

static VOID NTAPI on_process(HANDLE parent, HANDLE process, BOOLEAN create)
{
    DbgPrint("watch: process %p of %p %s\n", process, parent, create ? "created" : "gone");
}

static VOID NTAPI on_process_ex(PEPROCESS process, HANDLE id, PPS_CREATE_NOTIFY_INFO information)
{
    if (!information) {
        DbgPrint("watch: ex %p gone, current is it: %d\n", id, PsGetCurrentProcess() == process);
        return;
    }
    DbgPrint("watch: ex %p of %p by %p: %wZ\n", id, information->ParentProcessId,
             information->CreatingThreadId.UniqueProcess, information->ImageFileName);
    if (refuses)
        information->CreationStatus = STATUS_ACCESS_DENIED;
}

static VOID NTAPI on_thread(HANDLE process, HANDLE thread, BOOLEAN create)
{
    DbgPrint("watch: thread of %p %s\n", process, create ? "created" : "gone");
}

static VOID NTAPI on_image(PUNICODE_STRING name, HANDLE process, PIMAGE_INFO information)
{
    DbgPrint("watch: image %wZ in %p, system %d, size ok %d\n", name, process,
             information->SystemModeImage, information->ImageSize >= PAGE_SIZE);
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
    refuses =
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode == IOCTL_REFUSE;
    return complete(irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI succeed(PDEVICE_OBJECT device, PIRP irp)
{
    return complete(irp, STATUS_SUCCESS);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    NTSTATUS status = PsSetCreateProcessNotifyRoutine(on_process, TRUE);
    if (sees_all)
        PsSetCreateProcessNotifyRoutineEx(on_process_ex, TRUE);
    PsRemoveCreateThreadNotifyRoutine(on_thread);
    PsRemoveLoadImageNotifyRoutine(on_image);
    DbgPrint("watch: removed %08x\n", status);
    IoDeleteSymbolicLink(&link_name);
    IoDeleteDevice(driver->DeviceObject);
}

static void watch(void)
{
    NTSTATUS status = PsSetCreateProcessNotifyRoutine(on_process, FALSE);
    NTSTATUS again = PsSetCreateProcessNotifyRoutine(on_process, FALSE);
    NTSTATUS extended = PsSetCreateProcessNotifyRoutineEx(on_process_ex, FALSE);
    DbgPrint("watch: plain %08x again %08x ex %08x\n", status, again, extended);
    sees_all = NT_SUCCESS(extended);
    PsSetCreateThreadNotifyRoutine(on_thread);
    PsSetLoadImageNotifyRoutine(on_image);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Watch");
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    IoCreateSymbolicLink(&link_name, &name);
    driver->MajorFunction[IRP_MJ_CREATE] = succeed;
    driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->DriverUnload = unload;
    watch();
    return STATUS_SUCCESS;
}
