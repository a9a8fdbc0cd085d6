/*
 * Routines that do not return. Each routine of a driver has a time by which it should; a thread
 * that blocks or spins looks at it itself, and a watchman interrupts those that run driver code.
 * System threads and work items may take for ever. Waits in user mode end with their process.
 * Under the deterministic scheduler nobody is watched: it knows itself that nobody can go on.
 */
#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/ps/ps.h"
#include "host/seh/context.h"
#include "host/verifier/stop.h"
#include "host/verifier/thread.h"
#include "host/verifier/watch.h"

enum { DEFAULT_TIMEOUT = 10000 /* ms */, MILLISECOND = 1000000 /* ns */ };

struct verifier_watchman {
    struct machine *machine;
    struct linux_thread *thread;
    uint32_t is_started, must_end; /* atomic; the second is a futex */
    int64_t timeout;               /* ns */
};

static int64_t pause_of(const struct verifier_watchman *watchman)
{
    int64_t pause = watchman->timeout / 8;
    return pause < 5 * MILLISECOND ? 5 * MILLISECOND : pause;
}

/* A thread that is late by more than a pause is not one that looks for itself. */
static void interrupt_late(struct verifier_watchman *watchman)
{
    struct ps_state *ps = watchman->machine->ps;
    int64_t latest = linux_monotonic_time() - pause_of(watchman);
    linux_lock(&ps->lock);
    for (PLIST_ENTRY link = ps->threads.Flink; link != &ps->threads; link = link->Flink) {
        PETHREAD thread = CONTAINING_RECORD(link, struct _ETHREAD, machine_link);
        struct verifier_thread *verified = __atomic_load_n(&thread->verified, __ATOMIC_ACQUIRE);
        int64_t until = verified ? __atomic_load_n(&verified->watched_until, __ATOMIC_RELAXED) : 0;
        uint32_t id = __atomic_load_n(&thread->linux_id, __ATOMIC_RELAXED);
        if (until != 0 && until < latest && id)
            linux_thread_interrupt(id);
    }
    linux_unlock(&ps->lock);
}

static void watch(void *context)
{
    struct verifier_watchman *watchman = context;
    while (!__atomic_load_n(&watchman->must_end, __ATOMIC_ACQUIRE)) {
        linux_park(&watchman->must_end, 0, linux_monotonic_time() + pause_of(watchman));
        if (machine_is_running(watchman->machine))
            interrupt_late(watchman);
    }
}

