#include "host/verifier/special_slab.h"

#include "host/ex/ddk.h"
#include "host/linux/shadow.h"
#include "host/mm/mm.h"
#include "host/verifier/fill.h"

enum {
    KEPT_PAGES = 512,                    /* pages of freed slots of a class that are not used yet */
    KEPT_LARGE_BYTES = 16 * 1024 * 1024, /* of freed large blocks */
    PAD = 0xA7,                          /* what surrounds a block in its slot */
    CHECKED_BEFORE = 256,                /* bytes of that which are filled and checked */
    CHECKED_BEFORE_IRP = 64,             /* each request pays for it */
    ALIGNMENT = 16,
    CACHE_LINE = 64,
};

static SIZE_T pages_of(SIZE_T size)
{
    return size ? (size + LINUX_PAGE_SIZE - 1) / LINUX_PAGE_SIZE : 1;
}

/* ---- slots ---- */
static void push(struct special_queue *queue, struct special_block *block)
{
    block->next = NULL;
    *queue->last = block;
    queue->last = &block->next;
    queue->count++;
}

static struct special_block *pop(struct special_queue *queue)
{
    struct special_block *block = queue->first;
    if (!block)
        return NULL;
    queue->first = block->next;
    if (!queue->first)
        queue->last = &queue->first;
    queue->count--;
    return block;
}

static struct special_block *take_new(struct machine *machine, struct verifier_pool *pool,
                                      SIZE_T pages)
{
    struct special_slab *slab = pool->filling[pages];
    if (pool->slot_count >= SPECIAL_MOST_SLOTS)
        return NULL;
    if (!slab || slab->used == slab->block_count)
        slab = pool->filling[pages] = special_slab_create(machine, pool, pages);
    if (!slab)
        return NULL;
    struct special_block *block = &slab->blocks[slab->used];
    slab->used += pages == SPECIAL_PAIRS ? 2 : 1;
    pool->slot_count++;
    return block;
}

/* The oldest freed slot, once enough younger ones are kept; else a new one. */
static struct special_block *take_small(struct machine *machine, struct verifier_pool *pool,
                                        SIZE_T pages)
{
    struct special_queue *queue = &pool->free[pages];
    struct special_block *block = NULL;
    linux_lock(&pool->lock);
    if (queue->count * (pages ? pages : 2) < KEPT_PAGES)
        block = take_new(machine, pool, pages);
    if (!block && (block = pop(queue)) != NULL && !block->is_open)
        special_open_ahead(queue, block);
    linux_unlock(&pool->lock);
    return block;
}

static struct special_block *take_large(struct machine *machine, struct verifier_pool *pool,
                                        SIZE_T pages)
{
    linux_lock(&pool->lock);
    struct special_slab *slab = special_slab_create(machine, pool, pages);
    linux_unlock(&pool->lock);
    return slab ? &slab->blocks[0] : NULL;
}

static enum linux_protection protection_of(ULONG pool_type)
{
    return pool_type & (PagedPool | NonPagedPoolNx) ? LINUX_READ_WRITE : LINUX_READ_WRITE_EXECUTE;
}

static BOOLEAN open_slot(struct special_block *block, ULONG pool_type)
{
    enum linux_protection protection = protection_of(pool_type);
    BOOLEAN is_done = block->is_open && protection == LINUX_READ_WRITE;
    block->is_open = FALSE;
    if (is_done)
        return TRUE;
    int error = block->is_backed
                    ? linux_pages_protect(block->slot, special_opened_size(block), protection)
                    : linux_pages_commit(block->slot, special_opened_size(block), protection);
    block->is_backed = block->is_backed || error == 0;
    return error == 0;
}

static void give_up_slot(struct machine *machine, struct verifier_pool *pool,
                         struct special_block *block)
{
    linux_lock(&pool->lock);
    if (block->slab->slot_pages > SPECIAL_CLASSES)
        special_slab_destroy(machine, pool, block->slab);
    else if (block->is_backed)
        push(&pool->free[block->slab->slot_pages], block);
    linux_unlock(&pool->lock); /* a slot that cannot be backed stays unused for good */
}

