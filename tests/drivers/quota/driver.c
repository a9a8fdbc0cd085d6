/* Pool that applications pay for, checked in the caller's process. */
#include <ntifs.h>

#include "check.h"
#include "contract.h"
#include "raises.h"

CHECK_DEFINITIONS("quota")

enum { TAG = 0x6F757153, BLOCK = 0x1000, CLASS_POOLED_USAGE = 14 };
/* POOL_FLAG_USE_QUOTA, _RAISE_ON_FAILURE, _PAGED */
enum { USE_QUOTA = 0x01, RAISE = 0x20, PAGED = 0x100 };

struct usage {
    SIZE_T peak, used, limit;
};

static PVOID kept;

NTSYSAPI NTSTATUS NTAPI ZwSetInformationProcess(HANDLE, PROCESSINFOCLASS, PVOID, ULONG);
static PVOID(NTAPI *allocate_pool_2)(ULONG64 flags, SIZE_T size, ULONG tag);
NTKERNELAPI SIZE_T NTAPI ExQueryPoolBlockSize(PVOID block, PBOOLEAN quota_charged);

/* ProcessPooledUsageAndLimits: paged, nonpaged, page file. */
static struct usage usage(POOL_TYPE type)
{
    struct usage all[3];

    CHECK_STATUS(STATUS_SUCCESS,
                 ZwQueryInformationProcess(NtCurrentProcess(), (PROCESSINFOCLASS)CLASS_POOLED_USAGE,
                                           all, sizeof all, NULL));
    return all[type == PagedPool ? 0 : 1];
}

static PVOID without_raising(POOL_TYPE type, SIZE_T size)
{
    return ExAllocatePoolWithQuotaTag((POOL_TYPE)(type | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE), size,
                                      TAG);
}

static void check_charge(POOL_TYPE type)
{
    SIZE_T before = usage(type).used;
    BOOLEAN charged = FALSE;
    PVOID block = ExAllocatePoolWithQuotaTag(type, 0x300, TAG);

    CHECK(usage(type).limit == QUOTA_LIMIT);
    CHECK(block && usage(type).used == before + 0x300);
    CHECK(usage(type).peak >= before + 0x300);
    CHECK(ExQueryPoolBlockSize(block, &charged) >= 0x300 && charged);
    ExFreePoolWithTag(block, TAG);
    CHECK(usage(type).used == before);

    block = ExAllocatePoolWithTag(type, 0x300, TAG); /* the system pays */
    CHECK(usage(type).used == before);
    CHECK(ExQueryPoolBlockSize(block, &charged) >= 0x300 && !charged);
    ExFreePoolWithTag(block, TAG);
}

static void raise_it(void *context)
{
    *(PVOID *)context = ExAllocatePoolWithQuotaTag(PagedPool, QUOTA_LIMIT + 1, TAG);
}

static void raise_by_flag(void *context)
{
    *(PVOID *)context = allocate_pool_2(PAGED | USE_QUOTA | RAISE, QUOTA_LIMIT + 1, TAG);
}

static void charge_pool(void *context)
{
    PsChargePoolQuota(PsGetCurrentProcess(), PagedPool, *(SIZE_T *)context);
}

static void check_limit(void)
{
    SIZE_T too_much = QUOTA_LIMIT + 1;
    PVOID block = NULL, other;

    CHECK(without_raising(PagedPool, QUOTA_LIMIT + 1) == NULL);
    CHECK(allocate_pool_2(PAGED | USE_QUOTA, QUOTA_LIMIT + 1, TAG) == NULL);
    CHECK_RAISES(STATUS_QUOTA_EXCEEDED, raise_it, &block);
    CHECK_RAISES(STATUS_QUOTA_EXCEEDED, raise_by_flag, &block);
    CHECK(block == NULL);
    other = allocate_pool_2(PAGED | USE_QUOTA, QUOTA_LIMIT - BLOCK, TAG);
    CHECK(other != NULL);
    CHECK(without_raising(PagedPool, BLOCK + 0x100) == NULL);
    block = without_raising(NonPagedPoolNx, BLOCK); /* each kind has its own */
    CHECK(block != NULL);
    ExFreePool(block);
    ExFreePool(other);

    CHECK_STATUS(STATUS_QUOTA_EXCEEDED,
                 PsChargeProcessPoolQuota(PsGetCurrentProcess(), PagedPool, too_much));
    CHECK_RAISES(STATUS_QUOTA_EXCEEDED, charge_pool, &too_much);
    CHECK_STATUS(STATUS_SUCCESS, PsChargeProcessPoolQuota(PsGetCurrentProcess(), PagedPool, BLOCK));
    CHECK(usage(PagedPool).used == BLOCK);
    PsReturnPoolQuota(PsGetCurrentProcess(), PagedPool, BLOCK);
    CHECK(usage(PagedPool).used == 0);
}

