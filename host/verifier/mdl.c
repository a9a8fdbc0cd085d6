/* What must be so before an MDL is locked, mapped, unmapped, unlocked or freed. */
#include "host/verifier/mdl.h"

#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/loader/loader.h"
#include "host/mm/mdl.h"
#include "host/verifier/guarded.h"
#include "host/verifier/mdl_track.h"
#include "host/verifier/nonpaged.h"
#include "host/verifier/paged.h"
#include "host/verifier/user_probe.h"

/* A change that a driver asks for. */
struct change {
    PMDL mdl;
    ULONG_PTR detail;
    void *caller;
    KIRQL irql;
};

static void report(enum verifier_rule rule, const struct change *change, const char *what)
{
    verifier_report(rule, change->caller,
                    (ULONG_PTR[]){(ULONG_PTR)change->mdl, (ULONG_PTR)change->mdl->MdlFlags, 0},
                    "%s (MDL flags 0x%04x, %u bytes at 0x%llx)", what,
                    (ULONG)(USHORT)change->mdl->MdlFlags, change->mdl->ByteCount,
                    (uint8_t *)change->mdl->StartVa + change->mdl->ByteOffset);
}

static BOOLEAN report_irql(enum verifier_rule rule, const struct change *change, KIRQL highest,
                           const char *routine)
{
    if (change->irql <= highest)
        return FALSE;
    verifier_report(rule, change->caller,
                    (ULONG_PTR[]){change->irql, (ULONG_PTR)change->mdl, change->detail & 0xFF},
                    "%s was called at IRQL %u; it is allowed up to %s", routine, change->irql,
                    highest == APC_LEVEL ? "APC_LEVEL" : "DISPATCH_LEVEL");
    return TRUE;
}

static BOOLEAN is_user(const MDL *mdl)
{
    return (uint64_t)mdl->StartVa < LINUX_USER_END;
}

static BOOLEAN check_build(const struct change *change)
{
    struct mm_region *region = mm_region_find(current_machine(), change->mdl->StartVa);
    const uint8_t *start = (const uint8_t *)change->mdl->StartVa + change->mdl->ByteOffset;
    BOOLEAN is_paged =
        verifier_paged_block((uint64_t)start) ||
        (region && region->kind == MM_REGION_POOL && (region->pool_type & PagedPool));
    if (is_user(change->mdl))
        report(RULE_MDL_BUILD_PAGED, change,
               "MmBuildMdlForNonPagedPool was given user memory, which can be paged out");
    else if (is_paged)
        report(RULE_MDL_BUILD_PAGED, change, "MmBuildMdlForNonPagedPool was given paged pool");
    return FALSE;
}

static BOOLEAN check_lock(const struct change *change)
{
    KPROCESSOR_MODE mode = (KPROCESSOR_MODE)(change->detail & 0xFF);
    if (change->mdl->MdlFlags & MDL_PAGES_LOCKED)
        report(RULE_MDL_LOCK_FLAGS, change,
               "MmProbeAndLockPages was given an MDL whose pages are locked already");
    else if (change->mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL)
        report(RULE_MDL_LOCK_FLAGS, change,
               "MmProbeAndLockPages was given an MDL of MmBuildMdlForNonPagedPool");
    else if (change->mdl->MdlFlags & MDL_PARTIAL)
        report(RULE_MDL_LOCK_FLAGS, change, "MmProbeAndLockPages was given a partial MDL");
    if (mode == KernelMode && is_user(change->mdl) && verifier_exchange_current() &&
        !verifier_ranges_cover(&verifier_exchange_current()->probed,
                               (uint64_t)change->mdl->StartVa + change->mdl->ByteOffset,
                               (uint64_t)change->mdl->StartVa + change->mdl->ByteOffset + 1))
        report(RULE_MDL_LOCK_MODE, change,
               "MmProbeAndLockPages was called with KernelMode for memory of the caller, so that "
               "it does not refuse the kernel's");
    if (mode == UserMode && !verifier_is_guarded(NULL, FALSE))
        report(RULE_MDL_LOCK_UNGUARDED, change,
               "MmProbeAndLockPages was called outside of any __try; it raises an exception when "
               "the caller's memory is not there");
    return FALSE;
}

static BOOLEAN check_unlock(const struct change *change)
{
    CSHORT flags = change->mdl->MdlFlags;
    if (report_irql(RULE_MDL_UNLOCK_IRQL, change, DISPATCH_LEVEL, "MmUnlockPages"))
        return FALSE;
    if (verifier_mdl_is_of_irp(change->mdl)) {
        report(RULE_MDL_OF_IRP, change,
               "MmUnlockPages was called for the request's own MDL, which is the I/O manager's");
        return TRUE;
    }
    if (flags & MDL_SOURCE_IS_NONPAGED_POOL)
        report(RULE_MDL_UNLOCK_NONPAGED, change,
               "MmUnlockPages was called for an MDL of nonpaged pool");
    else if (flags & MDL_PARTIAL)
        report(RULE_MDL_UNLOCK_PARTIAL, change, "MmUnlockPages was called for a partial MDL");
    else if (!(flags & MDL_PAGES_LOCKED))
        report(RULE_MDL_UNLOCK_NOT_LOCKED, change,
               "MmUnlockPages was called for an MDL whose pages are not locked");
    else
        return FALSE;
    return TRUE;
}

