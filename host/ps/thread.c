#include "host/io/io.h"
#include "host/ke/call.h"
#include "host/ke/fault.h"
#include "host/ke/schedule.h"
#include "host/mm/mm.h"
#include "host/ob/object.h"
#include "host/ps/notify.h"
#include "host/ps/ps.h"
#include "host/ps/thread_slot.h"
#include "host/se/se.h"

static void thread_remove(void *object)
{
    PETHREAD thread = object;
    struct ps_state *ps = thread->machine->ps;
    se_thread_revert(thread);
    linux_lock(&ps->lock);
    if (thread->machine_link.Flink)
        RemoveEntryList(&thread->machine_link);
    linux_unlock(&ps->lock);
    if (SB_UNLIKELY(thread->verified) && thread->machine->verifier)
        thread->machine->verifier->thread_free(thread);
    mm_pool_cache_drop(thread->machine, &thread->pool_cache);
    if (thread->Tcb.kpcr)
        mm_pages_free(thread->machine, thread->Tcb.kpcr);
    if (thread->owner)
        ob_dereference(thread->owner);
}

OBJECT_TYPE ps_thread_type = {.self = &ps_thread_type,
                              .name = RTL_CONSTANT_STRING(L"Thread"),
                              .valid_access = THREAD_ALL_ACCESS,
                              .remove = thread_remove};

static void kthread_initialize(PKTHREAD thread, struct _EPROCESS *process)
{
    ke_header_initialize(&thread->Header, DISPATCHER_THREAD, sizeof(DISPATCHER_HEADER), 0);
    thread->process = process;
    thread->priority = thread->base_priority = 8;
    thread->affinity = ~(KAFFINITY)0 >> (64 - process->machine->processors);
    thread->apc_queueable = TRUE;
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

NTSTATUS ps_thread_create(struct _EPROCESS *process, BOOLEAN is_system, PETHREAD *created)
{
    struct machine *machine = process->machine;
    PETHREAD thread;
    NTSTATUS status = ob_allocate(machine, &ps_thread_type, sizeof(*thread), (void **)&thread);
    if (!NT_SUCCESS(status))
        return status;
    thread->machine = machine;
    thread->is_system = is_system;
    thread->exit_status = STATUS_PENDING;
    thread->announcement = PS_THREAD_NEW;
    thread->create_time = ke_system_time(machine);
    kthread_initialize(&thread->Tcb, process);
    thread->Tcb.previous_mode = is_system ? KernelMode : UserMode;
    InitializeListHead(&thread->irps);
    linux_own_lock_initialize(&thread->irps_lock);
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

void ps_thread_bind(PETHREAD thread)
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

void ps_thread_announce(PETHREAD thread)
{
    if (thread->announcement != PS_THREAD_NEW)
        return;
    thread->announcement = PS_THREAD_ANNOUNCED;
    ps_notify_thread(thread, TRUE);
}

void ps_thread_exit(PETHREAD thread, NTSTATUS status)
{
    uint32_t exited = 0;
    if (!__atomic_compare_exchange_n(&thread->has_exited, &exited, 1, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return;
    if (thread->announcement == PS_THREAD_ANNOUNCED)
        ps_notify_thread(thread, FALSE);
    io_thread_orphan(thread);
    ke_thread_rundown(&thread->Tcb);
    thread->exit_time = ke_system_time(thread->machine);
    __atomic_store_n(&thread->exit_status, status, __ATOMIC_RELEASE);
    ke_header_signal(thread->machine, &thread->Tcb.Header);
}

static void exit_application_thread(void *context)
{
    ps_thread_exit(context, STATUS_SUCCESS);
}

/* Enters the machine once more, to leave it for good. */
static void detach(struct machine *machine, void *context)
{
    struct thread_slot *slot = linux_thread_slot;
    PETHREAD thread = context, inside = slot->inside;
    slot->inside = thread;
    linux_gs_base_set((uint64_t)thread->Tcb.kpcr);
    if (machine_is_running(machine))
        machine_run(thread, exit_application_thread, thread);
    slot->inside = inside; /* first: the thread may be gone after this */
    ob_dereference(thread);
    linux_gs_base_set(inside ? (uint64_t)inside->Tcb.kpcr : 0);
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
    if (!NT_SUCCESS(ps_thread_create(process, FALSE, &thread))) {
        linux_free(attachment);
        return NULL;
    }
    ps_thread_bind(thread);
    attachment->process_unique = process->unique;
    attachment->machine_id = process->machine->id;
    attachment->thread = thread;
    attachment->next = slot->attachments;
    slot->attachments = attachment;
    return thread;
}

static PETHREAD find_attachment(struct thread_slot *slot, uint64_t unique)
{
    struct attachment *last_used = slot->attachments;
    if (SB_LIKELY(last_used && last_used->process_unique == unique))
        return last_used->thread;
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
    linux_thread_slot = slot;
    while (slot->attachments) {
        struct attachment *attachment = slot->attachments;
        slot->attachments = attachment->next;
        machine_with_live(attachment->machine_id, detach, attachment->thread);
        linux_free(attachment);
    }
    linux_thread_slot = NULL;
    linux_free(slot);
}

void ps_thread_detach(void)
{
    struct thread_slot *slot = linux_thread_slot;
    if (!slot)
        return;
    linux_thread_slot_set(NULL);
    slot_free(slot);
}

int ps_initialize_library(void)
{
    int error = linux_threads_initialize(slot_free);
    return error ? error : linux_faults_initialize(fault_examine, fault_dispatch);
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