/* An IRP, an MDL. */
static void check_requests(void)
{
    SIZE_T before = usage(NonPagedPool).used;
    PIRP irp = IoAllocateIrp(2, TRUE);
    PMDL mdl = IoAllocateMdl(&kept, 0x100, FALSE, TRUE, NULL);

    CHECK(irp && mdl);
    CHECK(usage(NonPagedPool).used >= before + IoSizeOfIrp(2));
    IoFreeMdl(mdl);
    IoFreeIrp(irp);
    CHECK(usage(NonPagedPool).used == before);
}

/* The system process pays for nothing. */
static void check_system(void)
{
    KAPC_STATE state;
    PVOID block;

    KeStackAttachProcess((PKPROCESS)PsInitialSystemProcess, &state);
    block = without_raising(PagedPool, 4 * QUOTA_LIMIT);
    CHECK(block != NULL && usage(PagedPool).used == 0);
    CHECK_STATUS(STATUS_SUCCESS,
                 PsChargeProcessPoolQuota(PsInitialSystemProcess, PagedPool, 4 * QUOTA_LIMIT));
    PsReturnPoolQuota(PsInitialSystemProcess, PagedPool, 4 * QUOTA_LIMIT);
    KeUnstackDetachProcess(&state);
    ExFreePool(block);
}

static NTSTATUS set_limits(SIZE_T paged, SIZE_T nonpaged)
{
    QUOTA_LIMITS limits = {.PagedPoolLimit = paged, .NonPagedPoolLimit = nonpaged};

    return ZwSetInformationProcess(NtCurrentProcess(), ProcessQuotaLimits, &limits, sizeof limits);
}

static void check_settings(void)
{
    QUOTA_LIMITS limits;
    PVOID block;
    ULONG number = 5;

    CHECK_STATUS(STATUS_SUCCESS, set_limits((SIZE_T)-1, QUOTA_LIMIT));
    block = without_raising(PagedPool, 4 * QUOTA_LIMIT);
    CHECK(block != NULL);
    ExFreePool(block);
    CHECK_STATUS(STATUS_SUCCESS, ZwQueryInformationProcess(NtCurrentProcess(), ProcessQuotaLimits,
                                                           &limits, sizeof limits, NULL));
    CHECK(limits.PagedPoolLimit == (SIZE_T)-1 && limits.NonPagedPoolLimit == QUOTA_LIMIT);
    CHECK_STATUS(STATUS_SUCCESS, set_limits(QUOTA_LIMIT, QUOTA_LIMIT));

    CHECK_STATUS(STATUS_SUCCESS,
                 ZwSetInformationProcess(NtCurrentProcess(), ProcessDefaultHardErrorMode, &number,
                                         sizeof number));
    number = 0;
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwQueryInformationProcess(NtCurrentProcess(), ProcessDefaultHardErrorMode, &number,
                                           sizeof number, NULL));
    CHECK(number == 5);
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH,
                 ZwSetInformationProcess(NtCurrentProcess(), ProcessPriorityBoost, &number, 1));
    CHECK_STATUS(STATUS_INVALID_INFO_CLASS,
                 ZwSetInformationProcess(NtCurrentProcess(), ProcessBasicInformation, &number, 4));
}

static ULONG check_all(void)
{
    check_charge(PagedPool);
    check_charge(NonPagedPool);
    check_charge(NonPagedPoolNx);
    check_limit();
    check_requests();
    check_system();
    check_settings();
    DbgPrint("quota: %d checks, %d failed\n", checks, failures);
    return failures;
}

static NTSTATUS NTAPI open_close(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG one = 1;

    (void)device;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_CHECK:
        if (check_all())
            irp->IoStatus.Status = STATUS_UNSUCCESSFUL;
        break;
    case IOCTL_KEEP:
        kept = without_raising(PagedPool, BLOCK);
        break;
    case IOCTL_RELEASE:
        ExFreePoolWithTag(kept, TAG);
        break;
    case IOCTL_DIE:
        irp->IoStatus.Status = ZwSetInformationProcess(NtCurrentProcess(),
                                                       ProcessBreakOnTermination, &one, sizeof one);
        break;
    default:
        irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    }
    one = irp->IoStatus.Status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return (NTSTATUS)one;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\SbQuota");

    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(driver->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\SbQuota");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\SbQuota");
    UNICODE_STRING pool_2 = RTL_CONSTANT_STRING(L"ExAllocatePool2"); /* mingw's library lacks it */
    PDEVICE_OBJECT device;
    NTSTATUS status;

    (void)path;
    allocate_pool_2 = MmGetSystemRoutineAddress(&pool_2);
    if (!allocate_pool_2)
        return STATUS_PROCEDURE_NOT_FOUND;
    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_CREATE] = open_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = open_close;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (NT_SUCCESS(status))
        status = IoCreateSymbolicLink(&link, &name);
    return status;
}