static BOOLEAN check_map(const struct change *change)
{
    const CSHORT mappable =
        MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL | MDL_IO_SPACE;
    KPROCESSOR_MODE mode = (KPROCESSOR_MODE)(change->detail & 0xFF);
    CSHORT flags = change->mdl->MdlFlags;
    if (report_irql(RULE_MDL_MAP_IRQL, change, mode == KernelMode ? DISPATCH_LEVEL : APC_LEVEL,
                    "MmMapLockedPagesSpecifyCache"))
        return FALSE;
    if (!(flags & mappable))
        report(RULE_MDL_MAP_NOT_LOCKED, change, "an MDL was mapped whose pages are not locked");
    else if (mode == KernelMode && (flags & MDL_MAPPED_TO_SYSTEM_VA) &&
             !(flags & MDL_PARENT_MAPPED_SYSTEM_VA))
        report(RULE_MDL_MAP_TWICE, change,
               "an MDL was mapped that is mapped already; the first mapping is lost");
    else if (mode == KernelMode && (change->detail & MM_MDL_MUST_SUCCEED))
        report(RULE_MDL_MAP_MUST_SUCCEED, change,
               "an MDL was mapped so that Windows stops when addresses are short");
    return FALSE;
}

static BOOLEAN check_unmap(const struct change *change)
{
    const void *base = (const void *)change->detail;
    BOOLEAN user = mm_is_user_address(base);
    struct mm_region *region = user ? mm_region_find(current_machine(), base) : NULL;
    if (report_irql(RULE_MDL_UNMAP_IRQL, change, user ? APC_LEVEL : DISPATCH_LEVEL,
                    "MmUnmapLockedPages"))
        return FALSE;
    BOOLEAN mapped = user ? region && region->kind == MM_REGION_USER_ALIAS
                          : (change->mdl->MdlFlags &
                             (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0;
    if (mapped)
        return FALSE;
    report(RULE_MDL_UNMAP_NOT_MAPPED, change,
           "MmUnmapLockedPages was called for an MDL that is not mapped there");
    return TRUE;
}

static BOOLEAN check_free(const struct change *change)
{
    CSHORT flags = change->mdl->MdlFlags;
    if (verifier_mdl_is_of_irp(change->mdl)) {
        report(RULE_MDL_OF_IRP, change,
               "IoFreeMdl was called for the request's own MDL, which the I/O manager frees");
        return TRUE;
    }
    if (flags & MDL_PARTIAL)
        return FALSE;
    if (flags & MDL_PAGES_LOCKED)
        report(RULE_MDL_FREE_LOCKED, change,
               "an MDL was freed whose pages are locked; they stay locked for ever");
    else if (flags & MDL_MAPPED_TO_SYSTEM_VA)
        report(RULE_MDL_FREE_MAPPED, change, "an MDL was freed that is mapped");
    return FALSE;
}

static BOOLEAN check(const struct change *change, ULONG what)
{
    switch (what) {
    case MM_MDL_BUILDING:
        return check_build(change);
    case MM_MDL_LOCKING:
        return check_lock(change);
    case MM_MDL_UNLOCKING:
        return check_unlock(change);
    case MM_MDL_MAPPING:
        return check_map(change);
    case MM_MDL_UNMAPPING:
        return check_unmap(change);
    case MM_MDL_FREEING:
        return check_free(change);
    default:
        return FALSE;
    }
}

BOOLEAN verifier_mdl_change(PMDL mdl, ULONG what, ULONG_PTR detail, void *caller)
{
    struct change change = {mdl, detail, caller, KeGetCurrentIrql()};
    BOOLEAN is_driver = loader_find(current_machine(), (uint64_t)caller) != NULL;
    if (what == MM_MDL_LOCKED) /* as long as that may be, its pages are not paged out */
        verifier_paged_forget((const uint8_t *)mdl->StartVa + mdl->ByteOffset, mdl->ByteCount);
    if (what == MM_MDL_LOCKED && (detail & 0xFF) == UserMode && verifier_checks(SB_VERIFY_USER))
        verifier_probe_note((uint64_t)mdl->StartVa + mdl->ByteOffset, mdl->ByteCount);
    if (!verifier_checks(SB_VERIFY_MDL))
        return FALSE;
    if (is_driver && check(&change, what))
        return TRUE;
    verifier_mdl_track(mdl, what, is_driver, caller);
    return FALSE;
}

BOOLEAN verifier_mdl_fault(const struct linux_fault *fault, const CONTEXT *context)
{
    struct machine *machine = current_machine();
    struct verifier_place place = {.context = context, .is_exact = TRUE};
    struct mm_region *region =
        fault->write ? mm_region_find(machine, (const void *)fault->address) : NULL;
    if (!region || !region->is_read_locked)
        return FALSE;
    region->is_read_locked = FALSE;
    linux_pages_protect(region->base, region->size, LINUX_READ_WRITE);
    if (verifier_first_frame(context, TRUE))
        verifier_report_at(RULE_MDL_WRITTEN, &place,
                           (ULONG_PTR[]){fault->address, (ULONG_PTR)region->base, context->Rip},
                           "0x%I64x was written: a mapping of pages that were locked with "
                           "IoReadAccess",
                           fault->address);
    return TRUE;
}
