#include "memory.h"

static PFN_NUMBER frame_of(void *address)
{
    return (PFN_NUMBER)(MmGetPhysicalAddress(address).QuadPart >> PAGE_SHIFT);
}

void check_nonpaged_mdl(void)
{
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PAGE_SIZE, TAG);
    UCHAR *start = block + 100;
    PMDL mdl = IoAllocateMdl(start, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
    CHECK(mdl && MmGetMdlByteCount(mdl) == 2 * PAGE_SIZE && MmGetMdlByteOffset(mdl) == 100);
    CHECK(mdl->Size == (CSHORT)MmSizeOfMdl(start, 2 * PAGE_SIZE) && mdl->Next == NULL);
    MmBuildMdlForNonPagedPool(mdl);
    CHECK(mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL);
    CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == start);
    CHECK(MmGetMdlPfnArray(mdl)[0] == frame_of(block));
    CHECK(MmGetMdlPfnArray(mdl)[2] == frame_of(block + 2 * PAGE_SIZE));
    PMDL part = IoAllocateMdl(start, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
    IoBuildPartialMdl(mdl, part, start + PAGE_SIZE, 50);
    CHECK((part->MdlFlags & MDL_PARTIAL) && MmGetMdlByteCount(part) == 50);
    CHECK(MmGetMdlPfnArray(part)[0] == MmGetMdlPfnArray(mdl)[1]);
    CHECK(MmGetSystemAddressForMdlSafe(part, NormalPagePriority) == start + PAGE_SIZE);
    MmPrepareMdlForReuse(part);
    IoBuildPartialMdl(mdl, part, start + 10, 0); /* 0: up to the end */
    CHECK(MmGetMdlByteCount(part) == 2 * PAGE_SIZE - 10);
    IoFreeMdl(part);
    CHECK_STATUS(STATUS_SUCCESS, MmAdvanceMdl(mdl, PAGE_SIZE));
    CHECK(MmGetMdlByteCount(mdl) == PAGE_SIZE);
    CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == start + PAGE_SIZE);
    CHECK_STATUS(STATUS_INVALID_PARAMETER_2, MmAdvanceMdl(mdl, 2 * PAGE_SIZE));
    IoFreeMdl(mdl);
    ExFreePoolWithTag(block, TAG);
}

void check_locked_mdl(void)
{
    UCHAR *block = ExAllocatePoolWithTag(PagedPool, 2 * PAGE_SIZE, TAG);
    PMDL mdl = IoAllocateMdl(block + 8, PAGE_SIZE + 100, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    CHECK((mdl->MdlFlags & MDL_PAGES_LOCKED) && (mdl->MdlFlags & MDL_WRITE_OPERATION));
    UCHAR *alias =
        MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
    CHECK(alias && alias != block + 8 && BYTE_OFFSET(alias) == BYTE_OFFSET(block + 8));
    CHECK((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) && mdl->MappedSystemVa == alias);
    CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == alias);
    alias[0] = 0x11;
    alias[PAGE_SIZE + 99] = 0x22;
    CHECK(block[8] == 0x11 && block[PAGE_SIZE + 107] == 0x22);
    block[9] = 0x33;
    CHECK(alias[1] == 0x33);
    CHECK(MmGetPhysicalAddress(alias).QuadPart == MmGetPhysicalAddress(block + 8).QuadPart);
    PMDL part = IoAllocateMdl(block + 8, 100, FALSE, FALSE, NULL);
    IoBuildPartialMdl(mdl, part, block + 16, 16);
    CHECK(MmGetSystemAddressForMdlSafe(part, NormalPagePriority) == alias + 8);
    IoFreeMdl(part);
    MmUnmapLockedPages(alias, mdl);
    CHECK(!(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) && !MmIsAddressValid(alias));
    alias = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | 0x40000000 /* no execute */);
    CHECK(alias && alias[1] == 0x33);
    CHECK_STATUS(STATUS_SUCCESS, MmProtectMdlSystemAddress(mdl, PAGE_READONLY));
    CHECK_STATUS(STATUS_INVALID_PAGE_PROTECTION, MmProtectMdlSystemAddress(mdl, 0x77));
    MmUnlockPages(mdl); /* unmaps as well */
    CHECK(!(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA)));
    CHECK(!MmIsAddressValid(alias));
    IoFreeMdl(mdl);
    ExFreePoolWithTag(block, TAG);
}

void check_mdl_chain(void)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
    PMDL first = IoAllocateMdl(block, 16, FALSE, FALSE, irp);
    PMDL second = IoAllocateMdl(block + 16, 16, TRUE, FALSE, irp);
    PMDL third = IoAllocateMdl(block + 32, 16, TRUE, FALSE, irp);
    CHECK(irp->MdlAddress == first && first->Next == second && second->Next == third);
    irp->MdlAddress = NULL;
    IoFreeMdl(first);
    IoFreeMdl(second);
    IoFreeMdl(third);
    IoFreeIrp(irp);
    ExFreePoolWithTag(block, TAG);
}

void check_reserved_mapping(void)
{
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, TAG);
    PVOID place = MmAllocateMappingAddress(4 * PAGE_SIZE, TAG);
    PMDL mdl = IoAllocateMdl(block, PAGE_SIZE, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    CHECK(place && !MmIsAddressValid(place));
    for (int i = 0; i < 2; i++) {
        UCHAR *mapped = MmMapLockedPagesWithReservedMapping(place, TAG, mdl, MmCached);
        CHECK(mapped == place && MmIsAddressValid(mapped));
        mapped[5] = (UCHAR)(i + 1);
        CHECK(block[5] == i + 1);
        MmUnmapReservedMapping(place, TAG, mdl);
        CHECK(!MmIsAddressValid(place));
    }
    MmFreeMappingAddress(place, TAG);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    ExFreePoolWithTag(block, TAG);
}

#ifdef __clang__
static void lock_nothing(void *context)
{
    MmProbeAndLockPages(context, KernelMode, IoReadAccess);
}

static void lock_as_user(void *context)
{
    MmProbeAndLockPages(context, UserMode, IoReadAccess);
}

static void map_to_taken_address(void *context)
{
    MmMapLockedPagesSpecifyCache(context, UserMode, MmCached, (PVOID)0x1000, FALSE,
                                 NormalPagePriority);
}

void check_mdl_raises(void)
{
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, 2 * PAGE_SIZE, TAG);
    /* the page behind a large block is nobody's */
    PMDL mdl = IoAllocateMdl(block + PAGE_SIZE, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
    CHECK_RAISES(STATUS_ACCESS_VIOLATION, lock_nothing, mdl);
    CHECK(!(mdl->MdlFlags & MDL_PAGES_LOCKED));
    IoFreeMdl(mdl);
    mdl = IoAllocateMdl(block, PAGE_SIZE, FALSE, FALSE, NULL);
    CHECK_RAISES(STATUS_ACCESS_VIOLATION, lock_as_user, mdl);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    CHECK_RAISES(STATUS_CONFLICTING_ADDRESSES, map_to_taken_address, mdl);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    ExFreePoolWithTag(block, TAG);
}
#else
void check_mdl_raises(void)
{
}
#endif
