/*
 * A driver that makes one mistake a control code, each of a kind that only the compiler's
 * sanitizers see, or see at the exact byte. MISTAKE: rule marks the line that must be reported.
 * Without MISTAKES defined it is the twin that does the same right.
 */
#include <ntddk.h>
#include <string.h>

#ifdef MISTAKES
enum { ONE = 1 };
#else
enum { ONE = 0 };
#endif

enum { TAG = 0x6B617453 };
#define CODE(number) \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (number), METHOD_BUFFERED, FILE_ANY_ACCESS)

static UCHAR global_text[13];
static volatile LONG sink;
/* What the compiler may not know. */
static volatile ULONG thirteen = 13, largest = MAXLONG, width = 32;
static UCHAR *volatile kept;

static NTSTATUS stack_overrun(void)
{
    UCHAR text[13];
    volatile UCHAR *at = text;
    for (ULONG i = 0; i < thirteen + ONE; i++)
        at[i] = (UCHAR)i; /* MISTAKE: address-sanitizer */
    sink = at[0];
    return STATUS_SUCCESS;
}

static NTSTATUS stack_read(void)
{
    volatile ULONG numbers[4] = {1, 2, 3, 4};
    volatile ULONG *at = numbers;
    sink = (LONG)at[thirteen - 10 + ONE]; /* MISTAKE: address-sanitizer */
    return STATUS_SUCCESS;
}

static NTSTATUS global_overrun(void)
{
    volatile UCHAR *at = global_text;
    at[thirteen - 1 + ONE] = 1; /* MISTAKE: address-sanitizer */
    return STATUS_SUCCESS;
}

static NTSTATUS pool_overrun(void)
{
    volatile UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, 13, TAG);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    block[thirteen - 1 + ONE] = 1; /* MISTAKE: address-sanitizer */
    ExFreePoolWithTag((PVOID)block, TAG);
    return STATUS_SUCCESS;
}

static NTSTATUS use_after_free(void)
{
    volatile UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, 13, TAG);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    block[5] = 1;
    if (!ONE)
        sink = block[5];
    ExFreePoolWithTag((PVOID)block, TAG);
    if (ONE)
        sink = block[5]; /* MISTAKE: address-sanitizer */
    return STATUS_SUCCESS;
}

static __attribute__((noinline)) void keep_local(void)
{
    UCHAR local[16] = {1};
    static UCHAR lasting[16];
    kept = ONE ? local : lasting;
    sink = kept[0];
}

static NTSTATUS use_after_return(void)
{
    keep_local();
    sink = kept[3]; /* MISTAKE: address-sanitizer */
    return STATUS_SUCCESS;
}

static NTSTATUS use_after_scope(void)
{
    UCHAR outer[16] = {2};
    {
        UCHAR inner[16] = {1};
        kept = ONE ? inner : outer;
        sink = kept[0];
    }
    sink = kept[3]; /* MISTAKE: address-sanitizer */
    return STATUS_SUCCESS;
}

static NTSTATUS copy_overrun(PVOID buffer)
{
    UCHAR text[13];
    RtlCopyMemory(text, buffer, thirteen + ONE); /* MISTAKE: address-sanitizer */
    sink = ((volatile UCHAR *)text)[3];
    return STATUS_SUCCESS;
}

static NTSTATUS signed_overflow(void)
{
    LONG number = (LONG)largest - 1 + ONE;
    sink = number + 1; /* MISTAKE: undefined-behaviour */
    return STATUS_SUCCESS;
}

static NTSTATUS wide_shift(void)
{
    ULONG bits = width - 1 + ONE;
    sink = (LONG)(1u << bits); /* MISTAKE: undefined-behaviour */
    return STATUS_SUCCESS;
}

struct pair {
    ULONG first, second;
};

static NTSTATUS misaligned(PVOID buffer)
{
    struct pair *pair = (struct pair *)((UCHAR *)buffer + (ONE ? 1 : 0));
    sink = (LONG)pair->second; /* MISTAKE: undefined-behaviour */
    return STATUS_SUCCESS;
}

static NTSTATUS null_member(PVOID buffer)
{
    struct pair *pair = ONE ? NULL : buffer;
    kept = (UCHAR *)&pair->second; /* MISTAKE: undefined-behaviour */
    return STATUS_SUCCESS;
}

static NTSTATUS outside_of_array(void)
{
    volatile ULONG numbers[4] = {1, 2, 3, 4};
    ULONG index = thirteen - 10 + ONE;
    volatile ULONG *element = &numbers[index == 4 ? 3 : index];
    sink = (LONG)*element;
    if (ONE)
        kept = (UCHAR *)&numbers[thirteen]; /* MISTAKE: undefined-behaviour */
    return STATUS_SUCCESS;
}

/* A routine of the kernel writes; nothing of it is compiled here. */
static NTSTATUS text_overrun(void)
{
    static const CHAR *volatile source = ONE ? "thirteen long" : "twelve long.";
    CHAR text[13];
    strcpy(text, source); /* MISTAKE: address-sanitizer */
    sink = text[3];
    return STATUS_SUCCESS;
}

static NTSTATUS null_written(void)
{
    struct pair other;
    struct pair *pair = ONE ? NULL : &other;
    pair->second = 1; /* MISTAKE: undefined-behaviour */
    return STATUS_SUCCESS;
}

static NTSTATUS mistake(ULONG code, PVOID buffer, ULONG length)
{
    if (length < 32)
        return STATUS_BUFFER_TOO_SMALL;
#ifdef FEW /* for a search without a script, which takes its time */
    if (code > CODE(1))
        return STATUS_INVALID_DEVICE_REQUEST;
#endif
    switch (code) {
    case CODE(0):
        return stack_overrun();
    case CODE(1):
        return stack_read();
    case CODE(2):
        return global_overrun();
    case CODE(3):
        return pool_overrun();
    case CODE(4):
        return use_after_free();
    case CODE(5):
        return use_after_return();
    case CODE(6):
        return use_after_scope();
    case CODE(7):
        return copy_overrun(buffer);
    case CODE(8):
        return signed_overflow();
    case CODE(9):
        return wide_shift();
    case CODE(10):
        return misaligned(buffer);
    case CODE(11):
        return null_member(buffer);
    case CODE(12):
        return outside_of_array();
    case CODE(13):
        return text_overrun();
    case CODE(14):
        return null_written();
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

static DRIVER_DISPATCH open_or_close, control;
static DRIVER_UNLOAD unload;
DRIVER_INITIALIZE DriverEntry;

static NTSTATUS complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI open_or_close(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return complete(irp, STATUS_SUCCESS);
}

/* As drivers do it, a handler around everything: it must not hide anything. */
static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status;
    (void)device;
    __try {
        status = mistake(stack->Parameters.DeviceIoControl.IoControlCode,
                         irp->AssociatedIrp.SystemBuffer,
                         stack->Parameters.DeviceIoControl.InputBufferLength);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return complete(irp, status);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Mistakes");
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(driver->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Mistakes");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Mistakes");
    PDEVICE_OBJECT device;
    (void)registry_path;
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                                     FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    driver->MajorFunction[IRP_MJ_CREATE] = open_or_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = open_or_close;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
