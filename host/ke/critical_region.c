/* Critical and guarded regions: counts in the thread that hold its kernel APCs back. */
#include "host/ke/schedule.h"

static PKTHREAD self(void)
{
    return &current_thread()->Tcb;
}

VOID NTAPI KeEnterCriticalRegion(VOID)
{
    self()->kernel_apc_disable--;
}
SB_EXPORT(KeEnterCriticalRegion)

VOID NTAPI KeLeaveCriticalRegion(VOID)
{
    self()->kernel_apc_disable++;
    schedule_point(current_machine());
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
    schedule_point(current_machine());
}
SB_EXPORT(KeLeaveGuardedRegion)

BOOLEAN NTAPI KeAreApcsDisabled(VOID)
{
    return self()->kernel_apc_disable != 0 || self()->special_apc_disable != 0;
}
SB_EXPORT(KeAreApcsDisabled)

BOOLEAN NTAPI KeAreAllApcsDisabled(VOID)
{
    return self()->special_apc_disable != 0 || KeGetCurrentIrql() >= APC_LEVEL;
}
SB_EXPORT(KeAreAllApcsDisabled)