static void start(struct verifier_watchman *watchman)
{
    uint32_t no = 0;
    if (__atomic_load_n(&watchman->is_started, __ATOMIC_RELAXED) ||
        !__atomic_compare_exchange_n(&watchman->is_started, &no, 1, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return;
    watchman->machine = current_machine();
    struct linux_thread *thread = linux_thread_start(watch, watchman);
    __atomic_store_n(&watchman->thread, thread, __ATOMIC_RELEASE);
}

void verifier_watch_stop(struct machine *machine)
{
    struct verifier_watchman *watchman =
        machine->verifier_state ? machine->verifier_state->watchman : NULL;
    if (!watchman || !watchman->thread)
        return;
    __atomic_store_n(&watchman->must_end, 1, __ATOMIC_RELEASE);
    linux_wake(&watchman->must_end, 1);
    linux_thread_join(watchman->thread);
    watchman->thread = NULL;
}

static BOOLEAN may_take_for_ever(const struct verifier_callback *callback)
{
    return callback->kind == VERIFIER_CALLBACK_THREAD || callback->kind == VERIFIER_CALLBACK_WORK;
}

void verifier_watch_begin(struct verifier_thread *thread, struct verifier_callback *callback)
{
    struct verifier_watchman *watchman = verifier_state()->watchman;
    int64_t until = thread->watched_until;
    callback->watched_until = until;
    if (may_take_for_ever(callback) || current_machine()->scheduler)
        until = 0;
    else if (until == 0)
        until = linux_monotonic_time() + watchman->timeout;
    verifier_watch_until(thread, until);
    if (until)
        start(watchman);
}

void verifier_watch_end(struct verifier_thread *thread, const struct verifier_callback *callback)
{
    verifier_watch_until(thread, callback->watched_until);
}

/* ---- being late ---- */
static BOOLEAN is_late(const struct verifier_thread *thread)
{
    return thread && thread->watched_until != 0 && linux_monotonic_time() >= thread->watched_until;
}

/* The outermost routine that is watched. */
static const struct verifier_callback *watched_routine(const struct verifier_thread *thread)
{
    const struct verifier_callback *found = NULL;
    for (const struct verifier_callback *call = thread->call; call && !may_take_for_ever(call);
         call = call->outer)
        found = call;
    return found;
}

static enum verifier_rule rule_of(const struct verifier_callback *call)
{
    return call->kind == VERIFIER_CALLBACK_UNLOAD ? RULE_UNLOAD_STUCK : RULE_REQUEST_STUCK;
}

static uint32_t timeout_milliseconds(void)
{
    return (uint32_t)(verifier_state()->watchman->timeout / MILLISECOND);
}

static _Noreturn void stop_blocked(struct verifier_thread *thread, const char *how)
{
    const struct verifier_callback *call = watched_routine(thread);
    verifier_watch_until(thread, 0);
    verifier_stop(rule_of(call), NULL, NULL,
                  "the routine at %p, called by the system, has not returned for %u ms: it %s",
                  call->routine, timeout_milliseconds(), how);
}

static BOOLEAN is_to_be_told(const struct verifier_thread *thread)
{
    const struct verifier_callback *call = is_late(thread) ? watched_routine(thread) : NULL;
    const struct verifier_rule_description *rule =
        call ? verifier_describe_rule(rule_of(call)) : NULL;
    return rule && verifier_checks(rule->class);
}

int64_t verifier_block_until(int64_t deadline)
{
    PETHREAD current = current_thread();
    struct verifier_thread *thread = current->verified;
    if (!thread || thread->watched_until == 0 || !thread->call ||
        current->Tcb.wait_mode == UserMode)
        return deadline;
    if (is_to_be_told(thread))
        stop_blocked(thread, "waits");
    int64_t until = thread->watched_until + MILLISECOND;
    return until < deadline && !is_late(thread) ? until : deadline;
}

void verifier_look_at_time(void)
{
    struct verifier_thread *thread = current_thread()->verified;
    if (thread && thread->call && is_to_be_told(thread))
        stop_blocked(thread, "spins for a lock or another thread");
}

void verifier_stuck(const struct linux_fault *fault)
{
    struct verifier_thread *thread = current_thread()->verified;
    CONTEXT context;
    struct verifier_place place = {.context = &context, .is_exact = TRUE};
    ULONG_PTR parameters[4] = {0};
    if (!thread || !is_to_be_told(thread))
        return;
    const struct verifier_callback *call = watched_routine(thread);
    verifier_watch_until(thread, 0);
    context_from_registers(&context, &fault->registers);
    verifier_report_at(
        rule_of(call), &place, NULL,
        "the routine at %p, called by the system, has not returned for %u ms: it runs "
        "in a loop",
        call->routine, timeout_milliseconds());
    ke_bug_check_because(0x133 /* DPC_WATCHDOG_VIOLATION */, parameters, fault->registers.rip,
                         &fault->registers, "a routine of the driver does not return");
}

NTSTATUS verifier_watchman_initialize(struct machine *machine, struct verifier_state *state)
{
    state->watchman = linux_allocate(sizeof(*state->watchman));
    if (!state->watchman)
        return STATUS_INSUFFICIENT_RESOURCES;
    uint32_t timeout = machine->verify_timeout ? machine->verify_timeout : DEFAULT_TIMEOUT;
    state->watchman->timeout = timeout * (int64_t)MILLISECOND;
    return STATUS_SUCCESS;
}

void verifier_watchman_destroy(struct verifier_state *state)
{
    linux_free(state->watchman);
    state->watchman = NULL;
}
