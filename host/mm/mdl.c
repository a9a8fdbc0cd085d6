/* MDLs: allocation, and the pages they describe. Mapping them is in mdl_map.c. */
#include "host/ke/ke.h"
#include "host/mm/ddk.h"
#include "host/mm/mdl.h"
#include "host/ps/pool_quota.h"

enum { MDL_TAG = 0x206C644D, FRAME_BATCH = 64 };

/* PFN_LIST_CORRUPT, parameter 1. */
enum { UNLOCKED_TOO_OFTEN = 7 };

BOOLEAN mm_mdl_report(PMDL mdl, enum mm_mdl_change change, ULONG_PTR detail, void *caller)
{
    const struct verifier_hooks *verifier = current_machine()->verifier;
    return SB_UNLIKELY(verifier) && verifier->mdl_change &&
           verifier->mdl_change(mdl, change, detail, caller);
}

#undef MmSizeOfMdl
SIZE_T NTAPI MmSizeOfMdl(PVOID base, SIZE_T length)
{
    return sizeof(MDL) + ADDRESS_AND_SIZE_TO_SPAN_PAGES(base, length) * sizeof(PFN_NUMBER);
}
SB_EXPORT(MmSizeOfMdl)

#undef MmCreateMdl
PMDL NTAPI MmCreateMdl(PMDL mdl, PVOID base, SIZE_T length)
{
    if (!mdl)
        mdl =
            mm_pool_allocate(current_machine(), NonPagedPoolNx, MmSizeOfMdl(base, length), MDL_TAG);
    if (mdl)
        MmInitializeMdl(mdl, base, length);
    return mdl;
}
SB_EXPORT(MmCreateMdl)

static void append(PIRP irp, PMDL mdl)
{
    PMDL last = irp->MdlAddress;
    while (last->Next)
        last = last->Next;
    last->Next = mdl;
}

PMDL NTAPI IoAllocateMdl(PVOID base, ULONG length, BOOLEAN secondary, BOOLEAN charge_quota,
                         PIRP irp)
{
    const ULONG longest = 0u - PAGE_SIZE;
    if (length > longest)
        return NULL;
    PMDL mdl = MmCreateMdl(NULL, base, length);
    if (mdl)
        mm_mdl_report(mdl, MM_MDL_ALLOCATED, 0, __builtin_return_address(0));
    if (mdl && charge_quota &&
        !NT_SUCCESS(ps_quota_charge_block(mdl, NonPagedPoolNx, MmSizeOfMdl(base, length)))) {
        IoFreeMdl(mdl);
        return NULL;
    }
    if (!mdl || !irp)
        return mdl;
    if (secondary && irp->MdlAddress)
        append(irp, mdl);
    else
        irp->MdlAddress = mdl;
    return mdl;
}
SB_EXPORT(IoAllocateMdl)

VOID NTAPI IoFreeMdl(PMDL mdl)
{
    if (mm_mdl_report(mdl, MM_MDL_FREEING, 0, __builtin_return_address(0)))
        return;
    MmPrepareMdlForReuse(mdl);
    if (!mm_pool_free(current_machine(), mdl))
        KeBugCheckEx(BAD_POOL_CALLER, 0x46, (ULONG_PTR)mdl, 0, 0);
}
SB_EXPORT(IoFreeMdl)

VOID NTAPI MmBuildMdlForNonPagedPool(PMDL mdl)
{
    PPFN_NUMBER frames = mm_mdl_frames(mdl);
    uint8_t *page = mdl->StartVa;
    mm_mdl_report(mdl, MM_MDL_BUILDING, 0, __builtin_return_address(0));
    for (SIZE_T i = 0; i < mm_mdl_page_count(mdl); i++)
        frames[i] = mm_frame_of(page + i * PAGE_SIZE);
    mdl->Process = NULL;
    mdl->MappedSystemVa = page + mdl->ByteOffset;
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
}
SB_EXPORT(MmBuildMdlForNonPagedPool)

/* ---- locking ---- */
/* region: that of the page before, or NULL; neighbours mostly share it. */
static BOOLEAN belongs_to(const uint8_t *page, struct _EPROCESS *process, struct mm_region **region)
{
    if (!*region || page < (*region)->base || page >= (*region)->base + (*region)->size)
        *region = mm_region_find(process->machine, page);
    return *region && (*region)->owner == process;
}

