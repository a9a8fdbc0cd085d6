/* Mm from the inside: DriverEntry checks what needs no caller, the control codes the rest. */
#include "memory.h"

#include "groups.h"

#define CODE(function) \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (function), METHOD_NEITHER, FILE_ANY_ACCESS)
enum {
    USE_BUFFER,
    KEEP_BUFFER,
    CHECK_KEPT,
    VIRTUAL,
    SHARE,
    LOOK,
    FAILURES,
    MAP_FILE,
    MAP_IMAGE,
    MISTAKE
};

CHECK_DEFINITIONS("memory")

static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\??\\Memory");

void *routine(const wchar_t *name)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, name);
    return MmGetSystemRoutineAddress(&string);
}

PKTHREAD start_thread(PKSTART_ROUTINE routine, void *context)
{
    HANDLE handle;
    PVOID thread = NULL;
    CHECK_STATUS(STATUS_SUCCESS, PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                                      routine, context));
    CHECK_STATUS(STATUS_SUCCESS,
                 ObReferenceObjectByHandle(handle, SYNCHRONIZE, NULL, KernelMode, &thread, NULL));
    ZwClose(handle);
    return thread;
}

void join(PKTHREAD thread)
{
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
}

static NTSTATUS control(PIO_STACK_LOCATION stack, UCHAR *output, ULONG_PTR *information)
{
    ULONG length = stack->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG function = (stack->Parameters.DeviceIoControl.IoControlCode >> 2 & 0xFFF) - 0x800;
    *information = 0;
    if (function >= MISTAKE && function < MISTAKE + MISTAKES)
        make_mistake(function - MISTAKE);
    switch (function) {
    case USE_BUFFER:
        return use_user_buffer(output, length);
    case KEEP_BUFFER:
        return keep_user_buffer(output, length);
    case CHECK_KEPT:
        return check_kept_buffer();
    case VIRTUAL:
        return use_virtual_memory();
    case SHARE:
        *information = sizeof(void *);
        return share_page((void **)output);
    case LOOK:
        *information = 1;
        return look_at_shared_page(output);
    case MAP_FILE:
        return map_a_file();
    case MAP_IMAGE:
        return map_an_image();
    case FAILURES:
        *(ULONG *)output = failures;
        *information = sizeof(ULONG);
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = STATUS_SUCCESS;
    ULONG_PTR information = 0;
    (void)device;
    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        status = control(stack, irp->UserBuffer, &information);
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    unshare_page();
    IoDeleteSymbolicLink(&link_name);
    IoDeleteDevice(driver->DeviceObject);
}

static struct check_group groups[] = {MEMORY_GROUPS(CHECK_GROUP_ITEM)};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Memory");
    PDEVICE_OBJECT device;
    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_CREATE] = dispatch;
    driver->MajorFunction[IRP_MJ_CLOSE] = dispatch;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch;
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    NTSTATUS status = groups_result();
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    return NT_SUCCESS(status) ? IoCreateSymbolicLink(&link_name, &name) : status;
}
