/*
 * MDLs inside the host. An MDL and its array of page frame numbers are the driver's memory; nothing
 * of the host's is kept beside them, so that drivers may copy, split and chain them as they do on
 * NT.
 */
#ifndef SYSBUF_HOST_MDL_H
#define SYSBUF_HOST_MDL_H

#include "host/mm/mm.h"

/* What verifier_hooks.mdl_change reports: ...ING before it is done, with what is told in detail. */
enum mm_mdl_change {
    MM_MDL_ALLOCATED,
    MM_MDL_OF_IRP, /* made by the I/O manager for a request */
    MM_MDL_BUILDING,
    MM_MDL_LOCKING, /* access mode */
    MM_MDL_LOCKED,  /* access mode */
    MM_MDL_UNLOCKING,
    MM_MDL_UNLOCKED,
    MM_MDL_MAPPING,   /* access mode, or-ed with MM_MDL_MUST_SUCCEED */
    MM_MDL_UNMAPPING, /* the address */
    MM_MDL_FREEING,
};
#define MM_MDL_MUST_SUCCEED 0x100

static inline PPFN_NUMBER mm_mdl_frames(PMDL mdl)
{
    return (PPFN_NUMBER)(mdl + 1);
}

static inline SIZE_T mm_mdl_page_count(PMDL mdl)
{
    return ADDRESS_AND_SIZE_TO_SPAN_PAGES((ULONG_PTR)mdl->ByteOffset, mdl->ByteCount);
}

/* TRUE: the verifier wants it not done. */
BOOLEAN mm_mdl_report(PMDL mdl, enum mm_mdl_change change, ULONG_PTR detail, void *caller);

/* MmProbeAndLockPages, called by caller, without raising: STATUS_ACCESS_VIOLATION, and nothing is
 * locked, when a page is missing, does not allow the operation, or (UserMode) is not the current
 * process'. */
NTSTATUS mm_mdl_lock(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation, void *caller);

/* Maps frames one after the other; process NULL: in kernel space, else in its space (at wanted when
 * that is not NULL). NULL: no memory or addresses, or they cannot be mapped there. */
void *mm_frames_map(struct machine *machine, struct _EPROCESS *process, void *wanted,
                    const PFN_NUMBER *frames, SIZE_T count, enum linux_protection protection);

#endif
