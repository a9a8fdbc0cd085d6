/*
 * A schedule: the decisions that make one run of a machine under the scheduler
 * (host/ke/scheduler.h) what it is. Wherever more than one thread could run, one decision is taken:
 * from the prefix that is to be replayed, else by chance, else option 0, which lets the running
 * thread go on. All that were taken are kept; those that differ from 0 are the seed that replays
 * the run.
 */
#ifndef SYSBUF_HOST_VERIFIER_SCHEDULE_H
#define SYSBUF_HOST_VERIFIER_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCHEDULE_MOST_OPTIONS = 32, SCHEDULE_MOST_DECISIONS = 1 << 20, SCHEDULE_MOST_IDS = 64 };

#define SCHEDULE_NOBODY UINT32_MAX

/* Who could run; ids are the threads'. The first `free` cost nothing, the others a preemption.
 * yields: the thread that decides waits for time to pass or for others (else no thread's id). */
struct schedule_options {
    uint32_t yields;
    bool is_timed_last; /* the last option is a timer that would come early */
    uint32_t count, free;
    uint32_t ids[SCHEDULE_MOST_OPTIONS];
};

struct schedule_decision {
    uint8_t count, free; /* options there were */
    uint8_t chosen;
    uint32_t digest; /* of all options offered up to here, these included */
};

/* Chance: priorities of threads, and the decisions at which the running one's becomes the lowest
 * (probabilistic concurrency testing). */
struct schedule_chance {
    bool is_on;
    uint64_t state;
    uint32_t changes; /* still to come */
    uint32_t length;  /* decisions a run is thought to have */
    uint32_t lowest;
    uint32_t priorities[SCHEDULE_MOST_IDS]; /* 0: none yet */
};

struct sb_schedule {
    uint8_t *prefix;
    uint32_t prefix_length;
    uint32_t expected_digest, digest_at; /* digest_at 0: none; else after so many decisions */
    uint32_t most_steps;                 /* 0: the default */
    bool diverged;                       /* the run was not the one that was to be replayed */
    bool is_exhausted;                   /* memory: decisions are missing */
    struct schedule_chance chance;
    struct schedule_decision *decisions;
    uint32_t count, capacity;
    uint32_t digest;
};

/* The index of the option that is taken. */
uint32_t schedule_choose(struct sb_schedule *schedule, const struct schedule_options *options);
/* So many steps without a further system call are too many. */
uint32_t schedule_most_steps(const struct sb_schedule *schedule);
/* Forgets the run; the schedule replays prefix (copied) and nothing else. False: no memory. */
bool schedule_reset(struct sb_schedule *schedule, const uint8_t *prefix, uint32_t length);
/* Preemptions among the first `count` decisions. */
uint32_t schedule_preemptions(const struct sb_schedule *schedule, uint32_t count);

/* chance.c */
void schedule_chance_start(struct schedule_chance *chance, uint64_t seed, uint32_t changes,
                           uint32_t length);
uint32_t schedule_chance_choose(struct schedule_chance *chance,
                                const struct schedule_options *options);

#endif
