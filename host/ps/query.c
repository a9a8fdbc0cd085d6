/* What drivers ask about processes and threads, and finding them by id. */
#include "host/ob/object.h"
#include "host/ps/ps.h"
#include "host/rtl/rtl.h"

#undef PsGetCurrentProcessId
#undef PsGetCurrentThreadId

enum { SYSTEM_SESSION = 0, USER_SESSION = 1 };

static struct _EPROCESS *eprocess(PEPROCESS process)
{
    return (struct _EPROCESS *)process;
}

/* ---- the current ones ---- */

PEPROCESS NTAPI nt_PsGetCurrentProcess(VOID)
{
    return current_thread()->Tcb.process;
}
SB_EXPORT_AS("PsGetCurrentProcess", nt_PsGetCurrentProcess)
SB_EXPORT_AS("IoGetCurrentProcess", nt_PsGetCurrentProcess)

/* The ids are those of the thread's own process, whichever it is attached to. */
HANDLE NTAPI PsGetCurrentProcessId(VOID)
{
    return current_thread()->owner->process_id;
}
SB_EXPORT(PsGetCurrentProcessId)
SB_EXPORT_AS("PsGetCurrentThreadProcessId", PsGetCurrentProcessId)

HANDLE NTAPI PsGetCurrentThreadId(VOID)
{
    return current_thread()->thread_id;
}
SB_EXPORT(PsGetCurrentThreadId)

PEPROCESS NTAPI nt_PsGetCurrentThreadProcess(VOID)
{
    return (PEPROCESS)current_thread()->owner;
}
SB_EXPORT_AS("PsGetCurrentThreadProcess", nt_PsGetCurrentThreadProcess)

PVOID NTAPI nt_PsGetCurrentThreadStackBase(VOID)
{
    return (PVOID)current_thread()->stack_high;
}
SB_EXPORT_AS("PsGetCurrentThreadStackBase", nt_PsGetCurrentThreadStackBase)

PVOID NTAPI nt_PsGetCurrentThreadStackLimit(VOID)
{
    return (PVOID)current_thread()->stack_low;
}
SB_EXPORT_AS("PsGetCurrentThreadStackLimit", nt_PsGetCurrentThreadStackLimit)

/* ---- processes ---- */

HANDLE NTAPI nt_PsGetProcessId(PEPROCESS process)
{
    return eprocess(process)->process_id;
}
SB_EXPORT_AS("PsGetProcessId", nt_PsGetProcessId)

HANDLE NTAPI nt_PsGetProcessInheritedFromUniqueProcessId(PEPROCESS process)
{
    return eprocess(process)->parent_id;
}
SB_EXPORT_AS("PsGetProcessInheritedFromUniqueProcessId",
             nt_PsGetProcessInheritedFromUniqueProcessId)

/* At most fifteen characters and a terminator. */
PCHAR NTAPI nt_PsGetProcessImageFileName(PEPROCESS process)
{
    return eprocess(process)->image_name;
}
SB_EXPORT_AS("PsGetProcessImageFileName", nt_PsGetProcessImageFileName)

LONGLONG NTAPI nt_PsGetProcessCreateTimeQuadPart(PEPROCESS process)
{
    return eprocess(process)->create_time;
}
SB_EXPORT_AS("PsGetProcessCreateTimeQuadPart", nt_PsGetProcessCreateTimeQuadPart)

/* Of the current process; 0 while it runs. */
LARGE_INTEGER NTAPI nt_PsGetProcessExitTime(VOID)
{
    return (LARGE_INTEGER){.QuadPart = current_thread()->Tcb.process->exit_time};
}
SB_EXPORT_AS("PsGetProcessExitTime", nt_PsGetProcessExitTime)

NTSTATUS NTAPI nt_PsGetProcessExitStatus(PEPROCESS process)
{
    return __atomic_load_n(&eprocess(process)->exit_status, __ATOMIC_ACQUIRE);
}
SB_EXPORT_AS("PsGetProcessExitStatus", nt_PsGetProcessExitStatus)

ULONG NTAPI nt_PsGetProcessSessionId(PEPROCESS process)
{
    return eprocess(process) == current_machine()->ps->system_process ? SYSTEM_SESSION
                                                                      : USER_SESSION;
}
SB_EXPORT_AS("PsGetProcessSessionId", nt_PsGetProcessSessionId)
SB_EXPORT_AS("PsGetProcessSessionIdEx", nt_PsGetProcessSessionId)

