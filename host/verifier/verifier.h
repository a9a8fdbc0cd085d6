/*
 * The seam to the verifier: what the components report while it is on. machine->verifier is NULL
 * when it is off, so each hot path pays one predicted branch:
 *
 *     if (SB_UNLIKELY(machine->verifier)) machine->verifier->pool_allocated(...);
 *
 * Each hook runs on the thread that did the thing, without host locks held.
 */
#ifndef SYSBUF_HOST_VERIFIER_H
#define SYSBUF_HOST_VERIFIER_H

#include "host/nt.h"

/* ---- IRQL, locks, requests, unloading ---- */
enum verifier_call_kind {
    VERIFIER_CALL_DISPATCH,
    VERIFIER_CALL_COMPLETION,
    VERIFIER_CALL_CANCEL,
    VERIFIER_CALL_DPC,
    VERIFIER_CALL_WORK,
    VERIFIER_CALL_THREAD,
    VERIFIER_CALL_ENTRY,
    VERIFIER_CALL_UNLOAD,
    VERIFIER_CALL_ADD_DEVICE,
};

/* A routine of a driver that the host calls, on the caller's stack: what must be the same when it
 * returns. kind, routine and object (device, DPC ... or NULL) are the caller's; the rest is filled
 * by call_begin. */
struct verifier_call {
    enum verifier_call_kind kind;
    const void *routine;
    const void *object;
    struct verifier_call *outer;
    KIRQL irql;
    LONG apc_disable;
    ULONG held_count;
    const void *raised_by, *disabled_by; /* the thread's before */
    int64_t watched_until;               /* the thread's before */
};

struct loaded_image;

struct verifier_hooks {
    /* May answer with a block of its own (special pool) or NULL to let the pool serve it;
     * *fail makes the allocation fail (low resources). */
    void *(*pool_allocate)(ULONG pool_type, SIZE_T size, ULONG tag, void *caller, BOOLEAN *fail);
    /* TRUE when the block was the verifier's and is dealt with. */
    BOOLEAN (*pool_free)(void *block, ULONG tag, void *caller);
    /* IRQL, locks, requests, unloading */
    /* What the import of an export is bound to: the export or what stands in front of it. */
    const void *(*bind)(const char *name, const void *address);
    /* Around every call of a driver's routine; end repairs what the routine left wrong. */
    void (*call_begin)(struct verifier_call *call);
    void (*call_end)(struct verifier_call *call);
    /* The cancel spin lock, taken by the host, is the cancel routine's to release (TRUE), and was
     * when it returned (FALSE). */
    void (*cancel_lock)(BOOLEAN before, KIRQL irql, const void *routine);
    void (*thread_free)(PETHREAD thread);
    void (*object_reference)(void *object, LONG change, void *caller);
    void (*mdl_change)(PMDL mdl, ULONG what, void *caller);
    void (*user_memory)(const void *address, SIZE_T length, BOOLEAN write, void *caller);
};

#endif
