#include "host/io/io.h"
#include "host/ke/bug_codes.h"
#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/mm/mm.h"
#include "host/ob/object.h"
#include "host/ps/notify.h"
#include "host/ps/pool_quota.h"
#include "host/ps/ps.h"
#include "host/rtl/rtl.h"
#include "host/se/se.h"

#define FREE_BUILD 0xF0000000u /* in NtBuildNumber */
enum { PRIORITY_CLASS_NORMAL = 2 };

static void process_remove(void *object)
{
    struct _EPROCESS *process = object;
    struct ps_state *ps = process->machine->ps;
    linux_lock(&ps->lock);
    RemoveEntryList(&process->machine_link);
    linux_unlock(&ps->lock);
    if (process->handles)
        ob_handle_table_free(process->handles);
    if (process->token)
        ob_dereference(process->token);
}

OBJECT_TYPE ps_process_type = {.self = &ps_process_type,
                               .name = RTL_CONSTANT_STRING(L"Process"),
                               .valid_access = PROCESS_ALL_ACCESS,
                               .remove = process_remove};

static uint64_t next_unique(void)
{
    static uint64_t last; /* process wide, so that thread-local caches never match by accident */
    return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

/* The first process is the System process. */
static enum se_token_kind token_kind(struct machine *machine, BOOLEAN is_administrator)
{
    if (!machine->ps->system_process)
        return SE_TOKEN_SYSTEM;
    return is_administrator ? SE_TOKEN_ADMINISTRATOR : SE_TOKEN_USER;
}

static void set_image_name(struct _EPROCESS *process, const char *name)
{
    for (ULONG i = 0; name[i] && i < sizeof(process->image_name) - 1; i++)
        process->image_name[i] = name[i];
}

NTSTATUS ps_process_create(struct machine *machine, BOOLEAN is_administrator, BOOLEAN is_32_bit,
                           struct _EPROCESS **created)
{
    struct _EPROCESS *process;
    NTSTATUS status = ob_allocate(machine, &ps_process_type, sizeof(*process), (void **)&process);
    if (!NT_SUCCESS(status))
        return status;
    ke_header_initialize((DISPATCHER_HEADER *)&process->Header, DISPATCHER_PROCESS,
                         sizeof(DISPATCHER_HEADER), 0);
    process->machine = machine;
    process->unique = next_unique();
    process->is_administrator = is_administrator;
    process->is_32_bit = is_32_bit;
    process->exit_status = STATUS_PENDING;
    process->create_time = ke_system_time(machine);
    process->parent_id =
        machine->ps->system_process ? machine->ps->system_process->process_id : NULL;
    set_image_name(process, machine->ps->system_process ? "application.exe" : "System");
    process->settings.priority[1] = PRIORITY_CLASS_NORMAL;
    process->handles = ob_handle_table_create();
    status = se_token_create(machine, token_kind(machine, is_administrator),
                             (struct token **)&process->token);
    linux_lock(&machine->ps->lock);
    process->process_id = ULongToHandle(machine->ps->next_id += 4);
    InsertTailList(&machine->ps->processes, &process->machine_link);
    linux_unlock(&machine->ps->lock);
    if (!process->handles)
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status)) {
        ob_dereference(process);
        return status;
    }
    *created = process;
    return STATUS_SUCCESS;
}

enum { LEAVE_POLLS = 300, POLL_INTERVAL = -100000 }; /* 3 s in steps of 10 ms */

static void report_stuck(PETHREAD thread)
{
    char text[128];
    SIZE_T length =
        text_format(text, sizeof(text),
                    "*** ps: thread %u of the exiting process %u does not leave its "
                    "driver\n",
                    HandleToULong(thread->thread_id), HandleToULong(thread->owner->process_id));
    machine_log(thread->machine, text, length);
}

/* As a thread's end on NT: user-mode waits end, requests are cancelled and awaited. Then the thread
 * has to come out of its call; one that a driver keeps is reported and left behind. */
static void end_thread(PETHREAD thread)
{
    LARGE_INTEGER interval = {.QuadPart = POLL_INTERVAL};
    ke_end_user_waits(thread->machine, &thread->Tcb);
    io_thread_rundown(thread);
    for (int poll = 0; __atomic_load_n(&thread->call_frame, __ATOMIC_ACQUIRE); poll++) {
        if (poll == LEAVE_POLLS) {
            report_stuck(thread);
            return;
        }
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
    }
    io_thread_rundown(thread); /* what it sent meanwhile */
    ps_thread_exit(thread, STATUS_SUCCESS);
}

