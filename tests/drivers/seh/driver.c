/*
 * Exceptions from the inside: DriverEntry runs all tests and fails with 0xE0000000 + test * 0x10000
 * + line when one does. A device control request runs what ends in a bug check.
 */
#include "seh.h"

static test_routine *const tests[] = {test_hardware, test_nesting, test_software, test_frames,
                                      test_jumps,    test_lookup,  test_emulated};

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

static NTSTATUS raise_through_io(PDEVICE_OBJECT device)
{
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);

    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    NTSTATUS status = call_down(device, irp);
    IoFreeIrp(irp);
    return status == STATUS_DEVICE_NOT_READY ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

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
    PDEVICE_OBJECT device;

    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}

__attribute__((dllexport)) NTSTATUS NTAPI run_tests(void)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(tests); i++) {
        ULONG line = tests[i]();
        if (line) {
            DbgPrint("seh: test %lu failed at line %lu\n", i, line);
            return (NTSTATUS)(0xE0000000 + i * 0x10000 + line);
        }
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    /* Loaded under a name that ends in "!", it faults at once. */
    if (path->Length && path->Buffer[path->Length / sizeof(WCHAR) - 1] == L'!')
        run_fatal(0);
    NTSTATUS status = run_tests();
    if (!NT_SUCCESS(status))
        return status;
    driver->MajorFunction[IRP_MJ_CREATE] = complete;
    driver->MajorFunction[IRP_MJ_CLOSE] = complete;
    driver->MajorFunction[IRP_MJ_CLEANUP] = complete;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = complete;
    driver->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = raise_in_dispatch;
    driver->DriverUnload = unload;
    status = create_device(driver);
    if (!NT_SUCCESS(status))
        return status;
    status = raise_through_io(driver->DeviceObject);
    if (!NT_SUCCESS(status))
        unload(driver);
    return status;
}
