/*
 * What a loaded image looks like from its inside: relocated, bound, protected, its INIT section
 * gone. Built by several compilers and linkers, and linked in several layouts.
 */
#include <ntifs.h>

#include "layout.h"

#define PLACED(name) __attribute__((section(name), noinline))

NTSYSAPI PVOID NTAPI RtlPcToFileHeader(PVOID address, PVOID *base);

static PDRIVER_OBJECT self;
static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\??\\Layout");
static ULONG initialized = 0x600D;
static ULONG zeroed[2048];
static const ULONG constant = 77;
static volatile UCHAR data_code[16] = {0xB8, 0, 0, 0, 0, 0xC3}; /* mov eax, 0; ret */

PLACED("PAGE") static ULONG paged(ULONG value)
{
    return value * 3;
}

PLACED("ALSO") static ULONG also(ULONG value)
{
    return value + 11;
}

/* Pointers in data: each needs a relocation, or the image its own base. */
static ULONG (*const volatile table[])(ULONG) = {paged, also};
static const ULONG *const volatile constant_pointer = &constant;

static ULONG check_data(void)
{
    ULONG sum = 0;
    for (ULONG i = 0; i < RTL_NUMBER_OF(zeroed); i++)
        sum |= ((volatile ULONG *)zeroed)[i];
    if (*(volatile ULONG *)&initialized != 0x600D || sum != 0)
        return LAYOUT_BAD_DATA;
    return 0;
}

static ULONG check_pointers(void)
{
    if (table[0](5) != 15 || table[1](5) != 16 || *constant_pointer != 77)
        return LAYOUT_BAD_POINTER;
    return 0;
}

static ULONG check_imports(void)
{
    if ((ULONG_PTR)&initialized < (ULONG_PTR)MmSystemRangeStart ||
        (ULONG_PTR)MmHighestUserAddress >= MmUserProbeAddress || !IoFileObjectType)
        return LAYOUT_BAD_IMPORT;
    return 0;
}

static ULONG check_headers(void)
{
    PVOID base = NULL;
    if (RtlPcToFileHeader((PVOID)(ULONG_PTR)check_data, &base) != self->DriverStart ||
        base != self->DriverStart || *(const USHORT *)base != 0x5A4D)
        return LAYOUT_BAD_HEADER;
    return 0;
}

/* The first fields of what DriverSection points to: the list links; DllBase is at 0x30. */
static ULONG check_module_list(void)
{
    PLIST_ENTRY entry = self->DriverSection;
    PVOID base = *(PVOID *)((UCHAR *)entry + 0x30);
    if (base != self->DriverStart || entry->Flink->Blink != entry || entry->Blink->Flink != entry)
        return LAYOUT_BAD_MODULE;
    return 0;
}

#ifdef LAYOUT_HAS_COOKIE
extern ULONG_PTR __security_cookie;

static ULONG check_cookie(void)
{
    ULONG_PTR cookie = *(volatile ULONG_PTR *)&__security_cookie;
    return cookie == 0x2B992DDFA232 || cookie == 0 || cookie >> 48 ? LAYOUT_BAD_COOKIE : 0;
}
#else
static ULONG check_cookie(void)
{
    return 0;
}
#endif

static ULONG check_all(void)
{
    return check_data() | check_pointers() | check_imports() | check_headers() |
           check_module_list() | check_cookie();
}

DRIVER_INITIALIZE DriverEntry;

static ULONG act(ULONG code)
{
    volatile UCHAR *target = NULL;
    switch (code) {
    case LAYOUT_CHECK:
        return check_all();
    case LAYOUT_WRITE_CODE:
        target = (volatile UCHAR *)(ULONG_PTR)check_data;
        *target = 0xCC;
        break;
    case LAYOUT_WRITE_CONSTANT:
        *(volatile ULONG *)&constant = 1;
        break;
    case LAYOUT_WRITE_HEADER:
        *(volatile UCHAR *)self->DriverStart = 0;
        break;
    case LAYOUT_EXECUTE_DATA:
        data_code[1] = 1; /* so that it lies in .data */
        return ((ULONG(*)(void))(ULONG_PTR)data_code)();
    case LAYOUT_READ_INIT:
        return *(volatile UCHAR *)(ULONG_PTR)DriverEntry;
    case LAYOUT_SPIN:
        for (;;)
            *(volatile ULONG *)&initialized;
    }
    return 0;
}

static NTSTATUS NTAPI succeed(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    (void)device;
    ULONG result = act(stack->Parameters.DeviceIoControl.IoControlCode);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    if (stack->Parameters.DeviceIoControl.OutputBufferLength >= sizeof(ULONG)) {
        *(ULONG *)irp->AssociatedIrp.SystemBuffer = result;
        irp->IoStatus.Information = sizeof(ULONG);
    }
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    IoDeleteSymbolicLink(&link_name);
    IoDeleteDevice(driver->DeviceObject);
}

static NTSTATUS create_device(PDRIVER_OBJECT driver)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Layout");
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link_name, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}

PLACED("INIT") NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    self = driver;
    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_CREATE] = succeed;
    driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    DbgPrint("layout: checks say %x for %wZ\n", check_all(), path);
    return create_device(driver);
}
