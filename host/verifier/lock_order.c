/*
 * The order in which locks are taken, over the whole run: two threads that take the same locks in
 * opposite order can deadlock, whether they did this time or not. A lock that is held around both
 * orders rules that out; locks taken without waiting add no order.
 */
#include "host/ke/ke.h"
#include "host/seh/crash.h"
#include "host/verifier/lock.h"

enum { MOST_DEPTH = 6, MOST_STEPS = 20000, PLACE_SIZE = 160 };

struct order_search {
    const struct lock_node *goal;
    const struct lock_edge *path[MOST_DEPTH + 1]; /* the new edge first */
    ULONG depth, steps;
};

static BOOLEAN is_on_own_stack(const void *lock)
{
    PETHREAD thread = current_thread();
    return (uint64_t)lock >= thread->stack_low && (uint64_t)lock < thread->stack_high;
}

static BOOLEAN share_a_guard(const struct lock_edge *a, const struct lock_edge *b)
{
    for (ULONG i = 0; i < a->guard_count; i++)
        for (ULONG j = 0; j < b->guard_count; j++)
            if (a->guards[i] == b->guards[j])
                return TRUE;
    return FALSE;
}

static BOOLEAN fits(const struct order_search *search, const struct lock_edge *edge)
{
    for (ULONG i = 0; i < search->depth; i++)
        if (share_a_guard(search->path[i], edge))
            return FALSE;
    return edge->to->lock != NULL;
}

/* Follows edges from the end of the path; TRUE when they lead to the goal. */
static BOOLEAN search_from(struct order_search *search, const struct lock_node *node)
{
    if (node == search->goal)
        return TRUE;
    if (search->depth > MOST_DEPTH)
        return FALSE;
    for (const struct lock_edge *edge = node->edges; edge; edge = edge->next) {
        if (++search->steps > MOST_STEPS)
            return FALSE;
        if (!fits(search, edge))
            continue;
        search->path[search->depth++] = edge;
        if (search_from(search, edge->to))
            return TRUE;
        search->depth--;
    }
    return FALSE;
}

/* An edge that says the same, or more: with no guard that this one has not. */
static BOOLEAN is_known(const struct lock_node *from, const struct lock_edge *new)
{
    for (const struct lock_edge *edge = from->edges; edge; edge = edge->next) {
        ULONG common = 0;
        for (ULONG i = 0; i < edge->guard_count; i++)
            for (ULONG j = 0; j < new->guard_count; j++)
                common += edge->guards[i] == new->guards[j];
        if (edge->to == new->to && common == edge->guard_count)
            return TRUE;
    }
    return FALSE;
}

/* What the report says of the first edge that leads back. */
struct order_conflict {
    BOOLEAN found;
    ULONG length; /* edges that lead back */
    struct lock_edge other;
};

/* Enters the edge unless it is known; tells whether it closes a circle. */
static void add_edge(struct verifier_locks *locks, const void *from, enum verifier_lock_kind kind,
                     struct lock_edge *edge, const struct lock_use *use,
                     struct order_conflict *conflict)
{
    linux_lock(&locks->lock);
    struct lock_node *source = lock_make(locks, from, kind);
    edge->to = lock_make(locks, use->lock, use->kind);
    struct lock_edge *kept = NULL;
    if (source && edge->to && !is_known(source, edge))
        kept = linux_allocate(sizeof(*kept));
    if (kept) {
        struct order_search search = {.goal = source, .path = {edge}, .depth = 1};
        if (search_from(&search, edge->to)) {
            conflict->found = TRUE;
            conflict->length = search.depth - 1;
            conflict->other = *search.path[1];
        }
        *kept = *edge;
        kept->next = source->edges;
        source->edges = kept;
        edge->to->incoming++;
    }
    linux_unlock(&locks->lock);
}

static void describe(const void *address, char *place, SIZE_T size)
{
    crash_describe_address(current_machine(), (uint64_t)address, TRUE, place, size);
}

static void report(const struct lock_use *use, const struct verifier_held *held,
                   const struct order_conflict *conflict)
{
    char held_place[PLACE_SIZE], first[PLACE_SIZE], second[PLACE_SIZE];
    ULONG_PTR parameters[3] = {(ULONG_PTR)use->lock};

    describe(held->caller, held_place, sizeof(held_place));
    describe(conflict->other.from_caller, first, sizeof(first));
    describe(conflict->other.to_caller, second, sizeof(second));
    verifier_report(
        RULE_LOCK_ORDER, use->caller, parameters,
        "the %s at %p is taken while the %s at %p, taken at %s, is held; the other order "
        "is at %s%s: there %s was held, taken at %s",
        verifier_lock_name(use->kind), use->lock, verifier_lock_name(held->kind), held->lock,
        held_place, second, conflict->length > 1 ? " (by way of further locks)" : "",
        conflict->length > 1 ? "the first" : "this one", first);
}

/* FALSE: more locks than an edge can name. */
static BOOLEAN collect_guards(const struct verifier_thread *thread, ULONG from,
                              struct lock_edge *edge)
{
    for (ULONG i = 0; i < thread->held_count; i++) {
        if (i == from || thread->held[i].shared)
            continue;
        if (edge->guard_count == LOCK_MOST_GUARDS)
            return FALSE;
        edge->guards[edge->guard_count++] = thread->held[i].lock;
    }
    return TRUE;
}

/* The locks that the routine below, a DPC, interrupted are no part of its order. */
static ULONG first_of_routine(const struct verifier_thread *thread)
{
    for (const struct verifier_callback *call = thread->call; call; call = call->outer)
        if (call->kind == VERIFIER_CALLBACK_DPC)
            return call->held_count;
    return 0;
}

void verifier_order_check(struct verifier_thread *thread, const struct lock_use *use)
{
    struct verifier_locks *locks = verifier_locks();
    if (thread->held_count == 0 || thread->overflowed || is_on_own_stack(use->lock))
        return;
    for (ULONG i = first_of_routine(thread); i < thread->held_count; i++) {
        const struct verifier_held *held = &thread->held[i];
        struct lock_edge edge = {.from_caller = held->caller, .to_caller = use->caller};
        struct order_conflict conflict = {0};
        if (held->shared || held->lock == use->lock || is_on_own_stack(held->lock) ||
            !collect_guards(thread, i, &edge))
            continue;
        add_edge(locks, held->lock, held->kind, &edge, use, &conflict);
        if (conflict.found) {
            report(use, held, &conflict);
            return;
        }
    }
}
