/* All locks that drivers have taken, by address. */
#include <sysbuf/host.h>

#include "host/mm/mm.h"
#include "host/verifier/before.h"
#include "host/verifier/lock.h"
#include "host/verifier/made.h"

enum { FIRST_BUCKETS = 256 };

struct verifier_locks *verifier_locks(void)
{
    return verifier_state()->locks;
}

static SIZE_T bucket_of(const struct verifier_locks *locks, const void *lock)
{
    return ((uint64_t)lock >> 3) * 0x9E3779B97F4A7C15ull >> 20 & (locks->bucket_count - 1);
}

struct lock_node *lock_find(struct verifier_locks *locks, const void *lock)
{
    struct lock_node *node = locks->buckets[bucket_of(locks, lock)];
    while (node && node->lock != lock)
        node = node->next;
    return node;
}

/* Twice as many buckets; when memory is short the old ones do. */
static void grow(struct verifier_locks *locks)
{
    struct verifier_locks old = *locks;
    struct lock_node **buckets = linux_allocate(old.bucket_count * 2 * sizeof(struct lock_node *));
    if (!buckets)
        return;
    locks->buckets = buckets;
    locks->bucket_count *= 2;
    for (SIZE_T i = 0; i < old.bucket_count; i++) {
        while (old.buckets[i]) {
            struct lock_node *node = old.buckets[i];
            old.buckets[i] = node->next;
            struct lock_node **bucket = &locks->buckets[bucket_of(locks, node->lock)];
            node->next = *bucket;
            *bucket = node;
        }
    }
    linux_free(old.buckets);
}

struct lock_node *lock_make(struct verifier_locks *locks, const void *lock,
                            enum verifier_lock_kind kind)
{
    struct lock_node *node = lock_find(locks, lock);
    if (node)
        return node;
    node = linux_allocate(sizeof(*node));
    if (!node)
        return NULL;
    if (++locks->count > locks->bucket_count)
        grow(locks);
    struct lock_node **bucket = &locks->buckets[bucket_of(locks, lock)];
    *node = (struct lock_node){.next = *bucket, .lock = lock, .kind = kind};
    *bucket = node;
    return node;
}

static void free_edges(struct lock_node *node)
{
    while (node->edges) {
        struct lock_edge *edge = node->edges;
        node->edges = edge->next;
        if (--edge->to->incoming == 0 && !edge->to->lock)
            linux_free(edge->to);
        linux_free(edge);
    }
}

void lock_drop(struct verifier_locks *locks, struct lock_node *node)
{
    struct lock_node **link = &locks->buckets[bucket_of(locks, node->lock)];
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    locks->count--;
    free_edges(node);
    node->lock = NULL;
    if (node->incoming == 0)
        linux_free(node);
}

/* ---- memory that goes ---- */
struct freed_range {
    const UCHAR *start;
    SIZE_T size;
    BOOLEAN keeps_held; /* only the order of what is held is forgotten */
    /* The first lock in it that is held. */
    const void *held, *held_caller;
    enum verifier_lock_kind held_kind;
    PETHREAD holder;
};

static void forget(struct verifier_locks *locks, struct lock_node *node, struct freed_range *range)
{
    if (node->holder && range->keeps_held) {
        free_edges(node);
        return;
    }
    if (node->holder && !range->held) {
        range->held = node->lock;
        range->held_caller = node->holder_caller;
        range->held_kind = node->kind;
        range->holder = node->holder;
    }
    lock_drop(locks, node);
}

static void forget_all_in(struct verifier_locks *locks, struct freed_range *range)
{
    for (SIZE_T i = 0; i < locks->bucket_count; i++) {
        struct lock_node *node = locks->buckets[i];
        while (node) {
            struct lock_node *next = node->next;
            if ((SIZE_T)((const UCHAR *)node->lock - range->start) < range->size)
                forget(locks, node, range);
            node = next;
        }
    }
}