PETHREAD ps_next_thread(struct _EPROCESS *process, PETHREAD previous)
{
    struct ps_state *ps = process->machine->ps;
    PETHREAD found = NULL;
    linux_lock(&ps->lock);
    PLIST_ENTRY link = previous ? previous->machine_link.Flink : ps->threads.Flink;
    for (; link != &ps->threads && !found; link = link->Flink) {
        PETHREAD thread = CONTAINING_RECORD(link, struct _ETHREAD, machine_link);
        if (thread->owner == process && ob_reference_if_alive(thread))
            found = thread;
    }
    linux_unlock(&ps->lock);
    if (previous)
        ob_dereference(previous);
    return found;
}

static void wait_for_exit_holds(struct _EPROCESS *process)
{
    LARGE_INTEGER pause = {.QuadPart = -1000};
    while (__atomic_load_n(&process->exit_holds, __ATOMIC_ACQUIRE) != 0)
        KeDelayExecutionThread(KernelMode, FALSE, &pause);
}

/* NT's order: threads, then the process's end is told, then its handles go. A thread of another
 * process does it, so that all of this one's can end. */
void ps_process_exit(struct _EPROCESS *process, NTSTATUS status)
{
    PETHREAD thread = NULL;
    KAPC_STATE state;
    if (__atomic_exchange_n(&process->is_exiting, TRUE, __ATOMIC_ACQ_REL))
        return; /* a driver ends it, or has */
    if (process->settings.is_critical)
        KeBugCheckEx(CRITICAL_PROCESS_DIED, (ULONG_PTR)process, 0, 0, 0);
    wait_for_exit_holds(process);
    KeStackAttachProcess((PKPROCESS)process, &state);
    while ((thread = ps_next_thread(process, thread)) != NULL)
        if (thread != current_thread())
            end_thread(thread);
    ps_notify_process_exits(process);
    ob_handle_table_close_all(process); /* drivers clean up in its context: its memory is there */
    KeUnstackDetachProcess(&state);
    const struct verifier_hooks *verifier = process->machine->verifier;
    if (SB_UNLIKELY(verifier) && verifier->process_exit)
        verifier->process_exit(process);
    mm_process_exit(process);
    process->exit_time = ke_system_time(process->machine);
    __atomic_store_n(&process->exit_status, status, __ATOMIC_RELEASE);
    ke_header_signal(process->machine, &process->Header);
}

NTSTATUS ps_initialize(struct machine *machine)
{
    struct ps_state *ps = linux_allocate(sizeof(*ps));
    if (!ps)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&ps->threads);
    InitializeListHead(&ps->processes);
    machine->ps = ps;
    NTSTATUS status = ps_notify_initialize(machine);
    if (NT_SUCCESS(status))
        status = ps_quota_initialize(machine);
    if (NT_SUCCESS(status))
        status = ps_process_create(machine, TRUE, FALSE, &ps->system_process);
    if (NT_SUCCESS(status)) {
        machine->data_exports->initial_system_process = ps->system_process;
        machine->data_exports->nt_build_number = FREE_BUILD | RTL_NT_BUILD;
        machine->data_exports->process_type = &ps_process_type;
        machine->data_exports->thread_type = &ps_thread_type;
    }
    return status;
}
SB_EXPORT_DATA("PsInitialSystemProcess", initial_system_process)
SB_EXPORT_DATA("PsProcessType", process_type)
SB_EXPORT_DATA("PsThreadType", thread_type)

void ps_forget_verified(struct machine *machine)
{
    struct ps_state *ps = machine->ps;
    for (PLIST_ENTRY link = ps->threads.Flink; link != &ps->threads; link = link->Flink) {
        PETHREAD thread = CONTAINING_RECORD(link, struct _ETHREAD, machine_link);
        if (thread->verified)
            machine->verifier->thread_free(thread);
    }
}

/* The process objects go with the machine's pool; their tables are on the host heap. */
void ps_destroy(struct machine *machine)
{
    struct ps_state *ps = machine->ps;
    if (!ps)
        return;
    for (PLIST_ENTRY link = ps->processes.Flink; link != &ps->processes; link = link->Flink) {
        struct _EPROCESS *process = CONTAINING_RECORD(link, struct _EPROCESS, machine_link);
        if (process->handles)
            ob_handle_table_free(process->handles);
    }
    ps_notify_destroy(machine);
    ps_quota_destroy(machine);
    linux_free(machine->ps);
    machine->ps = NULL;
}