static BOOLEAN may_lock(const uint8_t *page, LOCK_OPERATION operation, struct _EPROCESS *process,
                        struct mm_region **region)
{
    return mm_page_allows(page, operation != IoReadAccess) &&
           (!mm_is_user_address(page) || belongs_to(page, process, region));
}

/* Locks the next count pages and returns how many it could. The frames go through the stack, as the
 * MDL must not be touched under the lock. */
static SIZE_T lock_batch(uint8_t *page, SIZE_T count, LOCK_OPERATION operation,
                         struct _EPROCESS *process, PPFN_NUMBER frames)
{
    PFN_NUMBER batch[FRAME_BATCH];
    struct mm_region *region = NULL;
    SIZE_T usable = 0;
    while (usable < count && may_lock(page + usable * PAGE_SIZE, operation, process, &region)) {
        batch[usable] = mm_frame_of(page + usable * PAGE_SIZE);
        usable++;
    }
    if (!mm_frames_pin(process->machine, batch, usable))
        return 0;
    __builtin_memcpy(frames, batch, usable * sizeof(*frames));
    return usable;
}

static SIZE_T batch_size(SIZE_T left)
{
    return left < FRAME_BATCH ? left : FRAME_BATCH;
}

static BOOLEAN unlock_pages(PPFN_NUMBER frames, SIZE_T count)
{
    PFN_NUMBER batch[FRAME_BATCH];
    for (SIZE_T done = 0; done < count; done += batch_size(count - done)) {
        SIZE_T size = batch_size(count - done);
        __builtin_memcpy(batch, frames + done, size * sizeof(*batch));
        if (!mm_frames_unpin(current_machine(), batch, size))
            return FALSE;
    }
    return TRUE;
}

static NTSTATUS lock_all(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation)
{
    struct _EPROCESS *process = current_thread()->Tcb.process;
    PPFN_NUMBER frames = mm_mdl_frames(mdl);
    uint8_t *base = mdl->StartVa, *start = base + mdl->ByteOffset;
    SIZE_T count = mm_mdl_page_count(mdl), done = 0;
    if (mdl->ByteCount == 0 || start + mdl->ByteCount < start ||
        (mode == UserMode && (uint64_t)(start + mdl->ByteCount) > LINUX_USER_END))
        return STATUS_ACCESS_VIOLATION;
    while (done < count) {
        SIZE_T size = batch_size(count - done);
        SIZE_T locked =
            lock_batch(base + done * PAGE_SIZE, size, operation, process, frames + done);
        done += locked;
        if (locked == size)
            continue;
        unlock_pages(frames, done);
        return STATUS_ACCESS_VIOLATION;
    }
    mdl->Process = mm_is_user_address(base) ? process : NULL;
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    if (operation != IoReadAccess)
        mdl->MdlFlags |= MDL_WRITE_OPERATION;
    return STATUS_SUCCESS;
}

NTSTATUS mm_mdl_lock(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation, void *caller)
{
    mm_mdl_report(mdl, MM_MDL_LOCKING, (ULONG_PTR)mode, caller);
    mdl->MdlFlags &= ~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
    NTSTATUS status = lock_all(mdl, mode, operation);
    if (NT_SUCCESS(status))
        mm_mdl_report(mdl, MM_MDL_LOCKED, (ULONG_PTR)mode, caller);
    return status;
}

VOID NTAPI MmProbeAndLockPages(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation)
{
    NTSTATUS status = mm_mdl_lock(mdl, mode, operation, __builtin_return_address(0));
    if (!NT_SUCCESS(status))
        ExRaiseStatus(status);
}
SB_EXPORT(MmProbeAndLockPages)

