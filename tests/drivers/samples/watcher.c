/* Callbacks of the registry, of processes and of opened handles; work items and a section. */
#include <ntifs.h>

#define CODE_START CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_SPECIAL_ACCESS)
#define CODE_STOP  CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_SPECIAL_ACCESS)
#define CODE_COUNT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_BUFFERED, FILE_READ_ACCESS)
#define CODE_WORK  CTL_CODE(FILE_DEVICE_UNKNOWN, 0x803, METHOD_BUFFERED, FILE_ANY_ACCESS)

static FAST_MUTEX mutex;
static LARGE_INTEGER cookie;
static BOOLEAN is_watching;
static volatile LONG keys, processes;

static NTSTATUS NTAPI key_used(PVOID context, PVOID kind, PVOID information)
{
    (void)context, (void)kind, (void)information;
    InterlockedIncrement(&keys);
    return STATUS_SUCCESS;
}

static void NTAPI process_used(HANDLE parent, HANDLE process, BOOLEAN is_new)
{
    (void)parent, (void)process, (void)is_new;
    InterlockedIncrement(&processes);
}

static NTSTATUS watch(PDRIVER_OBJECT driver, BOOLEAN on)
{
    UNICODE_STRING altitude = RTL_CONSTANT_STRING(L"380010");
    NTSTATUS status = STATUS_SUCCESS;

    ExAcquireFastMutex(&mutex);
    if (on && !is_watching)
        status = CmRegisterCallbackEx(key_used, &altitude, driver, NULL, &cookie, NULL);
    else if (!on && is_watching)
        status = CmUnRegisterCallback(cookie);
    if (NT_SUCCESS(status))
        is_watching = on;
    ExReleaseFastMutex(&mutex);
    return status;
}

struct job {
    PIO_WORKITEM item;
    PIRP irp;
};

static void NTAPI work(PDEVICE_OBJECT device, PVOID context)
{
    struct job *job = context;
    PIRP irp = job->irp;

    (void)device;
    IoFreeWorkItem(job->item);
    ExFreePoolWithTag(job, 0x536A6F62u);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static NTSTATUS queue(PDEVICE_OBJECT device, PIRP irp)
{
    struct job *job = ExAllocatePoolWithTag(NonPagedPool, sizeof *job, 0x536A6F62u);

    if (!job)
        return STATUS_INSUFFICIENT_RESOURCES;
    job->irp = irp;
    job->item = IoAllocateWorkItem(device);
    if (!job->item) {
        ExFreePoolWithTag(job, 0x536A6F62u);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IoMarkIrpPending(irp);
    IoQueueWorkItem(job->item, work, DelayedWorkQueue, job);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = STATUS_SUCCESS;

    irp->IoStatus.Information = 0;
    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        switch (stack->Parameters.DeviceIoControl.IoControlCode) {
        case CODE_START:
        case CODE_STOP:
            status = watch(device->DriverObject,
                           stack->Parameters.DeviceIoControl.IoControlCode == CODE_START);
            break;
        case CODE_COUNT:
            if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof keys) {
                status = STATUS_BUFFER_TOO_SMALL;
                break;
            }
            *(LONG *)irp->AssociatedIrp.SystemBuffer = keys;
            irp->IoStatus.Information = sizeof keys;
            break;
        case CODE_WORK:
            status = queue(device, irp);
            if (status == STATUS_PENDING)
                return status;
            break;
        default:
            status = STATUS_INVALID_DEVICE_REQUEST;
        }
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\SampleWatcher");

    (void)watch(driver, FALSE);
    PsSetCreateProcessNotifyRoutine(process_used, TRUE);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(driver->DeviceObject);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\SampleWatcher");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\SampleWatcher");
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                                     TRUE, &device);

    if (!NT_SUCCESS(status))
        return status;
    ExInitializeFastMutex(&mutex);
    driver->MajorFunction[IRP_MJ_CREATE] = dispatch;
    driver->MajorFunction[IRP_MJ_CLOSE] = dispatch;
    driver->MajorFunction[IRP_MJ_CLEANUP] = dispatch;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch;
    driver->DriverUnload = unload;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        goto delete_device;
    status = PsSetCreateProcessNotifyRoutine(process_used, FALSE);
    if (!NT_SUCCESS(status))
        goto delete_link;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;

delete_link:
    IoDeleteSymbolicLink(&link);
delete_device:
    IoDeleteDevice(device);
    return status;
}
