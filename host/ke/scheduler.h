/*
 * The deterministic scheduler: under it one thread of the machine runs at a time and hands its turn
 * on at the points of host/ke/schedule.h only, by the decisions of a struct sb_schedule. Time is
 * virtual: it passes by little steps, and leaps when nobody can go on without it.
 *
 * A participant is a Linux thread that takes turns: the one that made the machine, those of
 * sb_machine_run_actions, and the machine's system threads. Application threads keep their turn
 * while they are outside the machine, so that the program between two calls is part of the order.
 * Nobody else may call in.
 *
 * Once the machine stops or is destroyed everybody is released and runs freely, to leave it.
 * Lock: scheduler.lock, a leaf. Everything else belongs to whoever has the turn.
 */
#ifndef SYSBUF_HOST_SCHEDULER_H
#define SYSBUF_HOST_SCHEDULER_H

#include "host/machine.h"

struct sb_schedule;
struct participant;

/* Codes of a stop by the scheduler (customer bit set: not NT's). */
enum {
    SCHEDULER_DEADLOCK = (int)0xE0530002, /* nobody can go on, and no timer is set */
    SCHEDULER_ENDLESS = (int)0xE0530003,  /* the step bound, or code without any point */
};

/* The calling thread becomes the first participant and has the turn. */
NTSTATUS scheduler_create(struct machine *machine, struct sb_schedule *schedule);
/* No participant runs any more. */
void scheduler_destroy(struct machine *machine);
/* Lets everybody go; schedule.h's functions no longer wait. Idempotent; nothing without a
 * scheduler. */
void scheduler_release(struct machine *machine);

/* A thread that is about to be started takes part from now on; NULL without memory. By whoever has
 * the turn. */
struct participant *scheduler_add(struct machine *machine);
/* On the new thread: waits for its first turn. */
void scheduler_begin(struct machine *machine, struct participant *self);
/* The running thread gives its turn away for good. A thread that was added but could not be
 * started is taken out by scheduler_forget. */
void scheduler_end(struct machine *machine);
void scheduler_forget(struct machine *machine, struct participant *participant);

/* A system call begins. FALSE: the calling thread takes no part. */
BOOLEAN scheduler_enter(struct machine *machine);
/* It has ended. */
void scheduler_leave(struct machine *machine);

/* Someone else may run now. */
void scheduler_point(struct machine *machine);
/* The thread spins: someone else must run before it can go on. */
void scheduler_spin(struct machine *machine);
/* The same until the word has another value. It may be a driver's: a fault in it ends the wait. */
void scheduler_spin_on(struct machine *machine, const volatile void *word, uint32_t observed);
/* Waits until *word is no longer expected, the time has come, or the release. */
void scheduler_wait(struct machine *machine, const uint32_t *word, uint32_t expected,
                    int64_t deadline);
/* The thread, if it waits, does so until this time. */
void scheduler_move_deadline(struct machine *machine, PETHREAD thread, int64_t deadline);
/* The thread does nothing for so long (ns). */
void scheduler_pause(struct machine *machine, int64_t duration);
/* The running thread was interrupted because it reaches no point: signal safe. */
BOOLEAN scheduler_is_yield_asked(struct machine *machine);
/* What it does then; endless loops are stopped in the end. */
void scheduler_yield(struct machine *machine);
/* Lets everybody else run until nobody can; no time passes. */
void scheduler_settle(struct machine *machine);
/* The driver asks for the time: a loop that does so must let others run. */
void scheduler_time_asked(struct machine *machine);

/* Virtual ns since the machine was made. */
int64_t scheduler_now(struct machine *machine);

/* Part of the report of a stop: what the other threads do. On the thread that stops the machine. */
void scheduler_describe(struct machine *machine);

#endif
