/*
 * MDLs inside the host. An MDL and its array of page frame numbers are the driver's memory; nothing
 * of the host's is kept beside them, so that drivers may copy, split and chain them as they do on
 * NT.
 */
#ifndef SYSBUF_HOST_MDL_H
#define SYSBUF_HOST_MDL_H

#include "host/mm/mm.h"

/* What verifier_hooks.mdl_change reports. */
enum mm_mdl_change { MM_MDL_LOCKED, MM_MDL_UNLOCKED, MM_MDL_MAPPED, MM_MDL_UNMAPPED, MM_MDL_FREED };

static inline PPFN_NUMBER mm_mdl_frames(PMDL mdl)
{
    return (PPFN_NUMBER)(mdl + 1);
}

static inline SIZE_T mm_mdl_page_count(PMDL mdl)
{
    return ADDRESS_AND_SIZE_TO_SPAN_PAGES((ULONG_PTR)mdl->ByteOffset, mdl->ByteCount);
}

void mm_mdl_report(PMDL mdl, enum mm_mdl_change change, void *caller);

/* MmProbeAndLockPages without raising: STATUS_ACCESS_VIOLATION, and nothing is locked, when a page
 * is missing, does not allow the operation, or (UserMode) is not the current process'. */
NTSTATUS mm_mdl_lock(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation);

/* Maps frames one after the other; process NULL: in kernel space, else in its space (at wanted when
 * that is not NULL). NULL: no memory or addresses, or they cannot be mapped there. */
void *mm_frames_map(struct machine *machine, struct _EPROCESS *process, void *wanted,
                    const PFN_NUMBER *frames, SIZE_T count, enum linux_protection protection);

#endif
