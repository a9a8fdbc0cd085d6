/*
 * Exceptions from the inside, in groups of checks. A device control request runs what ends in a bug
 * check.
 */
#include "seh.h"

#include "../groups.h"

CHECK_DEFINITIONS("seh")

static PDEVICE_OBJECT own_device;

LONG note(struct seen *seen, PEXCEPTION_POINTERS pointers)
{
    PEXCEPTION_RECORD record = pointers->ExceptionRecord;

    seen->calls++;
    seen->code = record->ExceptionCode;
    seen->flags = record->ExceptionFlags;
    seen->parameters = record->NumberParameters;
    seen->information[0] = record->ExceptionInformation[0];
    seen->information[1] = record->ExceptionInformation[1];
    seen->address = record->ExceptionAddress;
    seen->rip = pointers->ContextRecord->Rip;
    seen->rbx = pointers->ContextRecord->Rbx;
    return seen->answer;
}

NOINLINE ULONG read_from(volatile ULONG *address)
{
    return *address;
}

NOINLINE void write_to(volatile ULONG *address)
{
    *address = 1;
}

/* What stops the machine: the test asks for one by its index. */
static NOINLINE void caught_in_vain(ULONG *address)
{
    __try {
        read_from(address);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        DbgPrint("seh: a handler hid a bad kernel address\n");
    }
}

static NOINLINE ULONG recurse(ULONG depth)
{
    volatile ULONG local[256];

    local[depth & 255] = depth;
    if (depth == 1u << 30)
        return 0;
    return recurse(depth + 1) + local[(depth + 1) & 255];
}

__attribute__((dllexport)) NOINLINE void NTAPI run_fatal(ULONG which)
{
    KIRQL irql;
    ULONG *kernel_address = (ULONG *)((ULONG_PTR)&run_fatal + 0x200000000ull);

    switch (which) {
    case 0:
        read_from((ULONG *)8);
        break;
    case 1:
        caught_in_vain(kernel_address);
        break;
    case 2:
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        write_to((ULONG *)16);
        break;
    case 3:
        ExRaiseStatus(STATUS_DEVICE_BUSY);
        break;
    case 4:
        write_to((ULONG *)(ULONG_PTR)&note); /* its own code: read only */
        break;
    case 5:
        __asm__ volatile("int $0x29" : : "c"(2));
        break;
    case 6:
        recurse(0);
        break;
    case 7:
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        ExRaiseStatus(STATUS_DEVICE_BUSY);
        break;
    }
    DbgPrint("seh: %lu did not stop the machine\n", which);
}

static NTSTATUS NTAPI raise_in_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
    ExRaiseStatus(STATUS_DEVICE_NOT_READY);
    return STATUS_SUCCESS;
}

/* What a lower driver raises reaches the driver that called it, through IofCallDriver. */
static NOINLINE NTSTATUS call_down(PDEVICE_OBJECT device, PIRP irp)
{
    __try {
        return IoCallDriver(device, irp);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
}

static void check_through_io(void)
{
    PIRP irp = IoAllocateIrp(own_device->StackSize, FALSE);

    CHECK(irp != NULL);
    if (!irp)
        return;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    CHECK_STATUS(STATUS_DEVICE_NOT_READY, call_down(own_device, irp));
    IoFreeIrp(irp);
}

static struct check_group groups[] = {SEH_GROUPS(CHECK_GROUP_ITEM) CHECK_GROUP(through_io)};

static NTSTATUS NTAPI complete(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    (void)device;
    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        run_fatal((stack->Parameters.DeviceIoControl.IoControlCode >> 2) & 0x7FF);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\SehTest");

    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(driver->DeviceObject);
}

static NTSTATUS create_device(PDRIVER_OBJECT driver)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\SehTest");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\SehTest");
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &own_device);

    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(own_device);
    return status;
}

/* For a rig that has exceptions and no devices. */
__attribute__((dllexport)) NTSTATUS NTAPI run_tests(void)
{
    groups_run(groups, RTL_NUMBER_OF(groups) - 1);
    return groups_result();
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    /* Loaded under a name that ends in "!", it faults at once. */
    if (path->Length && path->Buffer[path->Length / sizeof(WCHAR) - 1] == L'!')
        run_fatal(0);
    driver->MajorFunction[IRP_MJ_CREATE] = complete;
    driver->MajorFunction[IRP_MJ_CLOSE] = complete;
    driver->MajorFunction[IRP_MJ_CLEANUP] = complete;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = complete;
    driver->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = raise_in_dispatch;
    driver->DriverUnload = unload;
    NTSTATUS status = create_device(driver);
    if (!NT_SUCCESS(status))
        return status;
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    status = groups_result();
    if (!NT_SUCCESS(status))
        unload(driver);
    return status;
}
