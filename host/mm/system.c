/* What Mm says about the machine, and paging, which the host has none of: everything is resident.
 */
#include "host/loader/loader.h"
#include "host/mm/ddk.h"
#include "host/mm/mdl.h"

static const ULONGLONG megabyte = 1024 * 1024;

MM_SYSTEMSIZE NTAPI MmQuerySystemSize(VOID)
{
    ULONGLONG limit = current_machine()->memory_limit;
    if (limit && limit < 64 * megabyte)
        return MmSmallSystem;
    return limit && limit < 512 * megabyte ? MmMediumSystem : MmLargeSystem;
}
SB_EXPORT(MmQuerySystemSize)

BOOLEAN NTAPI MmIsThisAnNtAsSystem(VOID)
{
    return FALSE; /* a workstation, as RtlGetVersion says */
}
SB_EXPORT(MmIsThisAnNtAsSystem)

/* The frames the machine may have, as base and length in bytes; ends with a zero entry. The caller
 * frees the array. */
PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRanges(VOID)
{
    const ULONGLONG kernel = LINUX_KERNEL_END - LINUX_KERNEL_BASE;
    ULONGLONG limit = current_machine()->memory_limit;
    PPHYSICAL_MEMORY_RANGE ranges =
        mm_pool_allocate_zero(current_machine(), 3 * sizeof(*ranges), 0x68506D4D);
    if (!ranges)
        return NULL;
    ranges[0].BaseAddress.QuadPart = PAGE_SIZE; /* frame 0 is never used */
    ranges[0].NumberOfBytes.QuadPart =
        (LONGLONG)(limit && limit < kernel ? limit : kernel - PAGE_SIZE);
    ranges[1].BaseAddress.QuadPart = (LONGLONG)(LINUX_USER_FRAME * PAGE_SIZE);
    ranges[1].NumberOfBytes.QuadPart = (LONGLONG)(LINUX_USER_END - LINUX_USER_BASE);
    return ranges;
}
SB_EXPORT(MmGetPhysicalMemoryRanges)

/* ---- pageable code and data: a handle is the image's base ---- */
PVOID NTAPI MmLockPagableDataSection(PVOID address)
{
    struct loaded_image *image = loader_find(current_machine(), (uint64_t)address);
    return image ? image->base : PAGE_ALIGN(address);
}
SB_EXPORT(MmLockPagableDataSection)

VOID NTAPI nt_MmLockPagableSectionByHandle(PVOID handle)
{
}
SB_EXPORT_AS("MmLockPagableSectionByHandle", nt_MmLockPagableSectionByHandle)

VOID NTAPI MmUnlockPagableImageSection(PVOID handle)
{
}
SB_EXPORT(MmUnlockPagableImageSection)

PVOID NTAPI MmPageEntireDriver(PVOID address)
{
    struct loaded_image *image = loader_find(current_machine(), (uint64_t)address);
    return image ? image->base : NULL;
}
SB_EXPORT(MmPageEntireDriver)

VOID NTAPI MmResetDriverPaging(PVOID address)
{
}
SB_EXPORT(MmResetDriverPaging)

/* ---- the verifier ---- */
LOGICAL NTAPI MmIsDriverVerifying(PDRIVER_OBJECT driver)
{
    return current_machine()->verifier != NULL;
}
SB_EXPORT(MmIsDriverVerifying)

NTSTATUS NTAPI MmIsVerifierEnabled(PULONG flags)
{
    if (!current_machine()->verifier)
        return STATUS_NOT_SUPPORTED;
    *flags = 0; /* no flag of Windows' own verifier is claimed */
    return STATUS_SUCCESS;
}
SB_EXPORT(MmIsVerifierEnabled)
