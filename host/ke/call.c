#include "host/ke/call.h"
#include "host/ke/schedule.h"
#include "host/ke/scheduler.h"
#include "host/linux/shadow.h"
#include "host/ps/ps.h"

/* One look for all that ke_leave_system_call does. */
static inline bool has_work_to_leave(PETHREAD thread)
{
    return (ULONG)thread->Tcb.combined_apc_disable | thread->Tcb.kpcr->irql |
           thread->Tcb.user_apc_pending |
           __atomic_load_n(&thread->Tcb.soft_interrupts, __ATOMIC_RELAXED);
}

static inline NTSTATUS may_enter(struct machine *machine)
{
    uint32_t state = __atomic_load_n(&machine->state, __ATOMIC_ACQUIRE);
    if (SB_LIKELY(state == MACHINE_RUNNING))
        return STATUS_SUCCESS;
    if (state != MACHINE_SCHEDULED)
        return STATUS_MACHINE_STOPPED;
    return scheduler_enter(machine) ? STATUS_SUCCESS : STATUS_INVALID_THREAD;
}

NTSTATUS machine_call(struct _EPROCESS *process, NTSTATUS (*function)(void *), void *arguments)
{
    struct machine *machine = process->machine;
    NTSTATUS status = may_enter(machine);
    if (SB_UNLIKELY(!NT_SUCCESS(status)))
        return status;
    PETHREAD thread = ps_thread_enter(process);
    if (SB_UNLIKELY(!thread))
        return STATUS_INSUFFICIENT_RESOURCES;
    struct call_frame frame;
    frame.previous = thread->call_frame;
    if (linux_context_save(&frame.context) == 0) {
        thread_set_call_frame(thread, &frame);
        if (SB_UNLIKELY(thread->announcement == PS_THREAD_NEW))
            ps_thread_announce(thread);
        status = function(arguments);
        if (SB_UNLIKELY(has_work_to_leave(thread)) && !frame.previous)
            ke_leave_system_call(thread);
    } else {
        linux_shadow_allow_whole_stack();
        status = STATUS_MACHINE_STOPPED;
        if (machine->verifier && machine->verifier->stopped)
            machine->verifier->stopped();
    }
    thread_set_call_frame(thread, frame.previous);
    ps_thread_leave(thread);
    if (SB_UNLIKELY(machine->scheduler) && !frame.previous)
        scheduler_leave(machine);
    return status;
}

BOOLEAN machine_run(PETHREAD thread, void (*function)(void *), void *context)
{
    struct call_frame frame = {.previous = NULL};
    volatile BOOLEAN finished = FALSE; /* changed between save and jump */
    if (linux_context_save(&frame.context) == 0) {
        thread_set_call_frame(thread, &frame);
        function(context);
        finished = TRUE;
    }
    thread_set_call_frame(thread, NULL);
    if (!finished)
        linux_shadow_allow_whole_stack();
    return finished;
}