VOID NTAPI MmProbeAndLockProcessPages(PMDL mdl, PEPROCESS process, KPROCESSOR_MODE mode,
                                      LOCK_OPERATION operation)
{
    PKTHREAD thread = &current_thread()->Tcb;
    struct _EPROCESS *before = thread->process;
    thread->process = (struct _EPROCESS *)process;
    NTSTATUS status = mm_mdl_lock(mdl, mode, operation, __builtin_return_address(0));
    thread->process = before;
    if (!NT_SUCCESS(status))
        ExRaiseStatus(status);
}
SB_EXPORT(MmProbeAndLockProcessPages)

VOID NTAPI MmUnlockPages(PMDL mdl)
{
    BOOLEAN locked = (mdl->MdlFlags & MDL_PAGES_LOCKED) != 0;
    if (mm_mdl_report(mdl, MM_MDL_UNLOCKING, 0, __builtin_return_address(0)))
        return;
    if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        MmUnmapLockedPages(mdl->MappedSystemVa, mdl);
    if (!locked || !unlock_pages(mm_mdl_frames(mdl), mm_mdl_page_count(mdl)))
        KeBugCheckEx(PFN_LIST_CORRUPT, UNLOCKED_TOO_OFTEN, mm_mdl_frames(mdl)[0],
                     mm_mdl_page_count(mdl), 0);
    mdl->MdlFlags &= ~MDL_PAGES_LOCKED;
    mm_mdl_report(mdl, MM_MDL_UNLOCKED, 0, __builtin_return_address(0));
}
SB_EXPORT(MmUnlockPages)

/* ---- parts of MDLs ---- */
VOID NTAPI IoBuildPartialMdl(PMDL source, PMDL target, PVOID address, ULONG length)
{
    ULONG_PTR source_start = (ULONG_PTR)source->StartVa + source->ByteOffset;
    ULONG offset = (ULONG)((ULONG_PTR)address - source_start);
    if (length == 0)
        length = source->ByteCount - offset;
    SIZE_T count = ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, length);
    SIZE_T first = ((ULONG_PTR)address - (ULONG_PTR)source->StartVa) / PAGE_SIZE;
    if (count > ((USHORT)target->Size - sizeof(MDL)) / sizeof(PFN_NUMBER))
        KeBugCheckEx(TARGET_MDL_TOO_SMALL, 0, 0, 0, 0);
    target->Process = source->Process;
    target->StartVa = PAGE_ALIGN(address);
    target->ByteOffset = BYTE_OFFSET(address);
    target->ByteCount = length;
    target->MappedSystemVa = (uint8_t *)source->MappedSystemVa + offset;
    CSHORT inherited = source->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA |
                                           MDL_IO_PAGE_READ | MDL_WRITE_OPERATION);
    target->MdlFlags &= MDL_ALLOCATED_FIXED_SIZE | MDL_ALLOCATED_MUST_SUCCEED;
    target->MdlFlags |= inherited | MDL_PARTIAL;
    if (source->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        target->MdlFlags |= MDL_PARENT_MAPPED_SYSTEM_VA;
    RtlCopyMemory(mm_mdl_frames(target), mm_mdl_frames(source) + first, count * sizeof(PFN_NUMBER));
}
SB_EXPORT(IoBuildPartialMdl)

/* Moves the start of the buffer; pages that fall out at the front are unlocked. */
NTSTATUS NTAPI MmAdvanceMdl(PMDL mdl, ULONG bytes)
{
    SIZE_T before = mm_mdl_page_count(mdl);
    PPFN_NUMBER frames = mm_mdl_frames(mdl);
    if (bytes >= mdl->ByteCount)
        return STATUS_INVALID_PARAMETER_2;
    ULONG offset = mdl->ByteOffset + bytes;
    SIZE_T dropped = offset / PAGE_SIZE;
    if (dropped && (mdl->MdlFlags & MDL_PAGES_LOCKED))
        unlock_pages(frames, dropped);
    RtlMoveMemory(frames, frames + dropped, (before - dropped) * sizeof(*frames));
    mdl->StartVa = (uint8_t *)mdl->StartVa + dropped * PAGE_SIZE;
    mdl->ByteOffset = offset % PAGE_SIZE;
    mdl->ByteCount -= bytes;
    if (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        mdl->MappedSystemVa = (uint8_t *)mdl->MappedSystemVa + bytes;
    return STATUS_SUCCESS;
}
SB_EXPORT(MmAdvanceMdl)
