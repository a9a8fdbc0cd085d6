/*
 * What the rules of IRQL, locks and requests keep for a thread: the routines of drivers it is in
 * and the locks it holds. Only the thread itself touches it.
 */
#ifndef SYSBUF_HOST_VERIFIER_THREAD_H
#define SYSBUF_HOST_VERIFIER_THREAD_H

#include "host/ke/thread.h"
#include "host/verifier/state.h"

enum { VERIFIER_MOST_HELD = 32 };

enum verifier_lock_kind {
    LOCK_SPIN,
    LOCK_QUEUED, /* in-stack queued spin lock */
    LOCK_FAST_MUTEX,
    LOCK_GUARDED_MUTEX,
    LOCK_MUTEX,
    LOCK_RESOURCE,
    LOCK_PUSH,
};

struct verifier_held {
    const void *lock;
    const void *caller; /* who took it */
    void *handle;       /* queued spin locks: the lock queue handle */
    enum verifier_lock_kind kind;
    ULONG count;    /* recursive kinds */
    BOOLEAN shared; /* beside other holders */
};

struct verifier_thread {
    struct verifier_callback *call; /* innermost routine of a driver */
    ULONG held_count;
    BOOLEAN overflowed; /* more locks than fit: nothing is said of them any more */
    struct verifier_held held[VERIFIER_MOST_HELD];
    const void *raised_by, *disabled_by; /* who last raised the IRQL, held back APCs; or NULL */
    /* Atomic: the watchman reads it. stuck.c: monotonic ns; 0: not watched. */
    int64_t watched_until;
};

/* The current thread's; NULL when memory is short. */
struct verifier_thread *verifier_thread(void);
/* A hook: the thread object goes. */
void verifier_thread_free(PETHREAD thread);

#endif
