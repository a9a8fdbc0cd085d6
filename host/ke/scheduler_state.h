/* What the scheduler's files share. */
#ifndef SYSBUF_HOST_SCHEDULER_STATE_H
#define SYSBUF_HOST_SCHEDULER_STATE_H

#include "host/ke/ke.h"
#include "host/ke/scheduler.h"

enum participant_state {
    PARTICIPANT_READY,   /* runs or could */
    PARTICIPANT_WAITS,   /* for its word or deadline */
    PARTICIPANT_SPINS,   /* until somebody else has done something */
    PARTICIPANT_SETTLES, /* until nobody else can run */
    PARTICIPANT_ENDED,
};

struct participant {
    struct participant *next;
    uint32_t id; /* in order of creation: the same in every run */
    enum participant_state state;
    uint32_t turn; /* futex: 1 when it is this one's */
    /* WAITS: */
    const volatile uint32_t *word; /* NULL: none */
    uint32_t expected;
    BOOLEAN word_is_lock; /* the word is a lock of the driver's, perhaps in bad memory */
    int64_t deadline;     /* virtual ns, or LINUX_FOREVER */
    uint64_t spun_at;     /* SPINS: scheduler.progress at that time */
    uint32_t linux_id;    /* atomic; 0 until it has run */
    PETHREAD thread;      /* as which it waits; NULL outside the machine */
    uint32_t describe;    /* futex: 1 asked to add its stack to the report, 0 done */
};

struct scheduler {
    struct sb_schedule *schedule;
    struct participant *participants, **last;
    uint32_t participant_count;
    struct participant *running; /* atomic: others watch it */
    uint32_t released;           /* atomic */
    ULONG stop_code;             /* what whoever gets the turn is to stop the machine for; or 0 */
    int64_t now;
    uint64_t steps;       /* atomic: others watch it */
    uint64_t entered_at;  /* steps when the application called last */
    uint32_t yield_asked; /* atomic: of the running thread */
    uint32_t yields;
    uint64_t progress;                   /* steps that were no spinning */
    uint32_t run_length, time_questions; /* of the running thread in a row */
};

static inline BOOLEAN scheduler_is_released(const struct scheduler *scheduler)
{
    return __atomic_load_n(&scheduler->released, __ATOMIC_ACQUIRE) != 0;
}

/* Who runs next, of all that could; NULL: nobody can. Leaps in time when it must. */
struct participant *scheduler_choose(struct scheduler *scheduler);
/* Stops the machine because nothing goes on. By a thread inside it. */
_Noreturn void scheduler_stop(struct machine *machine, ULONG code);
/* The calling thread's own stack, as far as drivers are on it, into the report of the stop. */
void scheduler_describe_self(struct machine *machine, const struct participant *self);

#endif
