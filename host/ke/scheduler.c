/* Participants and their turns. */
#include "host/ke/outside_stop.h"
#include "host/ke/scheduler_state.h"
#include "host/ps/ps.h"
#include "host/verifier/schedule.h"

enum {
    LONGEST_RUN = 2000,       /* points in a row without letting anybody else run */
    MOST_TIME_QUESTIONS = 50, /* in a row */
    STEP_TIME = 100,          /* ns that pass at a point */
    QUESTION_TIME = 1000,
    WATCH_INTERVAL = 20000000, /* real ns */
    SPIN_TIME = 50000000,      /* ns of processor time without a step: the code spins */
    MOST_YIELDS = 100          /* times that it is made to let others run */
};

static struct participant *add(struct scheduler *scheduler)
{
    struct participant *new = linux_allocate(sizeof(*new));
    if (!new)
        return NULL;
    new->id = scheduler->participant_count++;
    *scheduler->last = new;
    scheduler->last = &new->next;
    return new;
}

NTSTATUS scheduler_create(struct machine *machine, struct sb_schedule *schedule)
{
    struct scheduler *scheduler = linux_allocate(sizeof(*scheduler));
    if (!scheduler)
        return STATUS_INSUFFICIENT_RESOURCES;
    scheduler->last = &scheduler->participants;
    scheduler->schedule = schedule;
    struct participant *first = add(scheduler);
    if (!first) {
        linux_free(scheduler);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    first->linux_id = linux_thread_id();
    scheduler->running = first;
    machine->scheduler = scheduler;
    machine->state = MACHINE_SCHEDULED;
    return STATUS_SUCCESS;
}

void scheduler_destroy(struct machine *machine)
{
    struct scheduler *scheduler = machine->scheduler;
    if (!scheduler)
        return;
    while (scheduler->participants) {
        struct participant *participant = scheduler->participants;
        scheduler->participants = participant->next;
        linux_free(participant);
    }
    linux_free(scheduler);
    machine->scheduler = NULL;
}

void scheduler_release(struct machine *machine)
{
    struct scheduler *scheduler = machine->scheduler;
    if (!scheduler || __atomic_exchange_n(&scheduler->released, 1, __ATOMIC_ACQ_REL))
        return;
    for (struct participant *each = scheduler->participants; each; each = each->next) {
        __atomic_store_n(&each->turn, 1, __ATOMIC_RELEASE);
        linux_wake(&each->turn, 1);
    }
}

/* What a thread that waits has seen of the one that runs. */
struct watch {
    uint64_t steps;
    int64_t cpu_time;
};

/* Code that spins on memory of its own meets nobody and keeps its turn: it is interrupted, and
 * asked to let others run (scheduler_yield). Only for code that computes for so long without end
 * does the time at which that happens depend on the processor. */
static void watch(struct scheduler *scheduler, struct watch *seen)
{
    uint64_t steps = __atomic_load_n(&scheduler->steps, __ATOMIC_RELAXED);
    struct participant *running = __atomic_load_n(&scheduler->running, __ATOMIC_ACQUIRE);
    uint32_t id = __atomic_load_n(&running->linux_id, __ATOMIC_RELAXED);
    int64_t cpu_time = linux_thread_cpu_time(id);
    if (steps != seen->steps || cpu_time < seen->cpu_time) {
        *seen = (struct watch){steps, cpu_time};
        return;
    }
    if (cpu_time - seen->cpu_time < SPIN_TIME)
        return;
    __atomic_store_n(&scheduler->yield_asked, 1, __ATOMIC_RELEASE);
    linux_thread_interrupt(id);
}

/* A turn that is only to add to the report of a stop. */
static void describe(struct machine *machine, struct participant *self)
{
    scheduler_describe_self(machine, self);
    __atomic_store_n(&self->turn, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&self->describe, 0, __ATOMIC_RELEASE);
    linux_wake(&self->describe, 1);
}

/* Of the clock's and the first thread, which are always there, at most one runs. */
static BOOLEAN watches(struct machine *machine, const struct participant *self)
{
    return self->id == 0 || (self->thread && self->thread == machine->ke->clock_thread);
}

/* Waits until it is self's turn. */
static void await(struct machine *machine, struct participant *self)
{
    BOOLEAN is_watching = watches(machine, self);
    struct watch seen = {0};
    for (;;) {
        if (__atomic_load_n(&self->turn, __ATOMIC_ACQUIRE)) {
            if (!__atomic_load_n(&self->describe, __ATOMIC_RELAXED))
                break;
            describe(machine, self);
        }
        linux_park(&self->turn, 0,
                   is_watching ? linux_monotonic_time() + WATCH_INTERVAL : LINUX_FOREVER);
        if (is_watching && !__atomic_load_n(&self->turn, __ATOMIC_ACQUIRE))
            watch(machine->scheduler, &seen);
    }
    if (!scheduler_is_released(machine->scheduler))
        __atomic_store_n(&self->turn, 0, __ATOMIC_RELAXED);
}

static void give_turn(struct scheduler *scheduler, struct participant *next)
{
    __atomic_store_n(&scheduler->running, next, __ATOMIC_RELEASE);
    scheduler->run_length = scheduler->time_questions = 0;
    __atomic_store_n(&next->turn, 1, __ATOMIC_RELEASE);
    linux_wake(&next->turn, 1);
}

/* Whoever is best to tell of a deadlock: an application's thread inside the machine, else any. */
static struct participant *spokesman(struct scheduler *scheduler)
{
    struct participant *found = NULL;
    for (struct participant *each = scheduler->participants; each; each = each->next) {
        if (each->state == PARTICIPANT_ENDED || !each->thread)
            continue;
        if (!each->thread->is_system)
            return each;
        if (!found)
            found = each;
    }
    return found;
}

/* Nobody can go on: the machine stops, here or on another thread when this one is not in it. */
static struct participant *stop_for(struct scheduler *scheduler, struct participant *self,
                                    ULONG code)
{
    scheduler->stop_code = code;
    return self->thread ? self : spokesman(scheduler);
}

/* Lets somebody run, perhaps self, and returns when it is self's turn again. */
static void pass(struct machine *machine, struct participant *self)
{
    struct scheduler *scheduler = machine->scheduler;
    uint64_t steps = scheduler->steps + 1;
    __atomic_store_n(&scheduler->yield_asked, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&scheduler->steps, steps, __ATOMIC_RELAXED);
    scheduler->now += STEP_TIME;
    BOOLEAN endless = steps - scheduler->entered_at > schedule_most_steps(scheduler->schedule) ||
                      ke_is_stop_wanted(machine);
    struct participant *next = endless ? NULL : scheduler_choose(scheduler);
    if (!next)
        next = stop_for(scheduler, self, (ULONG)(endless ? SCHEDULER_ENDLESS : SCHEDULER_DEADLOCK));
    if (next != self) {
        give_turn(scheduler, next);
        if (self->state == PARTICIPANT_ENDED)
            return;
        await(machine, self);
    }
    if (scheduler->stop_code && self->thread && !scheduler_is_released(scheduler))
        scheduler_stop(machine, scheduler->stop_code);
    self->state = PARTICIPANT_READY;
    if (SB_UNLIKELY(machine->verifier) && self->thread)
        machine->verifier->irql_changed();
}

struct participant *scheduler_add(struct machine *machine)
{
    return add(machine->scheduler);
}

void scheduler_begin(struct machine *machine, struct participant *self)
{
    await(machine, self);
    self->thread = ps_thread_inside();
    __atomic_store_n(&self->linux_id, linux_thread_id(), __ATOMIC_RELAXED);
}

void scheduler_end(struct machine *machine)
{
    struct scheduler *scheduler = machine->scheduler;
    struct participant *self = scheduler->running;
    if (scheduler_is_released(scheduler))
        return;
    self->thread = NULL;
    self->state = PARTICIPANT_ENDED;
    scheduler->progress++;
    pass(machine, self);
}

void scheduler_forget(struct machine *machine, struct participant *participant)
{
    participant->state = PARTICIPANT_ENDED;
}

BOOLEAN scheduler_enter(struct machine *machine)
{
    struct scheduler *scheduler = machine->scheduler;
    if (scheduler_is_released(scheduler))
        return TRUE;
    if (scheduler->running->linux_id != linux_thread_id())
        return FALSE;
    scheduler->entered_at = scheduler->steps;
    scheduler->yields = 0;
    scheduler_point(machine);
    return TRUE;
}

void scheduler_leave(struct machine *machine)
{
    if (!scheduler_is_released(machine->scheduler))
        machine->scheduler->running->thread = NULL;
}

/* A thread that never lets go is made to, as by a clock tick. */
static BOOLEAN has_run_too_long(struct scheduler *scheduler)
{
    if (++scheduler->run_length < LONGEST_RUN)
        return FALSE;
    scheduler->run_length = 0;
    return TRUE;
}

void scheduler_point(struct machine *machine)
{
    struct scheduler *scheduler = machine->scheduler;
    struct participant *self = scheduler->running;
    if (scheduler_is_released(scheduler))
        return;
    self->thread = ps_thread_inside();
    scheduler->time_questions = 0;
    if (has_run_too_long(scheduler)) {
        scheduler_pause(machine, STEP_TIME);
        return;
    }
    scheduler->progress++;
    pass(machine, self);
}

void scheduler_spin(struct machine *machine)
{
    struct scheduler *scheduler = machine->scheduler;
    struct participant *self = scheduler->running;
    if (scheduler_is_released(scheduler))
        return;
    self->thread = ps_thread_inside();
    self->state = PARTICIPANT_SPINS;
    self->spun_at = scheduler->progress;
    pass(machine, self);
}

static void wait(struct machine *machine, const volatile void *word, uint32_t expected,
                 BOOLEAN word_is_lock, int64_t deadline)
{
    struct scheduler *scheduler = machine->scheduler;
    struct participant *self = scheduler->running;
    if (scheduler_is_released(scheduler))
        return;
    self->thread = ps_thread_inside();
    self->state = PARTICIPANT_WAITS;
    self->word = word;
    self->expected = expected;
    self->word_is_lock = word_is_lock;
    self->deadline = deadline;
    scheduler->progress++;
    pass(machine, self);
}

void scheduler_wait(struct machine *machine, const uint32_t *word, uint32_t expected,
                    int64_t deadline)
{
    wait(machine, word, expected, FALSE, deadline);
}

void scheduler_spin_on(struct machine *machine, const volatile void *word, uint32_t observed)
{
    wait(machine, word, observed, TRUE, LINUX_FOREVER);
}

void scheduler_move_deadline(struct machine *machine, PETHREAD thread, int64_t deadline)
{
    for (struct participant *each = machine->scheduler->participants; each; each = each->next)
        if (each->state == PARTICIPANT_WAITS && each->thread == thread)
            each->deadline = deadline;
}

void scheduler_pause(struct machine *machine, int64_t duration)
{
    struct scheduler *scheduler = machine->scheduler;
    int64_t end = scheduler->now + duration;
    while (!scheduler_is_released(scheduler) && scheduler->now < end)
        wait(machine, NULL, 0, FALSE, end);
}

BOOLEAN scheduler_is_yield_asked(struct machine *machine)
{
    struct scheduler *scheduler = machine->scheduler;
    return scheduler && !scheduler_is_released(scheduler) &&
           __atomic_load_n(&scheduler->yield_asked, __ATOMIC_ACQUIRE) != 0;
}

void scheduler_yield(struct machine *machine)
{
    if (++machine->scheduler->yields > MOST_YIELDS)
        scheduler_stop(machine, (ULONG)SCHEDULER_ENDLESS);
    scheduler_pause(machine, SPIN_TIME);
}

void scheduler_settle(struct machine *machine)
{
    struct scheduler *scheduler = machine->scheduler;
    if (scheduler_is_released(scheduler))
        return;
    scheduler->running->thread = ps_thread_inside();
    scheduler->running->state = PARTICIPANT_SETTLES;
    scheduler->progress++;
    pass(machine, scheduler->running);
}

void scheduler_time_asked(struct machine *machine)
{
    struct scheduler *scheduler = machine->scheduler;
    scheduler->now += QUESTION_TIME;
    if (++scheduler->time_questions > MOST_TIME_QUESTIONS)
        scheduler_pause(machine, QUESTION_TIME);
}

int64_t scheduler_now(struct machine *machine)
{
    return machine->scheduler->now;
}