/* ---- blocks ---- */
/* At the slot's end, as far as the alignment allows; a page or more begins one, as NT promises. A
 * system buffer ends exactly there: its length is the request's, its contents any bytes; but for
 * drivers that watch each byte themselves it is aligned, as they may rely on. */
static uint8_t *place(const struct machine *machine, const struct special_block *block,
                      const struct special_request *request)
{
    uint8_t *slot = block->slot;
    SIZE_T alignment = request->pool_type & NonPagedPoolCacheAligned ? CACHE_LINE : ALIGNMENT;
    if (machine->verify_underruns)
        return slot;
    if (request->owner == SPECIAL_SYSTEM_BUFFER && !linux_shadow_base)
        return slot + special_slot_size(block) - request->size;
    if (request->size >= LINUX_PAGE_SIZE)
        return slot;
    return slot + ((special_slot_size(block) - request->size) & ~(alignment - 1));
}

static uint8_t *pad_start(const struct special_block *block)
{
    SSIZE_T checked = block->owner == SPECIAL_IRP ? CHECKED_BEFORE_IRP : CHECKED_BEFORE;
    return block->start - block->slot > checked ? block->start - checked : block->slot;
}

/* As far as padding is filled and checked: with the block at its slot's start much is behind. */
static uint8_t *pad_end(const struct special_block *block)
{
    uint8_t *end = block->slot + special_slot_size(block), *behind = block->start + block->size;
    return end - behind > (SSIZE_T)LINUX_PAGE_SIZE ? behind + LINUX_PAGE_SIZE : end;
}

/* What drivers allocate is filled by fresh_pool. */
static void fill(struct special_block *block)
{
    uint8_t *behind = block->start + block->size;
    __builtin_memset(pad_start(block), PAD, (SIZE_T)(block->start - pad_start(block)));
    if (block->owner == SPECIAL_SYSTEM_BUFFER)
        verifier_fill(block->start, block->size, VERIFIER_FILL_BUFFER);
    __builtin_memset(behind, PAD, (SIZE_T)(pad_end(block) - behind));
}

static void *begin(struct machine *machine, struct special_block *block,
                   const struct special_request *request)
{
    block->owner = request->owner;
    block->size = request->size;
    block->tag = request->tag;
    block->pool_type = request->pool_type;
    block->is_damaged = FALSE;
    block->allocated = request->trace;
    block->freed = NULL;
    block->residents = NULL;
    block->start = place(machine, block, request);
    fill(block);
    linux_shadow_forbid(block->slot, special_slot_size(block), SHADOW_POOL_AROUND);
    linux_shadow_allow(block->start, block->size);
    __atomic_store_n(&block->state, SPECIAL_LIVE, __ATOMIC_RELEASE);
    mm_pool_count_more(machine, 1, (LONG64)request->size);
    return block->start;
}

void *special_allocate(struct machine *machine, const struct special_request *request)
{
    struct verifier_pool *pool = special_state(machine);
    SIZE_T pages = request->is_paired ? SPECIAL_PAIRS : pages_of(request->size);
    if (!pool || !mm_charge(machine, request->size))
        return NULL;
    struct special_block *block = pages <= SPECIAL_CLASSES ? take_small(machine, pool, pages)
                                                           : take_large(machine, pool, pages);
    if (!block)
        goto uncharge;
    if (open_slot(block, request->pool_type))
        return begin(machine, block, request);
    give_up_slot(machine, pool, block);

uncharge:
    mm_uncharge(machine, request->size);
    return NULL;
}

void *special_allocate_beside(struct machine *machine, const void *irp,
                              const struct special_request *request)
{
    struct special_block *first = special_find(machine, (uint64_t)irp);
    if (!first || !special_is_paired(first) || special_is_second(first) || first->start != irp ||
        first->state != SPECIAL_LIVE || first[1].state == SPECIAL_LIVE ||
        request->size > LINUX_PAGE_SIZE)
        return special_allocate(machine, request);
    return mm_charge(machine, request->size) ? begin(machine, first + 1, request) : NULL;
}

