/*
 * Locks of drivers: who holds them, and in which order they are taken. lock.c keeps what each
 * thread holds, lock_table.c all locks ever seen, lock_order.c the order; lock_spin.c,
 * lock_mutex.c and lock_resource.c stand in front of the exports.
 */
#ifndef SYSBUF_HOST_VERIFIER_LOCK_H
#define SYSBUF_HOST_VERIFIER_LOCK_H

#include "host/verifier/thread.h"

enum { LOCK_MOST_GUARDS = 8 };

/* Lock to was taken while from was held; guards were held besides. */
struct lock_edge {
    struct lock_edge *next;
    struct lock_node *to;
    const void *from_caller, *to_caller;
    ULONG guard_count;
    const void *guards[LOCK_MOST_GUARDS];
};

struct lock_node {
    struct lock_node *next; /* in its bucket */
    const void *lock;       /* NULL: its memory was freed, only edges still lead here */
    enum verifier_lock_kind kind;
    PETHREAD holder; /* not of shared holders */
    const void *holder_caller;
    ULONG incoming; /* edges that lead here */
    struct lock_edge *edges;
};

struct verifier_locks {
    struct linux_lock lock; /* a leaf */
    struct lock_node **buckets;
    SIZE_T bucket_count, count;
};

struct verifier_locks *verifier_locks(void);
const char *verifier_lock_name(enum verifier_lock_kind kind);

/* ---- lock_table.c; verifier_locks.lock is held ---- */
struct lock_node *lock_find(struct verifier_locks *locks, const void *lock);
struct lock_node *lock_make(struct verifier_locks *locks, const void *lock,
                            enum verifier_lock_kind kind);
void lock_drop(struct verifier_locks *locks, struct lock_node *node);

/* ---- what an acquisition is ---- */
struct lock_use {
    enum verifier_lock_kind kind;
    const void *lock;
    const void *caller;
    void *handle;
    BOOLEAN shared;
};

/* Before a routine that may wait for the lock: stops the machine when the thread holds it already
 * (kinds that are not recursive); reports a wrong order. */
void verifier_lock_wanted(const struct lock_use *use);
/* The thread has it now. */
void verifier_lock_taken(const struct lock_use *use);
/* The thread lets go of it. FALSE, after a report: it does not hold it, and the release must not
 * be done. */
BOOLEAN verifier_lock_released(const struct lock_use *use);
/* The thread's entry of the lock, or NULL. */
struct verifier_held *verifier_lock_held(const void *lock);
/* Who holds the lock (not shared), or NULL; the answer may be old. */
PETHREAD verifier_lock_holder(const void *lock);
/* Whether the thread holds a spin lock; *held is one. */
BOOLEAN verifier_holds_spin_lock(const struct verifier_held **held);

/* lock_order.c: the thread is about to wait for the lock. */
void verifier_order_check(struct verifier_thread *thread, const struct lock_use *use);

struct verifier_call;
/* Before ExFreePool and kin. */
BOOLEAN lock_memory_freed(struct verifier_call *call);

/* Before an entry goes to a list. */
BOOLEAN lock_entry_pushed(struct verifier_call *call);
/* What lies there is another lock from now on. */
void verifier_locks_forget(const void *start, SIZE_T size);
/* Memory goes: a lock in it that is held is a mistake, and its order is forgotten. */
void verifier_locks_memory_freed(const void *start, SIZE_T size, const void *caller);

NTSTATUS verifier_locks_initialize(struct verifier_state *state);
void verifier_locks_destroy(struct verifier_state *state);

#endif
