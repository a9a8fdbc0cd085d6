/* Takes a push lock outside a critical region. */
#include "defect.h"

__declspec(dllimport) VOID NTAPI ExfAcquirePushLockExclusive(PEX_PUSH_LOCK lock);
__declspec(dllimport) VOID NTAPI ExfReleasePushLock(PEX_PUSH_LOCK lock);

static EX_PUSH_LOCK lock;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{

    if (!DEFECT)
        KeEnterCriticalRegion();
    ExfAcquirePushLockExclusive(&lock); /* MISTAKE: push-lock-acquired-apc */
    if (DEFECT)
        KeEnterCriticalRegion();
    ExfReleasePushLock(&lock);
    KeLeaveCriticalRegion();
    return complete(irp, STATUS_SUCCESS, 0);
}