/* The oldest large blocks go for good. Pool lock held. */
static void trim_large(struct machine *machine, struct verifier_pool *pool)
{
    while (pool->large_bytes > KEPT_LARGE_BYTES) {
        struct special_block *block = pop(&pool->large);
        pool->large_bytes -= special_slot_size(block);
        special_slab_destroy(machine, pool, block->slab);
    }
}

static void retire(struct machine *machine, struct verifier_pool *pool, struct special_block *block)
{
    linux_lock(&pool->lock);
    if (block->slab->slot_pages <= SPECIAL_CLASSES) {
        push(&pool->free[block->slab->slot_pages], block);
    } else {
        push(&pool->large, block);
        pool->large_bytes += special_slot_size(block);
        trim_large(machine, pool);
    }
    linux_unlock(&pool->lock);
}

/* A pair's buffer stays open until its IRP goes too, which is at once; an IRP that goes before its
 * buffer is closed alone. */
static void close_slot(struct machine *machine, struct verifier_pool *pool,
                       struct special_block *block)
{
    struct special_block *first = special_is_second(block) ? block - 1 : block;
    BOOLEAN other_lives = special_is_paired(block) && first[block == first].state == SPECIAL_LIVE;
    if (other_lives && block != first)
        return;
    if (other_lives) {
        linux_pages_protect(block->slot, LINUX_PAGE_SIZE, LINUX_NO_ACCESS);
        return;
    }
    linux_pages_protect(first->slot, special_opened_size(first), LINUX_NO_ACCESS);
    retire(machine, pool, first);
}

BOOLEAN special_free(struct machine *machine, struct special_block *block,
                     const struct verifier_trace *trace)
{
    struct verifier_pool *pool = special_state(machine);
    uint32_t live = SPECIAL_LIVE;
    if (!__atomic_compare_exchange_n(&block->state, &live, SPECIAL_FREED, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return FALSE;
    block->freed = trace;
    linux_shadow_forbid((void *)((uint64_t)block->start & ~7ull), block->size + 7,
                        SHADOW_POOL_FREED);
    mm_uncharge(machine, block->size);
    mm_pool_count_more(machine, -1, -(LONG64)block->size);
    close_slot(machine, pool, block);
    return TRUE;
}

/* The first byte that is not padding, or end. Nearly always all is: then each byte equals the one
 * before. */
static const uint8_t *find_change(const uint8_t *at, const uint8_t *end)
{
    if (at == end || (*at == PAD && __builtin_memcmp(at, at + 1, (SIZE_T)(end - at) - 1) == 0))
        return end;
    while (at < end && *at == PAD)
        at++;
    return at;
}

BOOLEAN special_is_damaged(const struct special_block *block, int64_t *offset, uint8_t *value)
{
    const uint8_t *end = pad_end(block);
    const uint8_t *at = find_change(block->start + block->size, end);
    if (at == end) {
        at = find_change(pad_start(block), block->start);
        if (at == block->start)
            return FALSE;
        /* The byte nearest to the block tells more than the farthest. */
        for (at = block->start - 1; *at == PAD; at--)
            continue;
    }
    *offset = at - block->start;
    *value = *at;
    return TRUE;
}

void special_enumerate(struct machine *machine,
                       void (*tell)(struct special_block *block, void *context), void *context)
{
    struct verifier_pool *pool = special_state(machine);
    if (!pool)
        return;
    linux_lock(&pool->lock);
    for (struct special_slab *slab = pool->slabs; slab; slab = slab->next) {
        ULONG used = slab->slot_pages <= SPECIAL_CLASSES ? slab->used : slab->block_count;
        for (ULONG i = 0; i < used; i++)
            if (__atomic_load_n(&slab->blocks[i].state, __ATOMIC_ACQUIRE) == SPECIAL_LIVE)
                tell(&slab->blocks[i], context);
    }
    linux_unlock(&pool->lock);
}

/* After Mm's end: what showed these pages a second time is gone. */
void special_destroy(struct verifier_pool *pool)
{
    while (pool && pool->slabs) {
        struct special_slab *slab = pool->slabs;
        pool->slabs = slab->next;
        special_slab_keep(slab);
    }
    linux_free(pool);
}
