/*
 * Ex inside the host: pool calls, lists, locks, work queues, callbacks. Locks live in the driver's
 * own structures and are taken without a host lock, so that a bad pointer harms only its owner.
 */
#ifndef SYSBUF_HOST_EX_H
#define SYSBUF_HOST_EX_H

#include "host/ke/schedule.h"

NTSTATUS ex_initialize(struct machine *machine);
void ex_destroy(struct machine *machine);

/* Runs routine(context) at PASSIVE_LEVEL on a worker thread of the System process, soon; item is
 * only named in bug checks. Any IRQL up to DISPATCH_LEVEL. Items of one machine start in order. */
void ex_queue_work(struct machine *machine, PWORKER_THREAD_ROUTINE routine, void *context,
                   void *item);

/* Work that has not returned yet. */
struct ex_work_seen {
    const void *routine, *item;
    struct _ETHREAD *runner; /* NULL: it waits for a worker */
};
/* The index-th, those that run first. FALSE: there are fewer. */
BOOLEAN ex_see_work(struct machine *machine, ULONG index, struct ex_work_seen *seen);

/* A spin lock word of a driver's structure, at any IRQL and without changing it. */
void ex_spin_acquire(PKSPIN_LOCK lock);
void ex_spin_release(PKSPIN_LOCK lock);

/* ---- between the folder's files ---- */
/* slist.c: InterlockedPopEntrySList and InitializeSListHead. */
PSLIST_ENTRY FASTCALL nt_pop_entry(PSLIST_HEADER head);
VOID NTAPI nt_InitializeSListHead(PSLIST_HEADER head);

struct ex_work;
struct ex_state {
    struct linux_lock work_lock; /* the queue, what runs and the counts */
    struct ex_work *first_work, **last_work;
    struct ex_work *running; /* on the workers' stacks */
    ULONG workers, idle_workers, starting_workers;
    KSEMAPHORE *work_available; /* pool */
};

NTSTATUS ex_work_initialize(struct machine *machine, struct ex_state *ex);
NTSTATUS ex_callback_initialize(struct machine *machine);
void ex_data_initialize(struct machine *machine);

#endif
