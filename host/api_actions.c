/* include/sysbuf/host.h: what an application does on several threads at once. */
#include "host/api.h"
#include "host/ke/schedule.h"
#include "host/ke/scheduler.h"
#include "host/ps/ps.h"

/* The thread of an action. It lasts until all actions are done: a thread that ends takes its
 * pending requests with it. */
struct action_thread {
    const struct sb_action *action;
    struct machine *machine;
    struct participant *participant; /* under a scheduler */
    struct linux_thread *linux_thread;
    uint32_t done, leave, left; /* futexes: 0, then 1 */
};

static void set(struct machine *machine, uint32_t *word)
{
    __atomic_store_n(word, 1, __ATOMIC_RELEASE);
    linux_wake(word, 1);
}

static BOOLEAN is_scheduled(const struct machine *machine)
{
    return machine->scheduler &&
           __atomic_load_n(&machine->state, __ATOMIC_ACQUIRE) == MACHINE_SCHEDULED;
}

/* Once the machine has stopped everybody runs freely, and the wait is a real one. */
static void wait_for(struct machine *machine, uint32_t *word)
{
    while (!__atomic_load_n(word, __ATOMIC_ACQUIRE)) {
        if (is_scheduled(machine))
            scheduler_wait(machine, word, 0, LINUX_FOREVER);
        else
            linux_park(word, 0, linux_monotonic_time() + 10000000);
    }
}

static void action_main(void *context)
{
    struct action_thread *self = context;
    struct machine *machine = self->machine;
    if (self->participant)
        scheduler_begin(machine, self->participant);
    self->action->run(self->action->context);
    set(machine, &self->done);
    wait_for(machine, &self->leave);
    ps_thread_detach();
    struct participant *participant = self->participant;
    set(machine, &self->left);
    if (participant)
        scheduler_end(machine);
}

static BOOLEAN start(struct action_thread *thread)
{
    struct machine *machine = thread->machine;
    if (machine->scheduler && !(thread->participant = scheduler_add(machine)))
        return FALSE;
    thread->linux_thread = linux_thread_start(action_main, thread);
    if (!thread->linux_thread && thread->participant)
        scheduler_forget(machine, thread->participant);
    return thread->linux_thread != NULL;
}

/* The threads end one after the other, in order: what their ends do is no part of the race. */
static void finish(struct machine *machine, struct action_thread *threads, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        wait_for(machine, &threads[i].done);
    for (uint32_t i = 0; i < count; i++) {
        set(machine, &threads[i].leave);
        wait_for(machine, &threads[i].left);
        linux_thread_join(threads[i].linux_thread);
    }
}

sb_status sb_machine_settle(struct sb_machine *machine)
{
    struct machine *self = machine_of(machine);
    if (!machine_is_running(self))
        return STATUS_MACHINE_STOPPED;
    if (!is_scheduled(self))
        return STATUS_SUCCESS;
    if (!scheduler_enter(self))
        return STATUS_INVALID_THREAD;
    scheduler_settle(self);
    return machine_is_running(self) ? STATUS_SUCCESS : STATUS_MACHINE_STOPPED;
}

sb_status sb_machine_pause(struct sb_machine *machine, uint32_t milliseconds)
{
    struct machine *self = machine_of(machine);
    uint32_t never = 0;
    if (!machine_is_running(self))
        return STATUS_MACHINE_STOPPED;
    if (!is_scheduled(self)) {
        int64_t end = linux_monotonic_time() + milliseconds * 1000000ll;
        while (machine_is_running(self) && linux_monotonic_time() < end)
            linux_park(&never, 0, end);
    } else if (scheduler_enter(self)) {
        scheduler_pause(self, milliseconds * 1000000ll);
    } else {
        return STATUS_INVALID_THREAD;
    }
    return machine_is_running(self) ? STATUS_SUCCESS : STATUS_MACHINE_STOPPED;
}

sb_status sb_machine_run_actions(struct sb_machine *machine, const struct sb_action *actions,
                                 uint32_t count)
{
    struct machine *self = machine_of(machine);
    if (count == 0 || count > SB_MOST_ACTIONS)
        return STATUS_INVALID_PARAMETER;
    if (is_scheduled(self) && !scheduler_enter(self))
        return STATUS_INVALID_THREAD;
    struct action_thread *threads = linux_allocate(count * sizeof(*threads));
    uint32_t started = 0;
    if (!threads)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (; started < count; started++) {
        threads[started].action = &actions[started];
        threads[started].machine = self;
        if (!start(&threads[started]))
            break;
    }
    finish(self, threads, started);
    linux_free(threads);
    return started == count ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}
