/*
 * What a loaded image looks like from its inside: relocated, bound, protected, its INIT section
 * gone. Built by several compilers and linkers, and linked in several layouts.
 */
#include <ntifs.h>

#include "layout.h"
#include "../check.h"
#include "../groups.h"

CHECK_DEFINITIONS("layout")

#define PLACED(name) __attribute__((section(name), noinline))

NTSYSAPI PVOID NTAPI RtlPcToFileHeader(PVOID address, PVOID *base);

static PDRIVER_OBJECT self;
static PUNICODE_STRING service; /* while DriverEntry runs */
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

static void check_data(void)
{
    ULONG sum = 0;

    for (ULONG i = 0; i < RTL_NUMBER_OF(zeroed); i++)
        sum |= ((volatile ULONG *)zeroed)[i];
    CHECK(*(volatile ULONG *)&initialized == 0x600D);
    CHECK(sum == 0);
}

static void check_pointers(void)
{
    CHECK(table[0](5) == 15);
    CHECK(table[1](5) == 16);
    CHECK(*constant_pointer == 77);
}

static void check_imports(void)
{
    CHECK((ULONG_PTR)&initialized >= (ULONG_PTR)MmSystemRangeStart);
    CHECK((ULONG_PTR)MmHighestUserAddress < MmUserProbeAddress);
    CHECK(IoFileObjectType);
}

static void check_headers(void)
{
    PVOID base = NULL;

    CHECK(RtlPcToFileHeader((PVOID)(ULONG_PTR)check_data, &base) == self->DriverStart);
    CHECK(base == self->DriverStart);
    CHECK(*(const USHORT *)self->DriverStart == 0x5A4D);
}

/* The first fields of what DriverSection points to: the list links; DllBase is at 0x30. */
static void check_module_list(void)
{
    PLIST_ENTRY entry = self->DriverSection;

    CHECK(*(PVOID *)((UCHAR *)entry + 0x30) == self->DriverStart);
    CHECK(entry->Flink->Blink == entry && entry->Blink->Flink == entry);
}

#ifdef LAYOUT_HAS_COOKIE
extern ULONG_PTR __security_cookie;

static void check_cookie(void)
{
    ULONG_PTR cookie = *(volatile ULONG_PTR *)&__security_cookie;

    CHECK(cookie != 0x2B992DDFA232 && cookie != 0);
    CHECK(cookie >> 48 == 0);
}
#endif

static void check_registry_path(void)
{
    UNICODE_STRING keys =
        RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\");

    UNICODE_STRING start = *service;

    CHECK(service->Length > keys.Length);
    start.Length = min(start.Length, keys.Length);
    CHECK(RtlEqualUnicodeString(&start, &keys, TRUE));
}

static struct check_group groups[] = {
    CHECK_GROUP(data),          CHECK_GROUP(pointers),    CHECK_GROUP(imports),
    CHECK_GROUP(headers),       CHECK_GROUP(module_list),
#ifdef LAYOUT_HAS_COOKIE
    CHECK_GROUP(cookie),
#endif
    CHECK_GROUP(registry_path),
};

/* Once more, after DriverEntry: all but the last, which needs its path. */
static ULONG check_again(void)
{
    groups_run(groups, RTL_NUMBER_OF(groups) - 1);
    return (ULONG)failures;
}

DRIVER_INITIALIZE DriverEntry;

static ULONG act(ULONG code)
{
    volatile UCHAR *target = NULL;
    switch (code) {
    case LAYOUT_CHECK:
        return check_again();
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
    NTSTATUS status;

    self = driver;
    service = path;
    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_CREATE] = succeed;
    driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    status = groups_result();
    return NT_SUCCESS(status) ? create_device(driver) : status;
}
