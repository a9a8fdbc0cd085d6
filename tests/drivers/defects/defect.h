/*
 * The corpus of mistakes: each NAME.c here is a driver with one device, \Device\Defect (link
 * \??\Defect), and exactly one mistake, which is there when DEFECT is 1; with DEFECT 0 the same
 * file is the twin without it. The line that is to be reported carries the comment
 *
 *     MISTAKE: rule-identifier
 *
 * and a comment "SEQUENCE: name" says what the application does, where the usual calls (open,
 * control, read, write, close, unload) do not show the mistake; see tests/host/test_defects.c.
 * Further marks, anywhere in the file:
 *
 *     COMPILER: clang         gcc does not build it (it has no __try)
 *     HEADERS: own            it changes something in the kernel's headers (see build.sh)
 *     CALLS: neither read     which requests the driver is sent, in this order (else: buffered read
 *                             write): buffered, neither, out-direct, in-direct are control requests
 *                             with the same 64 byte input and output; pointer is a buffered one
 *                             whose input is a struct defect_pointers; short is one with 4 bytes
 *                             each way, empty with none, small-output with room for 4
 *
 * A file defines control(), which serves IRP_MJ_DEVICE_CONTROL and completes the request (or not,
 * where that is the mistake), and, before it includes this header, HAS_LOAD, HAS_UNLOAD,
 * HAS_CREATE, HAS_CLEANUP, HAS_CLOSE, HAS_READ, HAS_WRITE for the further routines it defines.
 */
#ifndef DEFECT_H
#define DEFECT_H

#include <ntifs.h>

#ifndef DEFECT
#error "DEFECT is 1 (with the mistake) or 0 (without)"
#endif

#define DEFECT_TAG 'tfeD'
/* Keeps a function a frame of its own, so that a report's line is the one in the source. */
#define DEFECT_NOINLINE __attribute__((noinline))

/* Behind a call that is to be reported and ends its function: keeps it from becoming a jump. */
#define DEFECT_KEEP_FRAME() __asm__ volatile("")

#define DEFECT_CODE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

/* The input of the call "pointer". */
struct defect_pointers {
    ULONG64 buffer;      /* 4096 bytes of the application's: a ULONG 16, then 0x41 */
    ULONG64 length;      /* 64 */
    ULONG64 file_handle; /* the application's handle to this device */
};

static PDEVICE_OBJECT defect_device;

/* Frames of their own: else compilers merge their last lines with those of others. */
static DEFECT_NOINLINE NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack);
#ifdef HAS_LOAD
static DEFECT_NOINLINE NTSTATUS load(PDRIVER_OBJECT driver); /* after the device was made */
#endif
#ifdef HAS_UNLOAD
static DEFECT_NOINLINE void unload(PDRIVER_OBJECT driver); /* before the device goes */
#endif
#ifdef HAS_CREATE
static DEFECT_NOINLINE NTSTATUS create(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack);
#endif
#ifdef HAS_CLEANUP
static DEFECT_NOINLINE NTSTATUS cleanup(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack);
#endif
#ifdef HAS_CLOSE
static DEFECT_NOINLINE NTSTATUS close(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack);
#endif
#ifdef HAS_READ
static DEFECT_NOINLINE NTSTATUS read(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack);
#endif
#ifdef HAS_WRITE
static DEFECT_NOINLINE NTSTATUS write(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack);
#endif

static DEFECT_NOINLINE __attribute__((unused)) NTSTATUS complete(PIRP irp, NTSTATUS status,
                                                                 ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI defect_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    switch (stack->MajorFunction) {
    case IRP_MJ_DEVICE_CONTROL:
        return control(device, irp, stack);
#ifdef HAS_CREATE
    case IRP_MJ_CREATE:
        return create(device, irp, stack);
#endif
#ifdef HAS_CLEANUP
    case IRP_MJ_CLEANUP:
        return cleanup(device, irp, stack);
#endif
#ifdef HAS_CLOSE
    case IRP_MJ_CLOSE:
        return close(device, irp, stack);
#endif
#ifdef HAS_READ
    case IRP_MJ_READ:
        return read(device, irp, stack);
#endif
#ifdef HAS_WRITE
    case IRP_MJ_WRITE:
        return write(device, irp, stack);
#endif
    default:
        return complete(irp, STATUS_SUCCESS, 0);
    }
}

static void NTAPI defect_unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\Defect");
#ifdef HAS_UNLOAD
    unload(driver);
#endif
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(defect_device);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Defect");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\Defect");
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                                     FALSE, &defect_device);
    if (!NT_SUCCESS(status))
        return status;
    defect_device->Flags |= DO_BUFFERED_IO;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        goto delete_device;
    driver->MajorFunction[IRP_MJ_CREATE] = defect_dispatch;
    driver->MajorFunction[IRP_MJ_CLEANUP] = defect_dispatch;
    driver->MajorFunction[IRP_MJ_CLOSE] = defect_dispatch;
    driver->MajorFunction[IRP_MJ_READ] = defect_dispatch;
    driver->MajorFunction[IRP_MJ_WRITE] = defect_dispatch;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = defect_dispatch;
    driver->DriverUnload = defect_unload;
#ifdef HAS_LOAD
    status = load(driver);
    if (!NT_SUCCESS(status))
        goto delete_link;
#endif
    return STATUS_SUCCESS;

#ifdef HAS_LOAD
delete_link:
    IoDeleteSymbolicLink(&link);
#endif
delete_device:
    IoDeleteDevice(defect_device);
    return status;
}

#endif
