/* Opening and ending processes and threads. */
#include "host/zw/zw.h"
#include "host/ke/apc.h"
#include "host/ob/object.h"

NTSTATUS zw_reference(HANDLE handle, POBJECT_TYPE type, void **object)
{
    struct handle_entry entry;
    return ob_handle_reference(current_thread()->Tcb.process, handle, 0, type, KernelMode, object,
                               &entry);
}

NTSTATUS zw_answer(const void *what, ULONG size, PVOID buffer, ULONG length, PULONG returned)
{
    if (length != size)
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(buffer, what, size);
    if (returned)
        *returned = size;
    return STATUS_SUCCESS;
}

/* By client id alone: neither processes nor threads have names. */
static NTSTATUS check_arguments(POBJECT_ATTRIBUTES attributes, PCLIENT_ID id)
{
    if (!id || attributes->ObjectName)
        return STATUS_INVALID_PARAMETER_MIX;
    return STATUS_SUCCESS;
}

static NTSTATUS open(void *object, ACCESS_MASK access, ULONG flags, HANDLE *handle)
{
    POBJECT_TYPE type = object_header_of(object)->type;
    HANDLE value;
    if (access & (MAXIMUM_ALLOWED | GENERIC_ALL))
        access = type->valid_access;
    NTSTATUS status = ob_handle_create(ob_handle_owner(flags), object, access, flags, &value);
    ob_dereference(object);
    if (NT_SUCCESS(status))
        *handle = value;
    return status;
}

NTSTATUS NTAPI ZwOpenProcess(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                             PCLIENT_ID id)
{
    struct machine *machine = current_machine();
    NTSTATUS status = check_arguments(attributes, id);
    if (!NT_SUCCESS(status))
        return status;
    struct _EPROCESS *process = NULL;
    if (id->UniqueThread) {
        PETHREAD thread = ps_find_thread(machine, id->UniqueThread);
        if (thread && thread->owner->process_id == id->UniqueProcess) {
            process = thread->owner;
            ob_reference(process);
        }
        if (thread)
            ob_dereference(thread);
    } else {
        process = ps_find_process(machine, id->UniqueProcess);
    }
    return process ? open(process, access, attributes->Attributes, handle) : STATUS_INVALID_CID;
}
SB_EXPORT(ZwOpenProcess)

NTSTATUS NTAPI ZwOpenThread(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                            PCLIENT_ID id)
{
    NTSTATUS status = check_arguments(attributes, id);
    if (!NT_SUCCESS(status))
        return status;
    PETHREAD thread = ps_find_thread(current_machine(), id->UniqueThread);
    if (thread && id->UniqueProcess && thread->owner->process_id != id->UniqueProcess) {
        ob_dereference(thread);
        thread = NULL;
    }
    return thread ? open(thread, access, attributes->Attributes, handle) : STATUS_INVALID_CID;
}
SB_EXPORT(ZwOpenThread)

/* Handle 0 is the current process. Its threads leave as they do when an application exits; the
 * calling one, if it is one of them, returns from this call and ends with its system call. */
NTSTATUS NTAPI ZwTerminateProcess(HANDLE handle, NTSTATUS exit_status)
{
    struct _EPROCESS *process;
    NTSTATUS status =
        zw_reference(handle ? handle : NtCurrentProcess(), &ps_process_type, (void **)&process);
    if (!NT_SUCCESS(status))
        return status;
    if (process == current_machine()->ps->system_process)
        status = STATUS_ACCESS_DENIED;
    else if (__atomic_load_n(&process->is_exiting, __ATOMIC_ACQUIRE))
        status = STATUS_PROCESS_IS_TERMINATING;
    else
        ps_process_exit(process, exit_status);
    ob_dereference(process);
    return status;
}
SB_EXPORT(ZwTerminateProcess)

NTSTATUS NTAPI ZwAlertThread(HANDLE handle)
{
    PETHREAD thread;
    NTSTATUS status = zw_reference(handle, &ps_thread_type, (void **)&thread);
    if (!NT_SUCCESS(status))
        return status;
    KeAlertThread(&thread->Tcb, KernelMode);
    ob_dereference(thread);
    return STATUS_SUCCESS;
}
SB_EXPORT(ZwAlertThread)

NTSTATUS NTAPI ZwYieldExecution(VOID)
{
    schedule_point(current_machine());
    schedule_yield(current_machine());
    return STATUS_SUCCESS;
}
SB_EXPORT(ZwYieldExecution)

/* Code and data caches are coherent. */
NTSTATUS NTAPI nt_ZwFlushInstructionCache(HANDLE handle, PVOID base, SIZE_T size)
{
    struct _EPROCESS *process;
    NTSTATUS status = zw_reference(handle, &ps_process_type, (void **)&process);
    if (NT_SUCCESS(status))
        ob_dereference(process);
    return status;
}
SB_EXPORT_AS("ZwFlushInstructionCache", nt_ZwFlushInstructionCache)
