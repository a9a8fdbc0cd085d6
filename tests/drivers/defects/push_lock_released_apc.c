/* Releases a push lock after the critical region. */
#include "defect.h"

__declspec(dllimport) VOID NTAPI ExfAcquirePushLockExclusive(PEX_PUSH_LOCK lock);
__declspec(dllimport) VOID NTAPI ExfReleasePushLock(PEX_PUSH_LOCK lock);

static EX_PUSH_LOCK lock;

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{

    KeEnterCriticalRegion();
    ExfAcquirePushLockExclusive(&lock);
    if (DEFECT)
        KeLeaveCriticalRegion();
    ExfReleasePushLock(&lock); /* MISTAKE: push-lock-released-apc */
    if (!DEFECT)
        KeLeaveCriticalRegion();
    return complete(irp, STATUS_SUCCESS, 0);
}
