/*
 * Attaching to a process: handles, Ps and Mm then mean its. All processes share one Linux address
 * space, so that nothing else changes.
 */
#include "host/ke/schedule.h"

/* In KAPC_STATE.Process: the thread was in that process already (NT's own marker). */
#define ALREADY_THERE ((PKPROCESS)1)

BOOLEAN NTAPI KeIsAttachedProcess(VOID);

static PETHREAD attach_allowed(PVOID process)
{
    PETHREAD thread = current_thread();
    if (current_kpcr()->dpc_active)
        KeBugCheckEx(INVALID_PROCESS_ATTACH_ATTEMPT, (ULONG_PTR)process,
                     (ULONG_PTR)thread->Tcb.process, thread->Tcb.process != thread->owner, TRUE);
    return thread;
}

VOID NTAPI KeStackAttachProcess(PKPROCESS process, PRKAPC_STATE state)
{
    PETHREAD thread = attach_allowed(process);
    struct _EPROCESS *target = (struct _EPROCESS *)process;
    state->Process = thread->Tcb.process == target ? ALREADY_THERE : (PKPROCESS)thread->Tcb.process;
    state->KernelApcInProgress = thread->Tcb.kernel_apc_in_progress;
    thread->Tcb.process = target;
}
SB_EXPORT(KeStackAttachProcess)

VOID NTAPI KeUnstackDetachProcess(PRKAPC_STATE state)
{
    if (state->Process != ALREADY_THERE)
        current_thread()->Tcb.process = (struct _EPROCESS *)state->Process;
}
SB_EXPORT(KeUnstackDetachProcess)

/* The older pair does not nest. */
VOID NTAPI KeAttachProcess(PKPROCESS process)
{
    PETHREAD thread = attach_allowed(process);
    if (thread->Tcb.process == (struct _EPROCESS *)process)
        return;
    if (thread->Tcb.process != thread->owner)
        KeBugCheckEx(INVALID_PROCESS_ATTACH_ATTEMPT, (ULONG_PTR)process,
                     (ULONG_PTR)thread->Tcb.process, TRUE, FALSE);
    thread->Tcb.process = (struct _EPROCESS *)process;
}
SB_EXPORT(KeAttachProcess)

VOID NTAPI KeDetachProcess(VOID)
{
    PETHREAD thread = current_thread();
    thread->Tcb.process = thread->owner;
}
SB_EXPORT(KeDetachProcess)

BOOLEAN NTAPI KeIsAttachedProcess(VOID)
{
    PETHREAD thread = current_thread();
    return thread->Tcb.process != thread->owner;
}
SB_EXPORT(KeIsAttachedProcess)
