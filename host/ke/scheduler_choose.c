/* Who could run next, and the decision between them. */
#include "host/ke/scheduler_state.h"
#include "host/verifier/schedule.h"

/* A wait that ends this soon may well end while others are held up; longer ones only when nobody
 * else can go on. */
enum { EARLY_TIMEOUT = 1000000000 }; /* ns */

static BOOLEAN has_changed(const struct participant *waiter)
{
    uint32_t value;
    if (!waiter->word)
        return FALSE;
    if (!waiter->word_is_lock)
        return __atomic_load_n(waiter->word, __ATOMIC_ACQUIRE) != waiter->expected;
    return !linux_copy_guarded(&value, (const void *)waiter->word, sizeof(value)) ||
           value != waiter->expected;
}

static BOOLEAN can_run(const struct scheduler *scheduler, const struct participant *participant)
{
    switch (participant->state) {
    case PARTICIPANT_READY:
        return TRUE;
    case PARTICIPANT_WAITS:
        return participant->deadline <= scheduler->now || has_changed(participant);
    case PARTICIPANT_SPINS:
        return participant->spun_at < scheduler->progress;
    default:
        return FALSE;
    }
}

struct candidates {
    struct participant *list[SCHEDULE_MOST_OPTIONS];
    struct schedule_options options;
};

static void offer(struct candidates *candidates, struct participant *participant, BOOLEAN is_free)
{
    struct schedule_options *options = &candidates->options;
    if (options->count == SCHEDULE_MOST_OPTIONS)
        return;
    candidates->list[options->count] = participant;
    options->ids[options->count++] = participant->id;
    if (is_free)
        options->free = options->count;
}

/* The first to come to its time of those that wait, NULL: none does. */
static struct participant *earliest(const struct scheduler *scheduler)
{
    struct participant *found = NULL;
    for (struct participant *each = scheduler->participants; each; each = each->next)
        if (each->state == PARTICIPANT_WAITS && each->deadline != LINUX_FOREVER &&
            each->deadline > scheduler->now && (!found || each->deadline < found->deadline) &&
            !has_changed(each))
            found = each;
    return found;
}

/* The running thread goes on unless a switch is decided, which is a preemption; when it cannot go
 * on, whoever is chosen costs nothing. To let a timer come early is always a preemption. */
static void collect(struct scheduler *scheduler, struct candidates *candidates)
{
    struct participant *self = scheduler->running;
    BOOLEAN goes_on = self->state == PARTICIPANT_READY;
    if (goes_on)
        offer(candidates, self, TRUE);
    for (struct participant *each = scheduler->participants; each; each = each->next)
        if (each != self && can_run(scheduler, each))
            offer(candidates, each, !goes_on);
    if (!goes_on && can_run(scheduler, self))
        offer(candidates, self, TRUE);
    for (struct participant *each = scheduler->participants; each; each = each->next)
        if (each->state == PARTICIPANT_SETTLES && candidates->options.count == 0)
            offer(candidates, each, TRUE);
    struct participant *timed = earliest(scheduler);
    BOOLEAN alone = candidates->options.count == 0;
    if (timed && (alone || timed->deadline - scheduler->now <= EARLY_TIMEOUT)) {
        offer(candidates, timed, alone);
        candidates->options.is_timed_last = !alone;
    }
}

static BOOLEAN yields(const struct participant *participant)
{
    return participant->state == PARTICIPANT_SPINS || participant->state == PARTICIPANT_SETTLES ||
           (participant->state == PARTICIPANT_WAITS && participant->deadline != LINUX_FOREVER);
}

struct participant *scheduler_choose(struct scheduler *scheduler)
{
    struct candidates candidates;
    candidates.options.count = candidates.options.free = 0;
    candidates.options.is_timed_last = false;
    candidates.options.yields =
        yields(scheduler->running) ? scheduler->running->id : SCHEDULE_NOBODY;
    collect(scheduler, &candidates);
    if (candidates.options.count == 0)
        return NULL;
    struct participant *chosen =
        candidates.list[schedule_choose(scheduler->schedule, &candidates.options)];
    if (chosen->state == PARTICIPANT_WAITS && chosen->deadline != LINUX_FOREVER &&
        !has_changed(chosen) && chosen->deadline > scheduler->now)
        scheduler->now = chosen->deadline;
    return chosen;
}
