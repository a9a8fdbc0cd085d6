/* System threads: from their creation to the one who joins them. */
#include "host/ke/call.h"
#include "host/ke/schedule.h"
#include "host/ke/scheduler.h"
#include "host/ob/object.h"
#include "host/ps/ps.h"
#include "host/ps/thread_slot.h"

enum { CREATE_THREAD_ACCESS = 2 }; /* PROCESS_CREATE_THREAD */

static void run_start_routine(void *context)
{
    PETHREAD thread = context;
    const struct verifier_hooks *verifier = thread->machine->verifier;
    struct verifier_callback callback = {VERIFIER_CALLBACK_THREAD, thread->start_routine, thread};
    if (SB_UNLIKELY(verifier) && verifier->callback_begin)
        verifier->callback_begin(&callback);
    thread->start_routine(thread->start_context);
    if (SB_UNLIKELY(verifier) && verifier->callback_end)
        verifier->callback_end(&callback);
}

static void run_exit(void *context)
{
    PETHREAD thread = context;
    ps_thread_exit(thread, thread->terminate_status);
}

/* A system thread's Linux thread. Its reference to the ETHREAD is dropped by whoever joins it. */
static void system_thread_main(void *context)
{
    PETHREAD thread = context;
    struct machine *machine = thread->machine;
    struct thread_slot slot = {.inside = thread};
    linux_thread_slot = &slot; /* not armed: this thread's end is handled here */
    ps_thread_bind(thread);
    linux_gs_base_set((uint64_t)thread->Tcb.kpcr);
    if (thread->participant)
        scheduler_begin(machine, thread->participant);
    if (machine_is_running(machine))
        machine_run(thread, run_start_routine, thread);
    if (machine_is_running(machine))
        machine_run(thread, run_exit, thread);
    struct participant *participant = thread->participant;
    linux_thread_slot = NULL;
    linux_gs_base_set(0);
    __atomic_store_n(&thread->has_ended, 1, __ATOMIC_RELEASE);
    if (participant)
        scheduler_end(machine);
}

/* Joins system threads that have ended; all of them when wait is set. */
static void reap(struct machine *machine, BOOLEAN wait)
{
    for (;;) {
        PETHREAD ended = NULL;
        linux_lock(&machine->ps->lock);
        for (PLIST_ENTRY link = machine->ps->threads.Flink; link != &machine->ps->threads && !ended;
             link = link->Flink) {
            PETHREAD thread = CONTAINING_RECORD(link, struct _ETHREAD, machine_link);
            if (thread->linux_thread &&
                (wait || __atomic_load_n(&thread->has_ended, __ATOMIC_ACQUIRE)))
                ended = thread;
        }
        struct linux_thread *joinable = ended ? ended->linux_thread : NULL;
        if (ended)
            ended->linux_thread = NULL;
        linux_unlock(&machine->ps->lock);
        if (!ended)
            return;
        while (wait && !__atomic_load_n(&ended->has_ended, __ATOMIC_ACQUIRE)) {
            uint32_t never = 0;
            uint32_t id = __atomic_load_n(&ended->linux_id, __ATOMIC_RELAXED);
            if (id)
                linux_thread_interrupt(id);
            linux_park(&never, 0, linux_monotonic_time() + 1000000);
        }
        linux_thread_join(joinable);
        ob_dereference(ended);
    }
}

void ps_join_system_threads(struct machine *machine)
{
    reap(machine, TRUE);
}

static BOOLEAN join_schedule(PETHREAD thread)
{
    thread->participant = scheduler_add(thread->machine);
    return thread->participant != NULL;
}

/* Makes a created thread run. Consumes the caller's reference when it fails. */
static NTSTATUS run(PETHREAD thread, PKSTART_ROUTINE routine, void *context)
{
    struct machine *machine = thread->machine;
    thread->start_routine = routine;
    thread->start_context = context;
    ob_reference(thread); /* the caller's; the first one is the running thread's */
    BOOLEAN takes_part = !machine->scheduler || join_schedule(thread);
    linux_lock(&machine->ps->lock);
    thread->linux_thread = takes_part ? linux_thread_start(system_thread_main, thread) : NULL;
    BOOLEAN running = thread->linux_thread != NULL;
    linux_unlock(&machine->ps->lock);
    if (running)
        return STATUS_SUCCESS;
    if (thread->participant)
        scheduler_forget(machine, thread->participant);
    ob_dereference(thread);
    ob_dereference(thread);
    return STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS ps_system_thread_start(struct machine *machine, PKSTART_ROUTINE routine, void *context,
                                PETHREAD *started)
{
    PETHREAD thread;
    reap(machine, FALSE);
    NTSTATUS status = ps_thread_create(machine->ps->system_process, TRUE, &thread);
    if (!NT_SUCCESS(status))
        return status;
    thread->announcement = PS_THREAD_INTERNAL;
    status = run(thread, routine, context);
    if (NT_SUCCESS(status))
        *started = thread;
    return status;
}

/* The process a system thread is to run in, referenced. */
static NTSTATUS reference_process(HANDLE handle, struct _EPROCESS **process)
{
    struct handle_entry entry;
    if (handle)
        return ob_handle_reference(current_thread()->Tcb.process, handle, CREATE_THREAD_ACCESS,
                                   &ps_process_type, KernelMode, (void **)process, &entry);
    *process = current_machine()->ps->system_process;
    ob_reference(*process);
    return STATUS_SUCCESS;
}

/* Without OBJ_KERNEL_HANDLE the handle belongs to the current process, as on NT. */
static NTSTATUS create_handle(PETHREAD thread, POBJECT_ATTRIBUTES attributes, HANDLE *handle)
{
    ULONG flags = attributes ? attributes->Attributes : 0;
    struct _EPROCESS *owner = flags & OBJ_KERNEL_HANDLE ? thread->machine->ps->system_process
                                                        : current_thread()->Tcb.process;
    return ob_handle_create(owner, thread, THREAD_ALL_ACCESS, flags, handle);
}

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE handle, ULONG access, POBJECT_ATTRIBUTES attributes,
                                    HANDLE process_handle, PCLIENT_ID client_id,
                                    PKSTART_ROUTINE routine, PVOID context)
{
    struct _EPROCESS *process;
    PETHREAD thread;
    HANDLE value;
    reap(current_machine(), FALSE);
    NTSTATUS status = reference_process(process_handle, &process);
    if (!NT_SUCCESS(status))
        return status;
    status = ps_thread_create(process, TRUE, &thread);
    ob_dereference(process);
    if (!NT_SUCCESS(status))
        return status;
    status = create_handle(thread, attributes, &value);
    if (!NT_SUCCESS(status)) {
        ob_dereference(thread);
        return status;
    }
    CLIENT_ID ids = {thread->owner->process_id, thread->thread_id};
    ps_thread_announce(thread); /* on the creating thread, before the new one runs */
    status = run(thread, routine, context);
    if (!NT_SUCCESS(status)) {
        ZwClose(value);
        return status;
    }
    ob_dereference(thread);
    *handle = value;
    if (client_id)
        *client_id = ids;
    schedule_choice(current_machine());
    return STATUS_SUCCESS;
}
SB_EXPORT(PsCreateSystemThread)

NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS status)
{
    PETHREAD thread = current_thread();
    if (!thread->is_system)
        return STATUS_INVALID_PARAMETER;
    thread->terminate_status = status;
    linux_context_jump(&thread->call_frame->context, 1);
}
SB_EXPORT(PsTerminateSystemThread)