ULONG NTAPI nt_PsGetCurrentProcessSessionId(VOID)
{
    return nt_PsGetProcessSessionId((PEPROCESS)current_thread()->Tcb.process);
}
SB_EXPORT_AS("PsGetCurrentProcessSessionId", nt_PsGetCurrentProcessSessionId)

BOOLEAN NTAPI nt_PsIsSystemProcess(PEPROCESS process)
{
    return eprocess(process) == current_machine()->ps->system_process;
}
SB_EXPORT_AS("PsIsSystemProcess", nt_PsIsSystemProcess)

/* None is: protection comes with a signature that no application here has. */
BOOLEAN NTAPI nt_PsIsProtectedProcess(PEPROCESS process)
{
    return nt_PsIsSystemProcess(process);
}
SB_EXPORT_AS("PsIsProtectedProcess", nt_PsIsProtectedProcess)

BOOLEAN NTAPI nt_PsIsProcessBeingDebugged(PEPROCESS process)
{
    return FALSE;
}
SB_EXPORT_AS("PsIsProcessBeingDebugged", nt_PsIsProcessBeingDebugged)

/* Applications of the host are not NT images, and nobody debugs them by a port. */
PVOID NTAPI nt_PsGetProcessSectionBaseAddress(PEPROCESS process)
{
    return NULL;
}
SB_EXPORT_AS("PsGetProcessSectionBaseAddress", nt_PsGetProcessSectionBaseAddress)
SB_EXPORT_AS("PsGetProcessDebugPort", nt_PsGetProcessSectionBaseAddress)

BOOLEAN NTAPI nt_PsGetProcessExitProcessCalled(PEPROCESS process)
{
    return eprocess(process)->is_exiting;
}
SB_EXPORT_AS("PsGetProcessExitProcessCalled", nt_PsGetProcessExitProcessCalled)

NTSTATUS NTAPI nt_PsAcquireProcessExitSynchronization(PEPROCESS process)
{
    __atomic_add_fetch(&eprocess(process)->exit_holds, 1, __ATOMIC_ACQ_REL);
    if (nt_PsGetProcessExitStatus(process) == STATUS_PENDING)
        return STATUS_SUCCESS;
    __atomic_sub_fetch(&eprocess(process)->exit_holds, 1, __ATOMIC_ACQ_REL);
    return STATUS_PROCESS_IS_TERMINATING;
}
SB_EXPORT_AS("PsAcquireProcessExitSynchronization", nt_PsAcquireProcessExitSynchronization)

VOID NTAPI nt_PsReleaseProcessExitSynchronization(PEPROCESS process)
{
    __atomic_sub_fetch(&eprocess(process)->exit_holds, 1, __ATOMIC_ACQ_REL);
}
SB_EXPORT_AS("PsReleaseProcessExitSynchronization", nt_PsReleaseProcessExitSynchronization)

/* ---- threads ---- */

HANDLE NTAPI nt_PsGetThreadId(PETHREAD thread)
{
    return thread->thread_id;
}
SB_EXPORT_AS("PsGetThreadId", nt_PsGetThreadId)

HANDLE NTAPI nt_PsGetThreadProcessId(PETHREAD thread)
{
    return thread->owner->process_id;
}
SB_EXPORT_AS("PsGetThreadProcessId", nt_PsGetThreadProcessId)

PEPROCESS NTAPI nt_PsGetThreadProcess(PETHREAD thread)
{
    return (PEPROCESS)thread->owner;
}
SB_EXPORT_AS("PsGetThreadProcess", nt_PsGetThreadProcess)
SB_EXPORT_AS("IoThreadToProcess", nt_PsGetThreadProcess)

ULONG NTAPI nt_PsGetThreadSessionId(PETHREAD thread)
{
    return nt_PsGetProcessSessionId((PEPROCESS)thread->owner);
}
SB_EXPORT_AS("PsGetThreadSessionId", nt_PsGetThreadSessionId)

NTSTATUS NTAPI nt_PsGetThreadExitStatus(PETHREAD thread)
{
    return __atomic_load_n(&thread->exit_status, __ATOMIC_ACQUIRE);
}
SB_EXPORT_AS("PsGetThreadExitStatus", nt_PsGetThreadExitStatus)

