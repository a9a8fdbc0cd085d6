/* What each thread holds. */
#include <sysbuf/host.h>

#include "host/verifier/irql.h"
#include "host/verifier/lock.h"
#include "host/verifier/stop.h"

const char *verifier_lock_name(enum verifier_lock_kind kind)
{
    static const char *const names[] = {
        "spin lock", "queued spin lock", "fast mutex", "guarded mutex",
        "mutex",     "resource",         "push lock"};
    return names[kind];
}

static BOOLEAN is_recursive(enum verifier_lock_kind kind)
{
    return kind == LOCK_MUTEX || kind == LOCK_RESOURCE;
}

struct verifier_held *verifier_lock_held(const void *lock)
{
    struct verifier_thread *thread = verifier_thread();
    for (ULONG i = thread ? thread->held_count : 0; i-- > 0;)
        if (thread->held[i].lock == lock)
            return &thread->held[i];
    return NULL;
}

PETHREAD verifier_lock_holder(const void *lock)
{
    struct verifier_locks *locks = verifier_locks();
    linux_lock(&locks->lock);
    const struct lock_node *node = lock_find(locks, lock);
    PETHREAD holder = node ? node->holder : NULL;
    linux_unlock(&locks->lock);
    return holder;
}

BOOLEAN verifier_holds_spin_lock(const struct verifier_held **held)
{
    struct verifier_thread *thread = verifier_thread();
    for (ULONG i = thread ? thread->held_count : 0; i-- > 0;) {
        *held = &thread->held[i];
        if ((*held)->kind == LOCK_SPIN || (*held)->kind == LOCK_QUEUED)
            return TRUE;
    }
    return FALSE;
}

void verifier_lock_wanted(const struct lock_use *use)
{
    struct verifier_thread *thread = verifier_thread();
    struct verifier_held *held = verifier_lock_held(use->lock);
    ULONG_PTR parameters[3] = {(ULONG_PTR)use->lock};

    if (!thread)
        return;
    if (held && !is_recursive(use->kind) && !(held->shared && use->shared))
        verifier_stop(RULE_LOCK_SELF_DEADLOCK, use->caller, parameters,
                      "the %s at %p is taken although this thread holds it already",
                      verifier_lock_name(use->kind), use->lock);
    if (!held && !use->shared)
        verifier_order_check(thread, use);
}

static void note_holder(const struct lock_use *use, PETHREAD holder)
{
    struct verifier_locks *locks = verifier_locks();
    linux_lock(&locks->lock);
    struct lock_node *node =
        holder ? lock_make(locks, use->lock, use->kind) : lock_find(locks, use->lock);
    if (node) {
        node->holder = holder;
        node->holder_caller = use->caller;
        node->kind = use->kind;
    }
    linux_unlock(&locks->lock);
}

void verifier_lock_taken(const struct lock_use *use)
{
    struct verifier_thread *thread = verifier_thread();
    struct verifier_held *held = verifier_lock_held(use->lock);

    if (!thread)
        return;
    if (held) {
        held->count++;
        return;
    }
    if (thread->held_count == VERIFIER_MOST_HELD) {
        thread->overflowed = TRUE;
        return;
    }
    thread->held[thread->held_count++] = (struct verifier_held){
        .lock = use->lock,
        .caller = use->caller,
        .handle = use->handle,
        .kind = use->kind,
        .count = 1,
        .shared = use->shared,
    };
    if (!use->shared)
        note_holder(use, current_thread());
}

static void remove_entry(struct verifier_thread *thread, struct verifier_held *held)
{
    struct verifier_held *end = &thread->held[--thread->held_count];
    for (; held < end; held++)
        held[0] = held[1];
    if (thread->held_count == 0)
        thread->overflowed = FALSE;
}

static void report_not_held(const struct lock_use *use)
{
    PETHREAD holder = verifier_lock_holder(use->lock);
    ULONG_PTR parameters[3] = {(ULONG_PTR)use->lock, (ULONG_PTR)holder,
                               (ULONG_PTR)current_thread()};
    if (holder && holder != current_thread())
        verifier_report(RULE_LOCK_WRONG_THREAD, use->caller, parameters,
                        "the %s at %p is released by thread %u; thread %u holds it",
                        verifier_lock_name(use->kind), use->lock,
                        HandleToULong(current_thread()->thread_id),
                        HandleToULong(holder->thread_id));
    else
        verifier_report(RULE_LOCK_NOT_HELD, use->caller, parameters,
                        "the %s at %p is released although nobody holds it",
                        verifier_lock_name(use->kind), use->lock);
}

BOOLEAN verifier_lock_released(const struct lock_use *use)
{
    struct verifier_thread *thread = verifier_thread();
    struct verifier_held *held = verifier_lock_held(use->lock);

    if (!thread || (!held && thread->overflowed))
        return TRUE;
    if (!held) {
        report_not_held(use);
        return FALSE;
    }
    if (held->kind != use->kind) {
        ULONG_PTR parameters[3] = {(ULONG_PTR)use->lock};
        verifier_stop(RULE_LOCK_KIND, use->caller, parameters,
                      "the lock at %p was taken as a %s and is released as a %s", use->lock,
                      verifier_lock_name(held->kind), verifier_lock_name(use->kind));
    }
    if (--held->count > 0)
        return TRUE;
    BOOLEAN shared = held->shared;
    remove_entry(thread, held);
    if (!shared)
        note_holder(use, NULL);
    return TRUE;
}