/* Locks are aligned to their words. */
static void forget_each_in(struct verifier_locks *locks, struct freed_range *range)
{
    for (SIZE_T offset = 0; offset < range->size; offset += sizeof(ULONG)) {
        struct lock_node *node = lock_find(locks, range->start + offset);
        if (node)
            forget(locks, node, range);
    }
}

/* Another thread may have released it without this being seen. */
static BOOLEAN is_really_held(const struct freed_range *range)
{
    switch (range->held_kind) {
    case LOCK_RESOURCE:
        return ((const ERESOURCE *)range->held)->ActiveCount > 0;
    case LOCK_MUTEX:
        return ((const KMUTANT *)range->held)->OwnerThread != NULL;
    default:
        return *(const volatile ULONG_PTR *)range->held != 0 || range->held_kind != LOCK_PUSH;
    }
}

static void forget_range(struct freed_range *range)
{
    struct verifier_locks *locks = verifier_locks();
    if (!verifier_checks(SB_VERIFY_LOCKS) || __atomic_load_n(&locks->count, __ATOMIC_RELAXED) == 0)
        return;
    linux_lock(&locks->lock);
    if (range->size / sizeof(ULONG) < locks->bucket_count)
        forget_each_in(locks, range);
    else
        forget_all_in(locks, range);
    linux_unlock(&locks->lock);
}

void verifier_locks_forget(const void *start, SIZE_T size)
{
    struct freed_range range = {.start = start, .size = size, .keeps_held = TRUE};
    forget_range(&range);
}

/* Blocks of lookaside lists are used again without the pool's knowing. */
BOOLEAN lock_entry_pushed(struct verifier_call *call)
{
    const GENERAL_LOOKASIDE *list = (const GENERAL_LOOKASIDE *)call->arguments[0];
    if (verifier_maker(MADE_LOOKASIDE, call->arguments[0]))
        verifier_locks_forget((const void *)call->arguments[1], list->Size);
    return TRUE;
}

void verifier_locks_memory_freed(const void *start, SIZE_T size, const void *caller)
{
    struct freed_range range = {.start = start, .size = size};
    forget_range(&range);
    if (!range.held || !is_really_held(&range))
        return;
    ULONG_PTR parameters[3] = {(ULONG_PTR)range.held, (ULONG_PTR)range.holder};
    verifier_report(RULE_LOCK_FREED_HELD, caller, parameters,
                    "memory at %p (%Iu bytes) was freed while the %s at its offset %Iu was held",
                    start, size, verifier_lock_name(range.held_kind),
                    (SIZE_T)((const UCHAR *)range.held - (const UCHAR *)start));
}

BOOLEAN lock_memory_freed(struct verifier_call *call)
{
    const void *block = (const void *)call->arguments[0];
    SIZE_T size;
    ULONG tag;
    if (verifier_checks(SB_VERIFY_LOCKS) && block &&
        mm_pool_query(current_machine(), block, &size, &tag))
        verifier_locks_memory_freed(block, size, call->caller);
    return TRUE;
}

NTSTATUS verifier_locks_initialize(struct verifier_state *state)
{
    struct verifier_locks *locks = linux_allocate(sizeof(*locks));
    if (!locks)
        return STATUS_INSUFFICIENT_RESOURCES;
    locks->bucket_count = FIRST_BUCKETS;
    locks->buckets = linux_allocate(FIRST_BUCKETS * sizeof(struct lock_node *));
    if (!locks->buckets) {
        linux_free(locks);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    state->locks = locks;
    return STATUS_SUCCESS;
}

void verifier_locks_destroy(struct verifier_state *state)
{
    struct verifier_locks *locks = state->locks;
    if (!locks)
        return;
    for (SIZE_T i = 0; i < locks->bucket_count; i++)
        while (locks->buckets[i])
            lock_drop(locks, locks->buckets[i]);
    linux_free(locks->buckets);
    linux_free(locks);
    state->locks = NULL;
}