LONGLONG NTAPI nt_PsGetThreadCreateTime(PETHREAD thread)
{
    return thread->create_time;
}
SB_EXPORT_AS("PsGetThreadCreateTime", nt_PsGetThreadCreateTime)

BOOLEAN NTAPI nt_PsIsSystemThread(PETHREAD thread)
{
    return thread->is_system;
}
SB_EXPORT_AS("PsIsSystemThread", nt_PsIsSystemThread)

BOOLEAN NTAPI nt_PsIsThreadTerminating(PETHREAD thread)
{
    return __atomic_load_n(&thread->has_exited, __ATOMIC_ACQUIRE) != 0;
}
SB_EXPORT_AS("PsIsThreadTerminating", nt_PsIsThreadTerminating)

/* ---- by id ---- */

PETHREAD ps_find_thread(struct machine *machine, HANDLE id)
{
    struct ps_state *ps = machine->ps;
    PETHREAD found = NULL;
    linux_lock(&ps->lock);
    for (PLIST_ENTRY link = ps->threads.Flink; link != &ps->threads && !found; link = link->Flink) {
        PETHREAD thread = CONTAINING_RECORD(link, struct _ETHREAD, machine_link);
        if (thread->thread_id == id && !__atomic_load_n(&thread->has_exited, __ATOMIC_ACQUIRE) &&
            ob_reference_if_alive(thread))
            found = thread;
    }
    linux_unlock(&ps->lock);
    return found;
}

struct _EPROCESS *ps_find_process(struct machine *machine, HANDLE id)
{
    struct ps_state *ps = machine->ps;
    struct _EPROCESS *found = NULL;
    linux_lock(&ps->lock);
    for (PLIST_ENTRY link = ps->processes.Flink; link != &ps->processes && !found;
         link = link->Flink) {
        struct _EPROCESS *process = CONTAINING_RECORD(link, struct _EPROCESS, machine_link);
        if (process->process_id == id &&
            __atomic_load_n(&process->exit_status, __ATOMIC_ACQUIRE) == STATUS_PENDING &&
            ob_reference_if_alive(process))
            found = process;
    }
    linux_unlock(&ps->lock);
    return found;
}

NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE id, PEPROCESS *process)
{
    struct _EPROCESS *found = ps_find_process(current_machine(), id);
    if (!found)
        return STATUS_INVALID_CID;
    *process = (PEPROCESS)found;
    ob_report_reference(found, __builtin_return_address(0));
    return STATUS_SUCCESS;
}
SB_EXPORT(PsLookupProcessByProcessId)

NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE id, PETHREAD *thread)
{
    PETHREAD found = ps_find_thread(current_machine(), id);
    if (!found)
        return STATUS_INVALID_CID;
    *thread = found;
    ob_report_reference(found, __builtin_return_address(0));
    return STATUS_SUCCESS;
}
SB_EXPORT(PsLookupThreadByThreadId)

NTSTATUS NTAPI nt_PsLookupProcessThreadByCid(PCLIENT_ID id, PEPROCESS *process, PETHREAD *thread)
{
    PETHREAD found = ps_find_thread(current_machine(), id->UniqueThread);
    if (found && found->owner->process_id != id->UniqueProcess) {
        ob_dereference(found);
        found = NULL;
    }
    if (!found)
        return STATUS_INVALID_CID;
    if (process) {
        ob_reference(found->owner);
        *process = (PEPROCESS)found->owner;
    }
    *thread = found;
    return STATUS_SUCCESS;
}
SB_EXPORT_AS("PsLookupProcessThreadByCid", nt_PsLookupProcessThreadByCid)

/* ---- the system ---- */

SB_EXPORT_DATA("NtBuildNumber", nt_build_number)

/* TRUE on a checked build, which this is not. */
BOOLEAN NTAPI PsGetVersion(PULONG major, PULONG minor, PULONG build, PUNICODE_STRING service_pack)
{
    if (major)
        *major = RTL_NT_MAJOR;
    if (minor)
        *minor = RTL_NT_MINOR;
    if (build)
        *build = RTL_NT_BUILD;
    if (service_pack)
        *service_pack = (UNICODE_STRING){0, 0, NULL};
    return FALSE;
}
SB_EXPORT(PsGetVersion)
