#include "memory.h"

typedef union {
    PVOID VirtualAddress;
    PHYSICAL_ADDRESS PhysicalAddress;
} COPY_ADDRESS;
typedef NTSTATUS NTAPI copy_memory(PVOID target, COPY_ADDRESS source, SIZE_T length, ULONG flags,
                                   PSIZE_T transferred);

void check_validity(void)
{
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, 2 * PAGE_SIZE, TAG);
    CHECK(MmIsAddressValid(block) && MmIsAddressValid(block + 2 * PAGE_SIZE - 1));
    CHECK(!MmIsAddressValid(block + 2 * PAGE_SIZE) && !MmIsAddressValid(block - 1));
    CHECK(!MmIsAddressValid(NULL) && !MmIsAddressValid((PVOID)0x10));
    CHECK(MmIsAddressValid((PVOID)check_validity) && MmIsAddressValid(&block));
    ExFreePoolWithTag(block, TAG);
    CHECK(!MmIsAddressValid(block));
    CHECK(!MmIsAddressValid((PVOID)0x8000000000000000ull));
}

void check_copy(void)
{
    copy_memory *copy = (copy_memory *)routine(L"MmCopyMemory");
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, TAG), target[64];
    COPY_ADDRESS source = {.VirtualAddress = block + PAGE_SIZE - 16};
    SIZE_T done = 99;
    RtlFillMemory(block, PAGE_SIZE, 0x77);
    CHECK_STATUS(STATUS_SUCCESS, copy(target, source, 16, 2, &done));
    CHECK(done == 16 && target[15] == 0x77);
    CHECK(!NT_SUCCESS(copy(target, source, 32, 2, &done)) && done == 16);
    source.PhysicalAddress = MmGetPhysicalAddress(block + 8);
    target[0] = 0;
    CHECK_STATUS(STATUS_SUCCESS, copy(target, source, 8, 1, &done));
    CHECK(done == 8 && target[0] == 0x77);
    CHECK_STATUS(STATUS_INVALID_PARAMETER_4, copy(target, source, 8, 3, &done));
    ExFreePoolWithTag(block, TAG);
}

void check_routines(void)
{
    CHECK(routine(L"MmCopyMemory") != NULL);
    CHECK(routine(L"KeGetCurrentIrql") != NULL);
    CHECK(routine(L"NoSuchRoutineAnywhere") == NULL);
}

void check_system_information(void)
{
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
    CHECK(MmIsNonPagedSystemAddressValid(block));
    ExFreePoolWithTag(block, TAG);
    CHECK(MmIsThisAnNtAsSystem() == FALSE && MmQuerySystemSize() <= MmLargeSystem);
    PPHYSICAL_MEMORY_RANGE ranges = MmGetPhysicalMemoryRanges();
    CHECK(ranges && ranges[0].NumberOfBytes.QuadPart > 0);
    ExFreePool(ranges);
    PVOID handle = MmLockPagableCodeSection(check_routines);
    CHECK(handle != NULL);
    MmUnlockPagableImageSection(handle);
}

#ifdef __clang__
static SIZE_T probe_length;
static ULONG probe_alignment;

static void probe_read(void *address)
{
    ProbeForRead(address, probe_length, probe_alignment);
}

static void probe_write(void *address)
{
    ProbeForWrite(address, probe_length, probe_alignment);
}

static NTSTATUS probed(raising_function *function, ULONG_PTR address, SIZE_T length,
                       ULONG alignment)
{
    probe_length = length;
    probe_alignment = alignment;
    return status_raised(function, (void *)address);
}

void check_probes(void)
{
    ULONG_PTR end = MmUserProbeAddress;
    UCHAR *kernel = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
    CHECK_STATUS(STATUS_SUCCESS, probed(probe_read, (ULONG_PTR)kernel, 0, 4));
    CHECK_STATUS(STATUS_ACCESS_VIOLATION, probed(probe_read, (ULONG_PTR)kernel, 1, 1));
    CHECK_STATUS(STATUS_ACCESS_VIOLATION, probed(probe_write, (ULONG_PTR)kernel, 1, 1));
    CHECK_STATUS(STATUS_SUCCESS, probed(probe_read, end - 16, 16, 1));
    CHECK_STATUS(STATUS_ACCESS_VIOLATION, probed(probe_read, end - 16, 17, 1));
    CHECK_STATUS(STATUS_DATATYPE_MISALIGNMENT, probed(probe_read, 0x10001, 4, 4));
    CHECK_STATUS(STATUS_DATATYPE_MISALIGNMENT, probed(probe_write, 0x10002, 4, 4));
    CHECK_STATUS(STATUS_SUCCESS, probed(probe_read, 0x10002, 4, 2));
    CHECK_STATUS(STATUS_ACCESS_VIOLATION, probed(probe_read, 0x10000, ~(SIZE_T)0, 1));
    CHECK_STATUS(STATUS_ACCESS_VIOLATION, probed(probe_read, 0x10000, 0 - (SIZE_T)0x10000, 1));
    CHECK_STATUS(STATUS_ACCESS_VIOLATION, probed(probe_write, 0x20, 4, 1));
    ExFreePoolWithTag(kernel, TAG);
}
#else
void check_probes(void)
{
}
#endif
