/* Devices of every transfer method, an exclusive one and a stack of two. */
#include "driver.h"

#include "../groups.h"

CHECK_DEFINITIONS("requests")

static PDRIVER_OBJECT self;
static BOOLEAN shares;

static const WCHAR *const names[] = {L"\\Device\\ReqBuffered", L"\\Device\\ReqDirect",
                                     L"\\Device\\ReqNeither", L"\\Device\\ReqExclusive",
                                     L"\\Device\\ReqLower"};
static const WCHAR *const links[] = {L"\\??\\ReqBuffered", L"\\DosDevices\\ReqDirect",
                                     L"\\DosDevices\\ReqNeither", L"\\??\\ReqExclusive",
                                     L"\\??\\ReqLower"};

NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS open(struct extension *extension, PIRP irp, PIO_STACK_LOCATION stack)
{
    PIO_SECURITY_CONTEXT security = stack->Parameters.Create.SecurityContext;
    ACCESS_MASK access = security ? security->DesiredAccess : 0; /* Wine 8 has none */
    extension->counts.creates++;
    extension->counts.desired_access = access;
    extension->counts.share_access = stack->Parameters.Create.ShareAccess;
    extension->counts.options = stack->Parameters.Create.Options;
    extension->counts.name_length = stack->FileObject->FileName.Length;
    stack->FileObject->FsContext = extension;
    if (shares && extension->kind == KIND_DIRECT) {
        NTSTATUS status = IoCheckShareAccess(access, stack->Parameters.Create.ShareAccess,
                                             stack->FileObject, &extension->share, TRUE);
        if (!NT_SUCCESS(status))
            return complete(irp, status, 0);
    }
    return complete(irp, STATUS_SUCCESS, FILE_OPENED);
}

/* Reads give the offset's low byte, length times; writes say how many bytes are that byte. */
static NTSTATUS transfer(struct extension *extension, PDEVICE_OBJECT device, PIRP irp,
                         PIO_STACK_LOCATION stack)
{
    BOOLEAN reads = stack->MajorFunction == IRP_MJ_READ;
    ULONG length = stack->Parameters.Read.Length, count = 0;
    UCHAR byte = (UCHAR)stack->Parameters.Read.ByteOffset.QuadPart;
    UCHAR *data = irp->UserBuffer;
    if (device->Flags & DO_BUFFERED_IO)
        data = irp->AssociatedIrp.SystemBuffer;
    else if (device->Flags & DO_DIRECT_IO)
        data = irp->MdlAddress ? MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority)
                               : NULL;
    if (reads)
        extension->counts.reads++;
    else
        extension->counts.writes++;
    if (length && !data)
        return complete(irp, STATUS_UNSUCCESSFUL, 0);
    for (ULONG i = 0; i < length; i++) {
        if (reads)
            data[i] = byte;
        count += data[i] == byte;
    }
    return complete(irp, STATUS_SUCCESS, count);
}

static NTSTATUS NTAPI count_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct extension *extension = context;
    (void)device;
    extension->counts.completions_seen++;
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    struct extension *extension = device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    if (extension->kind == KIND_FILTER) {
        IoCopyCurrentIrpStackLocationToNext(irp);
        IoSetCompletionRoutine(irp, count_completion, extension, TRUE, TRUE, TRUE);
        return IoCallDriver(extension->lower, irp);
    }
    switch (stack->MajorFunction) {
    case IRP_MJ_CREATE:
        return open(extension, irp, stack);
    case IRP_MJ_CLEANUP:
        extension->counts.cleanups++;
        if (shares && extension->kind == KIND_DIRECT)
            IoRemoveShareAccess(stack->FileObject, &extension->share);
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MJ_CLOSE:
        extension->counts.closes++;
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MJ_SHUTDOWN:
        extension->counts.shutdowns++;
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
        return transfer(extension, device, irp, stack);
    default:
        return control(device, irp);
    }
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link;
    for (ULONG i = 0; i < RTL_NUMBER_OF(links); i++) {
        RtlInitUnicodeString(&link, links[i]);
        IoDeleteSymbolicLink(&link);
    }
    for (PDEVICE_OBJECT device = driver->DeviceObject; device; device = device->NextDevice) {
        struct extension *extension = device->DeviceExtension;
        if (extension->lower)
            IoDetachDevice(extension->lower);
    }
    while (driver->DeviceObject)
        IoDeleteDevice(driver->DeviceObject);
    groups_result();
}

