#include "host/io/io.h"
#include "host/ke/call.h"
#include "host/ke/fault.h"
#include "host/ke/schedule.h"
#include "host/mm/mm.h"
#include "host/ob/object.h"
#include "host/ps/ps.h"
#include "host/se/se.h"

/* What a Linux thread is in the machines it has called. */
struct attachment {
    struct attachment *next;
    uint64_t process_unique, machine_id;
    PETHREAD thread;
    BOOLEAN is_live; /* scratch of prune */
};

struct thread_slot {
    PETHREAD inside; /* NULL while the thread runs application code */
    struct attachment *attachments;
};

static void thread_remove(void *object)
{
    PETHREAD thread = object;
    struct ps_state *ps = thread->machine->ps;
    se_thread_revert(thread);
    linux_lock(&ps->lock);
    if (thread->machine_link.Flink)
        RemoveEntryList(&thread->machine_link);
    linux_unlock(&ps->lock);
    if (thread->Tcb.kpcr)
        mm_pages_free(thread->machine, thread->Tcb.kpcr);
    if (thread->owner)
        ob_dereference(thread->owner);
}

OBJECT_TYPE ps_thread_type = {.name = RTL_CONSTANT_STRING(L"Thread"),
                              .valid_access = THREAD_ALL_ACCESS,
                              .remove = thread_remove};

static void kthread_initialize(PKTHREAD thread, struct _EPROCESS *process)
{
    ke_header_initialize(&thread->Header, DISPATCHER_THREAD, sizeof(DISPATCHER_HEADER), 0);
    thread->process = process;
    thread->priority = 8;
    InitializeListHead(&thread->apc_queue[KernelMode]);
    InitializeListHead(&thread->apc_queue[UserMode]);
    InitializeListHead(&thread->owned_mutants);
    InitializeListHead(&thread->pending_dpcs);
}

static void kpcr_initialize(struct kpcr *kpcr, PETHREAD thread, ULONG processor)
{
    kpcr->self = kpcr;
    kpcr->current_prcb = &kpcr->mxcsr;
    kpcr->major_version = kpcr->minor_version = 1;
    kpcr->legacy_number = (USHORT)processor;
    kpcr->number = processor;
    kpcr->current_thread = thread;
    kpcr->machine = thread->machine;
}

