#include "host/verifier/special_slab.h"

#include "host/mm/mm.h"

struct verifier_pool *special_state(struct machine *machine)
{
    struct verifier_state *state = machine->verifier_state;
    struct verifier_pool *pool = __atomic_load_n(&state->pool, __ATOMIC_ACQUIRE);
    if (pool)
        return pool;
    struct verifier_pool *made = linux_allocate(sizeof(*made));
    if (!made)
        return NULL;
    for (ULONG i = 0; i <= SPECIAL_CLASSES; i++)
        made->free[i].last = &made->free[i].first;
    made->large.last = &made->large.first;
    if (__atomic_compare_exchange_n(&state->pool, &pool, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return made;
    linux_free(made);
    return pool;
}

/* Pages from the slab's base: one without access, then slots, each with one behind. */
static uint8_t *slot_of(const struct special_block *block)
{
    const struct special_slab *slab = block->slab;
    SIZE_T index = (SIZE_T)(block - slab->blocks);
    SIZE_T page = special_is_paired(block) ? 1 + index / 2 * 3 + index % 2
                                           : 1 + index * (slab->slot_pages + 1);
    return slab->base + page * LINUX_PAGE_SIZE;
}

static SIZE_T index_of(const struct special_slab *slab, SIZE_T page)
{
    SIZE_T before = page ? page - 1 : 0;
    SIZE_T index = slab->slot_pages == SPECIAL_PAIRS ? before / 3 * 2 + (before % 3 != 0)
                                                     : before / (slab->slot_pages + 1);
    return index < slab->block_count ? index : slab->block_count - 1;
}

static ULONG blocks_in(SIZE_T size, SIZE_T slot_pages)
{
    SIZE_T pages = size / LINUX_PAGE_SIZE - 1;
    return (ULONG)(slot_pages == SPECIAL_PAIRS ? pages / 3 * 2 : pages / (slot_pages + 1));
}

static SIZE_T granule_of(uint64_t address)
{
    return (address - LINUX_KERNEL_BASE) / SPECIAL_GRANULE;
}

static void enter(struct verifier_pool *pool, struct special_slab *slab, struct special_slab *value)
{
    for (SIZE_T at = 0; at < slab->size; at += SPECIAL_GRANULE)
        __atomic_store_n(&pool->table[granule_of((uint64_t)slab->base + at)], value,
                         __ATOMIC_RELEASE);
}

/* ---- slabs that machines left ---- */
/* Process wide: finding, clearing and mapping pages costs Linux more than all that is done with
 * them in a short machine's life. In the order in which the last machine made them. */
enum { MOST_KEPT = 16 };
static struct {
    struct linux_lock lock;
    struct special_slab *first;
    ULONG count;
} kept;

static struct special_slab *take_kept(SIZE_T slot_pages)
{
    linux_lock(&kept.lock);
    struct special_slab **link = &kept.first;
    while (*link && (*link)->slot_pages != slot_pages)
        link = &(*link)->next;
    struct special_slab *slab = *link;
    if (slab) {
        *link = slab->next;
        kept.count--;
    }
    linux_unlock(&kept.lock);
    return slab;
}

static BOOLEAN keep(struct special_slab *slab)
{
    linux_lock(&kept.lock);
    BOOLEAN has_room = kept.count < MOST_KEPT;
    if (has_room) {
        slab->next = kept.first;
        kept.first = slab;
        kept.count++;
    }
    linux_unlock(&kept.lock);
    return has_room;
}

/* As if it was new, but for what is behind its pages. */
static void close_all(struct special_slab *slab)
{
    for (ULONG i = 0; i < slab->block_count; i++) {
        struct special_block *block = &slab->blocks[i];
        const struct special_block fresh = {.slab = slab,
                                            .slot = block->slot,
                                            .is_backed = block->is_backed,
                                            .is_guarded = block->is_guarded};
        if (block->is_open)
            linux_pages_protect(block->slot, special_opened_size(block), LINUX_NO_ACCESS);
        else if (block->state == SPECIAL_LIVE)
            linux_pages_protect(block->slot, special_slot_size(block), LINUX_NO_ACCESS);
        *block = fresh;
    }
    slab->used = 0;
}

static void give_back(struct special_slab *slab)
{
    linux_pages_unmap(slab->base, slab->size);
    linux_free(slab);
}

void special_slab_keep(struct special_slab *slab)
{
    if (slab->slot_pages > SPECIAL_CLASSES) { /* its pages went with Mm */
        linux_free(slab);
        return;
    }
    close_all(slab);
    if (!keep(slab))
        give_back(slab);
}

/* ---- slabs of a machine ---- */
static BOOLEAN is_large(SIZE_T slot_pages)
{
    return slot_pages > SPECIAL_CLASSES;
}

static SIZE_T size_of(SIZE_T slot_pages)
{
    SIZE_T large = (slot_pages + 2) * LINUX_PAGE_SIZE;
    return is_large(slot_pages) ? (large + SPECIAL_GRANULE - 1) & ~(SIZE_T)(SPECIAL_GRANULE - 1)
                                : SPECIAL_GRANULE;
}

static struct special_slab *make(SIZE_T slot_pages)
{
    SIZE_T size = size_of(slot_pages);
    ULONG count = is_large(slot_pages) ? 1 : blocks_in(size, slot_pages);
    struct special_slab *slab =
        linux_allocate(sizeof(*slab) + count * sizeof(struct special_block));
    if (!slab)
        return NULL;
    slab->base = linux_pages_reserve(LINUX_ARENA_KERNEL, NULL, size, SPECIAL_GRANULE);
    if (!slab->base) {
        linux_free(slab);
        return NULL;
    }
    slab->size = size;
    slab->slot_pages = (ULONG)slot_pages;
    slab->block_count = count;
    for (ULONG i = 0; i < count; i++) {
        slab->blocks[i].slab = slab;
        slab->blocks[i].slot = slot_of(&slab->blocks[i]);
    }
    return slab;
}

struct special_slab *special_slab_create(struct machine *machine, struct verifier_pool *pool,
                                         SIZE_T slot_pages)
{
    struct special_slab *slab = take_kept(slot_pages);
    if (!slab)
        slab = make(slot_pages);
    if (!slab)
        return NULL;
    struct mm_region *region = mm_region_add(machine, slab->base, slab->size, 0, MM_REGION_POOL);
    if (!region) {
        give_back(slab);
        return NULL;
    }
    region->is_lent = !is_large(slot_pages);
    slab->next = pool->slabs;
    pool->slabs = slab;
    enter(pool, slab, slab);
    return slab;
}

void special_slab_destroy(struct machine *machine, struct verifier_pool *pool,
                          struct special_slab *slab)
{
    struct special_slab **link = &pool->slabs;
    while (*link != slab)
        link = &(*link)->next;
    *link = slab->next;
    enter(pool, slab, NULL);
    mm_pages_free(machine, slab->base);
    linux_free(slab);
}

struct special_block *special_find(struct machine *machine, uint64_t address)
{
    struct verifier_state *state = machine->verifier_state;
    struct verifier_pool *pool = state ? __atomic_load_n(&state->pool, __ATOMIC_ACQUIRE) : NULL;
    if (!pool || address < LINUX_KERNEL_BASE || address >= LINUX_KERNEL_END)
        return NULL;
    struct special_slab *slab =
        __atomic_load_n(&pool->table[granule_of(address)], __ATOMIC_ACQUIRE);
    if (!slab)
        return NULL;
    SIZE_T page = (address - (uint64_t)slab->base) / LINUX_PAGE_SIZE;
    return &slab->blocks[index_of(slab, page)];
}

static uint64_t distance(const struct special_block *block, uint64_t address)
{
    uint64_t start = (uint64_t)block->start, end = start + block->size;
    if (block->state == SPECIAL_UNUSED)
        return UINT64_MAX;
    return address < start ? start - address : address >= end ? address - end + 1 : 0;
}

struct special_block *special_find_meant(struct machine *machine, uint64_t address)
{
    struct special_block *block = special_find(machine, address);
    if (!block)
        return NULL;
    const struct special_slab *slab = block->slab;
    if (special_is_paired(block) && !special_is_second(block))
        return block->state == SPECIAL_UNUSED ? NULL : block; /* the page behind is the second's */
    BOOLEAN is_last = block == &slab->blocks[slab->block_count - 1];
    if (!is_last && distance(block + 1, address) < distance(block, address))
        block++;
    return block->state == SPECIAL_UNUSED ? NULL : block;
}