static NTSTATUS add_device(PDRIVER_OBJECT driver, enum kind kind, PDEVICE_OBJECT *device)
{
    UNICODE_STRING name, link;
    NTSTATUS status;
    struct extension *extension;
    BOOLEAN named = kind < RTL_NUMBER_OF(names);
    if (named)
        RtlInitUnicodeString(&name, names[kind]);
    status = IoCreateDevice(driver, sizeof(*extension), named ? &name : NULL, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, kind == KIND_EXCLUSIVE, device);
    if (!NT_SUCCESS(status))
        return status;
    extension = (*device)->DeviceExtension;
    extension->kind = kind;
    KeInitializeSpinLock(&extension->lock);
    KeInitializeDpc(&extension->dpc, late_dpc, extension);
    if (kind == KIND_BUFFERED || kind == KIND_LOWER || kind == KIND_FILTER)
        (*device)->Flags |= DO_BUFFERED_IO;
    else if (kind == KIND_DIRECT)
        (*device)->Flags |= DO_DIRECT_IO;
    if (!named)
        return STATUS_SUCCESS;
    RtlInitUnicodeString(&link, links[kind]);
    return IoCreateSymbolicLink(&link, &name);
}

PDEVICE_OBJECT device_of(enum kind kind)
{
    PDEVICE_OBJECT device = self->DeviceObject;

    while (((struct extension *)device->DeviceExtension)->kind != kind)
        device = device->NextDevice;
    return device;
}

/* ---- what some requests need; a runtime may lack it ---- */
static void check_part_queues(void)
{
    for (PDEVICE_OBJECT device = self->DeviceObject; device; device = device->NextDevice)
        queues_initialize(device->DeviceExtension);
}

static void check_part_stack(void)
{
    PDEVICE_OBJECT lower = device_of(KIND_LOWER), filter;
    struct extension *extension;
    NTSTATUS status = add_device(self, KIND_FILTER, &filter);

    CHECK_STATUS(STATUS_SUCCESS, status);
    if (!NT_SUCCESS(status))
        return;
    lower->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING; /* it is to be attached to now */
    extension = filter->DeviceExtension;
    CHECK_STATUS(STATUS_SUCCESS, IoAttachDeviceToDeviceStackSafe(filter, lower, &extension->lower));
}

static void check_part_shutdown(void)
{
    CHECK_STATUS(STATUS_SUCCESS, IoRegisterShutdownNotification(device_of(KIND_LOWER)));
}

static void check_part_shares(void)
{
    shares = TRUE;
}

/* First the parts, the stack before the queues: its filter has one, too. */
enum { PARTS = 4 };
static struct check_group groups[] = {CHECK_GROUP(part_stack), CHECK_GROUP(part_queues),
                                      CHECK_GROUP(part_shutdown), CHECK_GROUP(part_shares),
                                      INSIDE_GROUPS(CHECK_GROUP_ITEM)};

ULONG run_inside(void)
{
    groups_run(groups + PARTS, RTL_NUMBER_OF(groups) - PARTS);
    return (ULONG)failures;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    NTSTATUS status = STATUS_SUCCESS;
    PDEVICE_OBJECT device = NULL;
    self = driver;
    for (ULONG kind = 0; kind < RTL_NUMBER_OF(names) && NT_SUCCESS(status); kind++)
        status = add_device(driver, (enum kind)kind, &device);
    if (NT_SUCCESS(status)) {
        groups_choose(registry_path, groups, RTL_NUMBER_OF(groups));
        groups_run(groups, PARTS);
        status = failures ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
    }
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        if (i != IRP_MJ_PNP && i != IRP_MJ_POWER && i != IRP_MJ_FLUSH_BUFFERS)
            driver->MajorFunction[i] = dispatch;
    driver->DriverUnload = unload;
    if (!NT_SUCCESS(status))
        unload(driver);
    return status;
}