static NTSTATUS thread_create(struct _EPROCESS *process, BOOLEAN is_system, PETHREAD *created)
{
    struct machine *machine = process->machine;
    PETHREAD thread;
    NTSTATUS status = ob_allocate(machine, &ps_thread_type, sizeof(*thread), (void **)&thread);
    if (!NT_SUCCESS(status))
        return status;
    thread->machine = machine;
    thread->is_system = is_system;
    thread->exit_status = STATUS_PENDING;
    kthread_initialize(&thread->Tcb, process);
    thread->Tcb.previous_mode = is_system ? KernelMode : UserMode;
    InitializeListHead(&thread->irps);
    ob_reference(process);
    thread->owner = process;
    thread->Tcb.kpcr =
        mm_pages_allocate(machine, LINUX_ARENA_KERNEL, sizeof(struct kpcr), MM_REGION_SYSTEM);
    if (!thread->Tcb.kpcr) {
        ob_dereference(thread);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    linux_lock(&machine->ps->lock);
    ULONG id = machine->ps->next_id += 4;
    InsertTailList(&machine->ps->threads, &thread->machine_link);
    linux_unlock(&machine->ps->lock);
    thread->thread_id = ULongToHandle(id);
    kpcr_initialize(thread->Tcb.kpcr, thread, id / 4 % machine->processors);
    *created = thread;
    return STATUS_SUCCESS;
}

static void bind_to_caller(PETHREAD thread)
{
    __atomic_store_n(&thread->linux_id, linux_thread_id(), __ATOMIC_RELAXED);
    linux_stack_bounds(&thread->stack_low, &thread->stack_high);
}

static struct thread_slot *slot_get(void)
{
    if (!linux_thread_slot) {
        struct thread_slot *slot = linux_allocate(sizeof(*slot));
        if (slot) {
            linux_thread_slot_set(slot);
            linux_faults_attach_thread();
        }
    }
    return linux_thread_slot;
}

static void thread_end(PETHREAD thread, NTSTATUS status)
{
    thread->exit_status = status;
    if (machine_is_running(thread->machine))
        ke_header_signal(thread->machine, &thread->Tcb.Header);
}

static void cancel_requests(void *context)
{
    io_thread_orphan(context);
}

static void detach(struct machine *machine, void *context)
{
    PETHREAD thread = context;
    struct thread_slot *slot = linux_thread_slot;
    linux_gs_base_set((uint64_t)thread->Tcb.kpcr);
    if (!IsListEmpty(&thread->irps) && machine_is_running(machine)) {
        slot->inside = thread;
        machine_run(thread, cancel_requests, thread);
        slot->inside = NULL;
    }
    thread_end(thread, STATUS_SUCCESS);
    linux_gs_base_set(0);
    ob_dereference(thread);
}

static void note_whether_ended(struct machine *machine, void *context)
{
    struct attachment *attachment = context;
    attachment->is_live = attachment->thread->owner->exit_status == STATUS_PENDING;
    if (!attachment->is_live)
        detach(machine, attachment->thread);
}

/* Forgets what this thread was in machines that are gone and in processes that have ended. */
static void prune(struct thread_slot *slot)
{
    struct attachment **link = &slot->attachments;
    while (*link) {
        struct attachment *attachment = *link;
        attachment->is_live = FALSE;
        machine_with_live(attachment->machine_id, note_whether_ended, attachment);
        if (attachment->is_live) {
            link = &attachment->next;
            continue;
        }
        *link = attachment->next;
        linux_free(attachment);
    }
}

static PETHREAD attach(struct thread_slot *slot, struct _EPROCESS *process)
{
    PETHREAD thread;
    prune(slot);
    struct attachment *attachment = linux_allocate(sizeof(*attachment));
    if (!attachment)
        return NULL;
    if (!NT_SUCCESS(thread_create(process, FALSE, &thread))) {
        linux_free(attachment);
        return NULL;
    }
    bind_to_caller(thread);
    attachment->process_unique = process->unique;
    attachment->machine_id = process->machine->id;
    attachment->thread = thread;
    attachment->next = slot->attachments;
    slot->attachments = attachment;
    return thread;
}

static PETHREAD find_attachment(struct thread_slot *slot, uint64_t unique)
{
    for (struct attachment **link = &slot->attachments; *link; link = &(*link)->next) {
        struct attachment *attachment = *link;
        if (attachment->process_unique != unique)
            continue;
        *link = attachment->next; /* to the front: found at once next time */
        attachment->next = slot->attachments;
        slot->attachments = attachment;
        return attachment->thread;
    }
    return NULL;
}

PETHREAD ps_thread_enter(struct _EPROCESS *process)
{
    struct thread_slot *slot = linux_thread_slot;
    if (SB_UNLIKELY(!slot) && !(slot = slot_get()))
        return NULL;
    PETHREAD thread = find_attachment(slot, process->unique);
    if (SB_UNLIKELY(!thread) && !(thread = attach(slot, process)))
        return NULL;
    if (SB_LIKELY(!slot->inside))
        slot->inside = thread;
    linux_gs_base_set((uint64_t)thread->Tcb.kpcr);
    return thread;
}

void ps_thread_leave(PETHREAD thread)
{
    struct thread_slot *slot = linux_thread_slot;
    if (!thread->call_frame)
        slot->inside = NULL;
}

PETHREAD ps_thread_inside(void)
{
    struct thread_slot *slot = linux_thread_slot;
    return slot ? slot->inside : NULL;
}

/* A Linux thread ends: so do the NT threads it was, in the machines that still exist. */
static void slot_free(void *pointer)
{
    struct thread_slot *slot = pointer;
    while (slot->attachments) {
        struct attachment *attachment = slot->attachments;
        slot->attachments = attachment->next;
        machine_with_live(attachment->machine_id, detach, attachment->thread);
        linux_free(attachment);
    }
    linux_thread_slot = NULL;
    linux_free(slot);
}

int ps_initialize_library(void)
{
    int error = linux_threads_initialize(slot_free);
    return error ? error : linux_faults_initialize(fault_examine, fault_dispatch);
}

static void run_start_routine(void *context)
{
    PETHREAD thread = context;
    thread->start_routine(thread->start_context);
}

/* A system thread's Linux thread. Its reference to the ETHREAD is dropped by whoever joins it. */
static void system_thread_main(void *context)
{
    PETHREAD thread = context;
    struct thread_slot slot = {.inside = thread};
    linux_thread_slot = &slot; /* not armed: this thread's end is handled here */
    bind_to_caller(thread);
    linux_gs_base_set((uint64_t)thread->Tcb.kpcr);
    machine_run(thread, run_start_routine, thread);
    thread->Tcb.kpcr->irql = PASSIVE_LEVEL;
    if (thread->exit_status == STATUS_PENDING)
        thread->exit_status = STATUS_SUCCESS;
    thread_end(thread, thread->exit_status);
    slot.inside = NULL;
    linux_thread_slot = NULL;
    linux_gs_base_set(0);
    __atomic_store_n(&thread->has_ended, 1, __ATOMIC_RELEASE);
}

/* Joins system threads that have ended; all of them when wait is set. */
static void reap(struct machine *machine, BOOLEAN wait)
{
    for (;;) {
        PETHREAD ended = NULL;
        linux_lock(&machine->ps->lock);
        for (PLIST_ENTRY link = machine->ps->threads.Flink;
             link != &machine->ps->threads && !ended; link = link->Flink) {
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

NTSTATUS ps_system_thread_start(struct machine *machine, PKSTART_ROUTINE routine, void *context,
                                PETHREAD *started)
{
    PETHREAD thread;
    reap(machine, FALSE);
    NTSTATUS status = thread_create(machine->ps->system_process, TRUE, &thread);
    if (!NT_SUCCESS(status))
        return status;
    thread->start_routine = routine;
    thread->start_context = context;
    ob_reference(thread); /* the caller's; the first one is the running thread's */
    linux_lock(&machine->ps->lock);
    thread->linux_thread = linux_thread_start(system_thread_main, thread);
    BOOLEAN running = thread->linux_thread != NULL;
    linux_unlock(&machine->ps->lock);
    if (!running) {
        ob_dereference(thread);
        ob_dereference(thread);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *started = thread;
    return STATUS_SUCCESS;
}

void ps_interrupt_threads(struct machine *machine)
{
    uint32_t self = linux_thread_id();
    linux_lock(&machine->ps->lock);
    for (PLIST_ENTRY link = machine->ps->threads.Flink; link != &machine->ps->threads;
         link = link->Flink) {
        PETHREAD thread = CONTAINING_RECORD(link, struct _ETHREAD, machine_link);
        uint32_t id = __atomic_load_n(&thread->linux_id, __ATOMIC_RELAXED);
        if (id && id != self && __atomic_load_n(&thread->call_frame, __ATOMIC_RELAXED))
            linux_thread_interrupt(id);
    }
    linux_unlock(&machine->ps->lock);
}

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE handle, ULONG access, POBJECT_ATTRIBUTES attributes,
                                    HANDLE process, PCLIENT_ID client_id, PKSTART_ROUTINE routine,
                                    PVOID context)
{
    struct machine *machine = current_machine();
    PETHREAD thread;
    HANDLE value;
    NTSTATUS status = ps_system_thread_start(machine, routine, context, &thread);
    if (!NT_SUCCESS(status))
        return status;
    /* Without OBJ_KERNEL_HANDLE the handle belongs to the current process, as on NT. */
    ULONG flags = attributes ? attributes->Attributes : 0;
    struct _EPROCESS *owner = flags & OBJ_KERNEL_HANDLE ? machine->ps->system_process
                                                        : current_thread()->Tcb.process;
    status = ob_handle_create(owner, thread, THREAD_ALL_ACCESS, flags, &value);
    if (NT_SUCCESS(status)) {
        *handle = value;
        if (client_id)
            *client_id = (CLIENT_ID){machine->ps->system_process->process_id, thread->thread_id};
    }
    ob_dereference(thread);
    return status;
}
SB_EXPORT(PsCreateSystemThread)

NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS status)
{
    PETHREAD thread = current_thread();
    if (!thread->is_system)
        return STATUS_INVALID_PARAMETER;
    thread->exit_status = status;
    linux_context_jump(&thread->call_frame->context, 1);
}
SB_EXPORT(PsTerminateSystemThread)
