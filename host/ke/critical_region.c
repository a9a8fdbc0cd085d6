/* Critical and guarded regions: where normal kernel APCs, or all APCs, are held back. */
#include "host/ke/schedule.h"

#undef KeEnterCriticalRegion
#undef KeLeaveCriticalRegion
#undef KeEnterGuardedRegion
#undef KeLeaveGuardedRegion

static PKTHREAD self(void)
{
    return &current_thread()->Tcb;
}

/* APCs that came meanwhile are still flagged. */
static void region_left(void)
{
    ke_poll_soft_interrupts();
    schedule_point(current_machine());
}

VOID NTAPI KeEnterCriticalRegion(VOID)
{
    self()->kernel_apc_disable--;
}
SB_EXPORT(KeEnterCriticalRegion)

VOID NTAPI KeLeaveCriticalRegion(VOID)
{
    self()->kernel_apc_disable++;
    region_left();
}
SB_EXPORT(KeLeaveCriticalRegion)

VOID NTAPI KeEnterGuardedRegion(VOID)
{
    self()->special_apc_disable--;
}
SB_EXPORT(KeEnterGuardedRegion)

VOID NTAPI KeLeaveGuardedRegion(VOID)
{
    self()->special_apc_disable++;
    region_left();
}
SB_EXPORT(KeLeaveGuardedRegion)

BOOLEAN NTAPI KeAreApcsDisabled(VOID)
{
    return self()->combined_apc_disable != 0;
}
SB_EXPORT(KeAreApcsDisabled)

BOOLEAN NTAPI KeAreAllApcsDisabled(VOID)
{
    return self()->special_apc_disable != 0 || KeGetCurrentIrql() >= APC_LEVEL;
}
SB_EXPORT(KeAreAllApcsDisabled)
