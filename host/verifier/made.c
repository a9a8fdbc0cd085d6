#include "host/verifier/made.h"

#include "host/ke/text.h"
#include "host/rtl/rtl.h"
#include "host/verifier/watch.h"

enum { BUCKETS = 1024 };

struct verifier_made {
    struct linux_lock lock; /* a leaf */
    struct made *buckets[BUCKETS];
};

static struct made **bucket_of(struct verifier_made *all, enum made_kind kind, uint64_t key)
{
    return &all->buckets[((key >> 4) + (uint64_t)kind) * 0x9E3779B97F4A7C15ull >> 54];
}

/* The link that leads to it, or to NULL. The lock is held. */
static struct made **find(struct verifier_made *all, enum made_kind kind, uint64_t key)
{
    struct made **link = bucket_of(all, kind, key);
    while (*link && ((*link)->kind != kind || (*link)->key != key))
        link = &(*link)->next;
    return link;
}

void verifier_made(enum made_kind kind, uint64_t key, const void *caller, PCUNICODE_STRING name)
{
    struct verifier_made *all = verifier_state()->made;
    struct made *new = linux_allocate(sizeof(*new));
    if (!new)
        return;
    *new = (struct made){.kind = kind, .key = key, .caller = caller};
    if (name)
        text_format(new->name, sizeof(new->name), "%wZ", name);
    linux_lock(&all->lock);
    struct made **link = find(all, kind, key), *old = *link;
    if (old)
        *link = old->next;
    struct made **bucket = bucket_of(all, kind, key);
    new->next = *bucket;
    *bucket = new;
    linux_unlock(&all->lock);
    linux_free(old);
}

void verifier_unmade(enum made_kind kind, uint64_t key)
{
    struct verifier_made *all = verifier_state()->made;
    linux_lock(&all->lock);
    struct made **link = find(all, kind, key), *old = *link;
    if (old)
        *link = old->next;
    linux_unlock(&all->lock);
    linux_free(old);
}

const void *verifier_maker(enum made_kind kind, uint64_t key)
{
    struct verifier_made *all = verifier_state()->made;
    linux_lock(&all->lock);
    const struct made *made = *find(all, kind, key);
    const void *caller = made ? made->caller : NULL;
    linux_unlock(&all->lock);
    return caller;
}

BOOLEAN verifier_made_take(uint64_t start, uint64_t end, struct made *taken)
{
    struct verifier_made *all = verifier_state()->made;
    struct made *found = NULL;
    linux_lock(&all->lock);
    for (ULONG i = 0; i < BUCKETS && !found; i++) {
        struct made **link = &all->buckets[i];
        while (*link && !((uint64_t)(*link)->caller >= start && (uint64_t)(*link)->caller < end))
            link = &(*link)->next;
        found = *link;
        if (found)
            *link = found->next;
    }
    linux_unlock(&all->lock);
    if (found)
        *taken = *found;
    linux_free(found);
    return found != NULL;
}

uint64_t verifier_made_name_key(PCUNICODE_STRING name)
{
    uint64_t hash = 0xCBF29CE484222325ull;
    for (ULONG i = 0; i < name->Length / sizeof(WCHAR); i++)
        hash = (hash ^ rtl_upcase(name->Buffer[i])) * 0x100000001B3ull;
    return hash;
}

NTSTATUS verifier_made_initialize(struct verifier_state *state)
{
    state->made = linux_allocate(sizeof(*state->made));
    return state->made ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

void verifier_made_destroy(struct verifier_state *state)
{
    for (ULONG i = 0; state->made && i < BUCKETS; i++) {
        while (state->made->buckets[i]) {
            struct made *made = state->made->buckets[i];
            state->made->buckets[i] = made->next;
            linux_free(made);
        }
    }
    linux_free(state->made);
    state->made = NULL;
}
