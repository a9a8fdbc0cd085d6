/* Which calls Windows could fail for want of resources, judged by their arguments. Failing others
 * would blame drivers that rightly do not look. */
#include "host/verifier/sites.h"

#include "host/mm/mm.h"

/* MmMapLockedPagesSpecifyCache(Mdl, AccessMode, CacheType, Address, BugCheckOnFailure, Priority):
 * a driver that asked for a bug check need not look at the result. User mappings raise. */
BOOLEAN site_mapping_may_fail(const uint64_t *arguments)
{
    return (KPROCESSOR_MODE)arguments[1] == KernelMode && (ULONG)arguments[4] == 0;
}

/* Locking a user's pages can always raise; nonpaged pool is resident. */
BOOLEAN site_locking_may_fail(const uint64_t *arguments)
{
    const MDL *mdl = (const MDL *)arguments[0];
    return mm_page_allows(mdl, FALSE) && mm_is_user_address(mdl->StartVa);
}

/* ObReferenceObjectByHandle(Handle, Access, Type, AccessMode, ...): a handle of the kernel's own is
 * known to be good. */
BOOLEAN site_handle_may_fail(const uint64_t *arguments)
{
    return (KPROCESSOR_MODE)arguments[3] == UserMode;
}

/* Rtl...String(Destination, Source, AllocateDestinationString). */
BOOLEAN site_string_is_allocated(const uint64_t *arguments)
{
    return (BOOLEAN)arguments[2] != FALSE;
}

/* PsSetCreateProcessNotifyRoutine(Routine, Remove): taking one away needs nothing. */
BOOLEAN site_adds_routine(const uint64_t *arguments)
{
    return (BOOLEAN)arguments[1] == FALSE;
}

/* IoWMIRegistrationControl(Device, Action). */
BOOLEAN site_registers_wmi(const uint64_t *arguments)
{
    enum { ACTION_REGISTER = 1 };
    return (ULONG)arguments[1] == ACTION_REGISTER;
}
