/*
 * Pool: small blocks from size classes of 16 bytes, carved from 64 KiB chunks; larger ones are
 * whole pages, so that a page-aligned block is always a large one, as on NT. A small block has a
 * 16-byte header in front, whose magic tells live from free. Executable blocks (NonPagedPool, the
 * old kind) and cache-aligned ones have chunks of their own.
 */
#include "host/mm/mm.h"
#include "host/mm/state.h"
#include "host/ps/pool_quota.h"
#include "host/ps/thread_slot.h"

enum { POOL_LIVE = 0x4C504253, POOL_FREE = 0x46504253 };

struct pool_header {
    ULONG magic;
    ULONG tag;
    USHORT size_class; /* granules of the body */
    USHORT size;       /* as requested */
    ULONG pool_type;
};
_Static_assert(sizeof(struct pool_header) == POOL_GRANULE, "keeps blocks 16-byte aligned");

struct pool_free_block {
    struct pool_header header;
    struct pool_free_block *next;
};

static enum pool_kind kind_of(ULONG pool_type)
{
    BOOLEAN executable = !(pool_type & (PagedPool | NonPagedPoolNx));
    return (executable ? POOL_EXECUTABLE : POOL_DATA) |
           (pool_type & NonPagedPoolCacheAligned ? POOL_CACHE_ALIGNED : POOL_DATA);
}

static void *chunk_allocate(struct machine *machine, SIZE_T size, enum pool_kind kind)
{
    void *base = mm_pages_allocate(machine, LINUX_ARENA_KERNEL, size, MM_REGION_POOL);
    if (!base || !(kind & POOL_EXECUTABLE))
        return base;
    SIZE_T rounded = (size + LINUX_PAGE_SIZE - 1) & ~(LINUX_PAGE_SIZE - 1);
    if (linux_pages_protect(base, rounded, LINUX_READ_WRITE_EXECUTE) == 0)
        return base;
    mm_pages_free(machine, base);
    return NULL;
}

/* A block lies within one page, as NT promises below PAGE_SIZE, and its body never begins one. */
static void carve_page(uint8_t *page, struct pool_class *pool_class, enum pool_kind kind,
                       ULONG size_class)
{
    SIZE_T stride = sizeof(struct pool_header) + size_class * POOL_GRANULE, offset = 0;
    SIZE_T size = stride;
    if (kind & POOL_CACHE_ALIGNED) { /* the bodies, not the headers, lie on lines */
        stride = (stride + POOL_CACHE_LINE - 1) & ~(SIZE_T)(POOL_CACHE_LINE - 1);
        offset = POOL_CACHE_LINE - sizeof(struct pool_header);
    }
    for (; offset + size <= LINUX_PAGE_SIZE; offset += stride) {
        struct pool_free_block *block = (struct pool_free_block *)(page + offset);
        block->header.magic = POOL_FREE;
        block->header.size_class = (USHORT)size_class;
        block->next = pool_class->free;
        pool_class->free = block;
    }
}

/* Fills an empty class with a page, if need be of a new chunk: pages are touched when they are
 * needed. The class lock is held. */
static BOOLEAN refill(struct machine *machine, struct pool_class *pool_class, enum pool_kind kind,
                      ULONG size_class)
{
    if (pool_class->unused == pool_class->unused_end) {
        uint8_t *chunk = chunk_allocate(machine, POOL_CHUNK, kind);
        if (!chunk)
            return FALSE;
        pool_class->unused = chunk;
        pool_class->unused_end = chunk + POOL_CHUNK;
    }
    carve_page(pool_class->unused, pool_class, kind, size_class);
    pool_class->unused += LINUX_PAGE_SIZE;
    return TRUE;
}

/* The class lock is held: plain arithmetic, but stores that mm_pool_count may read at any time. */
static void count(struct pool_class *pool_class, LONG64 blocks, LONG64 bytes)
{
    __atomic_store_n(&pool_class->blocks, pool_class->blocks + blocks, __ATOMIC_RELAXED);
    __atomic_store_n(&pool_class->bytes, pool_class->bytes + bytes, __ATOMIC_RELAXED);
}

/* The calling thread's, when it runs inside the machine. */
static struct pool_cache *own_cache(struct machine *machine)
{
    struct thread_slot *slot = linux_thread_slot;
    if (!slot || !slot->inside || slot->inside->machine != machine)
        return NULL;
    return &slot->inside->pool_cache;
}

/* The calling thread's own blocks of this size. */
static struct pool_cache *cache_of(struct machine *machine, enum pool_kind kind, ULONG size_class)
{
    return kind == POOL_DATA && size_class <= POOL_CACHED_CLASSES ? own_cache(machine) : NULL;
}

static void count_cached(struct pool_cache *cache, LONG64 blocks, LONG64 bytes)
{
    __atomic_store_n(&cache->live_blocks, cache->live_blocks + blocks, __ATOMIC_RELAXED);
    __atomic_store_n(&cache->live_bytes, cache->live_bytes + bytes, __ATOMIC_RELAXED);
}

void mm_pool_count_more(struct machine *machine, LONG64 blocks, LONG64 bytes)
{
    struct pool_cache *cache = own_cache(machine);
    if (cache) {
        count_cached(cache, blocks, bytes);
        return;
    }
    __atomic_add_fetch(&machine->mm->large_blocks, blocks, __ATOMIC_RELAXED);
    __atomic_add_fetch(&machine->mm->large_bytes, bytes, __ATOMIC_RELAXED);
}

static struct pool_free_block *take_cached(struct pool_cache *cache, ULONG size_class, SIZE_T size)
{
    struct pool_free_block *block = cache ? cache->blocks[size_class] : NULL;
    if (!block)
        return NULL;
    cache->blocks[size_class] = NULL;
    count_cached(cache, 1, (LONG64)size);
    return block;
}

static struct pool_free_block *take_shared(struct machine *machine, enum pool_kind kind,
                                           ULONG size_class, SIZE_T size)
{
    struct pool_class *pool_class = &machine->mm->classes[kind][size_class];
    struct pool_free_block *block = NULL;
    linux_lock(&pool_class->lock);
    if (pool_class->free || refill(machine, pool_class, kind, size_class)) {
        block = pool_class->free;
        pool_class->free = block->next;
        count(pool_class, 1, (LONG64)size);
    }
    linux_unlock(&pool_class->lock);
    return block;
}

static void *allocate_small(struct machine *machine, ULONG pool_type, SIZE_T size, ULONG tag)
{
    enum pool_kind kind = kind_of(pool_type);
    ULONG size_class = size ? (ULONG)((size + POOL_GRANULE - 1) / POOL_GRANULE) : 1;
    struct pool_free_block *block =
        take_cached(cache_of(machine, kind, size_class), size_class, size);
    if (!block && !(block = take_shared(machine, kind, size_class, size)))
        return NULL;
    block->header.tag = tag;
    block->header.size = (USHORT)size;
    block->header.pool_type = pool_type;
    __atomic_store_n(&block->header.magic, POOL_LIVE, __ATOMIC_RELEASE);
    return &block->header + 1;
}

void mm_pool_large_begin(struct machine *machine, struct mm_region *region, ULONG pool_type,
                         SIZE_T size, ULONG tag)
{
    region->tag = tag;
    region->pool_type = pool_type;
    region->requested = size;
    mm_pool_count_more(machine, 1, (LONG64)size);
}

void mm_pool_large_end(struct machine *machine, struct mm_region *region)
{
    mm_pool_count_more(machine, -1, -(LONG64)region->requested);
    region->requested = 0;
}

static void *allocate_large(struct machine *machine, ULONG pool_type, SIZE_T size, ULONG tag)
{
    void *base = chunk_allocate(machine, size, kind_of(pool_type));
    if (base)
        mm_pool_large_begin(machine, mm_region_find(machine, base), pool_type, size, tag);
    return base;
}

void *mm_pool_allocate(struct machine *machine, ULONG pool_type, SIZE_T size, ULONG tag)
{
    BOOLEAN aligned = (kind_of(pool_type) & POOL_CACHE_ALIGNED) != 0;
    SIZE_T largest = aligned ? POOL_LARGEST_ALIGNED : POOL_LARGEST_SMALL;
    return size <= largest ? allocate_small(machine, pool_type, size, tag)
                           : allocate_large(machine, pool_type, size, tag);
}

void *mm_pool_allocate_zero(struct machine *machine, SIZE_T size, ULONG tag)
{
    void *block = mm_pool_allocate(machine, NonPagedPoolNx, size, tag);
    if (block)
        __builtin_memset(block, 0, size);
    return block;
}

static BOOLEAN is_large(const void *block)
{
    return ((uint64_t)block & (LINUX_PAGE_SIZE - 1)) == 0;
}

/* The header of a small block, live or not, or NULL when block cannot be one: then there need not
 * be any memory. */
static struct pool_header *small_header(const void *block)
{
    struct pool_header *header = (struct pool_header *)block - 1;
    ULONG magic;
    if ((uint64_t)block < LINUX_KERNEL_BASE || (uint64_t)block >= LINUX_KERNEL_END ||
        (uint64_t)block % POOL_GRANULE != 0 ||
        !linux_copy_guarded(&magic, &header->magic, sizeof(magic)))
        return NULL;
    return magic == POOL_LIVE || magic == POOL_FREE ? header : NULL;
}

static struct mm_region *large_region(struct machine *machine, const void *block)
{
    struct mm_region *region = mm_region_find(machine, block);
    bool live = region && region->base == block && region->kind == MM_REGION_POOL;
    return live && region->requested ? region : NULL;
}

BOOLEAN mm_pool_query(struct machine *machine, const void *block, SIZE_T *size, ULONG *tag)
{
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->pool_query &&
        machine->verifier->pool_query(machine, block, size, tag))
        return TRUE;
    if (is_large(block)) {
        struct mm_region *region = large_region(machine, block);
        if (!region)
            return FALSE;
        *size = region->requested;
        *tag = region->tag;
        return TRUE;
    }
    struct pool_header *header = small_header(block);
    if (!header || header->magic != POOL_LIVE)
        return FALSE;
    *size = header->size;
    *tag = header->tag;
    return TRUE;
}

struct mm_region *mm_pool_large(struct machine *machine, const void *block)
{
    return is_large(block) ? large_region(machine, block) : NULL;
}

BOOLEAN mm_pool_was_block(const void *block)
{
    const struct pool_header *header = is_large(block) ? NULL : small_header(block);
    return header && header->magic == POOL_FREE;
}

static void give_back(struct machine *machine, struct pool_free_block *block, LONG64 blocks,
                      LONG64 bytes)
{
    struct pool_header *header = &block->header;
    struct pool_class *pool_class =
        &machine->mm->classes[kind_of(header->pool_type)][header->size_class];
    linux_lock(&pool_class->lock);
    block->next = pool_class->free;
    pool_class->free = block;
    count(pool_class, -blocks, -bytes);
    linux_unlock(&pool_class->lock);
}

static void free_small(struct machine *machine, struct pool_header *header)
{
    struct pool_free_block *block = (struct pool_free_block *)header;
    struct pool_cache *cache = cache_of(machine, kind_of(header->pool_type), header->size_class);
    if (!cache || cache->blocks[header->size_class]) {
        give_back(machine, block, 1, header->size);
        return;
    }
    cache->blocks[header->size_class] = block;
    count_cached(cache, -1, -(LONG64)header->size);
}

void mm_pool_cache_drop(struct machine *machine, struct pool_cache *cache)
{
    for (ULONG i = 0; i <= POOL_CACHED_CLASSES; i++) {
        if (cache->blocks[i])
            give_back(machine, cache->blocks[i], 0, 0);
        cache->blocks[i] = NULL;
    }
    __atomic_add_fetch(&machine->mm->large_blocks, cache->live_blocks, __ATOMIC_RELAXED);
    __atomic_add_fetch(&machine->mm->large_bytes, cache->live_bytes, __ATOMIC_RELAXED);
    count_cached(cache, -cache->live_blocks, -cache->live_bytes);
}

/* What threads hold beyond the classes' own counts. */
static void count_threads(struct machine *machine, LONG64 *blocks, LONG64 *bytes)
{
    struct ps_state *ps = machine->ps;
    linux_lock(&ps->lock);
    for (PLIST_ENTRY link = ps->threads.Flink; link != &ps->threads; link = link->Flink) {
        PETHREAD thread = CONTAINING_RECORD(link, struct _ETHREAD, machine_link);
        *blocks += __atomic_load_n(&thread->pool_cache.live_blocks, __ATOMIC_RELAXED);
        *bytes += __atomic_load_n(&thread->pool_cache.live_bytes, __ATOMIC_RELAXED);
    }
    linux_unlock(&ps->lock);
}

static BOOLEAN tag_matches(ULONG tag, ULONG actual)
{
    return tag == 0 || ((tag ^ actual) & ~(ULONG)PROTECTED_POOL) == 0;
}

static enum mm_free free_large_block(struct machine *machine, void *block, ULONG tag, ULONG *actual)
{
    struct mm_region *region = large_region(machine, block);
    if (!region)
        return MM_FREE_NOT_A_BLOCK;
    if (!tag_matches(tag, region->tag)) {
        *actual = region->tag;
        return MM_FREE_WRONG_TAG;
    }
    mm_pool_large_end(machine, region);
    mm_pages_free(machine, block);
    return MM_FREED;
}

/* FALSE when the block is not live any more. */
static BOOLEAN claim(struct pool_header *header)
{
    ULONG live = POOL_LIVE;
    return __atomic_compare_exchange_n(&header->magic, &live, POOL_FREE, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

static enum mm_free free_small_block(struct machine *machine, void *block, ULONG tag, ULONG *actual)
{
    struct pool_header *header = small_header(block);
    if (!header)
        return MM_FREE_NOT_A_BLOCK;
    if (header->magic == POOL_LIVE && !tag_matches(tag, header->tag)) {
        *actual = header->tag;
        return MM_FREE_WRONG_TAG;
    }
    if (!claim(header))
        return MM_FREE_TWICE;
    free_small(machine, header);
    return MM_FREED;
}

enum mm_free mm_pool_free_tagged(struct machine *machine, void *block, ULONG tag, ULONG *actual)
{
    return is_large(block) ? free_large_block(machine, block, tag, actual)
                           : free_small_block(machine, block, tag, actual);
}

/* As claim, for what the host itself frees: nobody else does at the same time. */
static BOOLEAN claim_own(struct pool_header *header)
{
    if (!header || __atomic_load_n(&header->magic, __ATOMIC_RELAXED) != POOL_LIVE)
        return FALSE;
    __atomic_store_n(&header->magic, POOL_FREE, __ATOMIC_RELEASE);
    return TRUE;
}

BOOLEAN mm_pool_free(struct machine *machine, void *block)
{
    ULONG actual;
    ps_quota_return_block(machine, block);
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->pool_free &&
        machine->verifier->pool_free(machine, block, 0, NULL))
        return TRUE;
    if (is_large(block))
        return free_large_block(machine, block, 0, &actual) == MM_FREED;
    struct pool_header *header = small_header(block);
    if (!claim_own(header))
        return FALSE;
    free_small(machine, header);
    return TRUE;
}

void mm_pool_count(struct machine *machine, SIZE_T *blocks, SIZE_T *bytes)
{
    struct mm_state *mm = machine->mm;
    LONG64 all_blocks = __atomic_load_n(&mm->large_blocks, __ATOMIC_RELAXED);
    LONG64 all_bytes = __atomic_load_n(&mm->large_bytes, __ATOMIC_RELAXED);
    for (ULONG i = 0; i < POOL_KINDS * (POOL_CLASSES + 1); i++) {
        const struct pool_class *pool_class = &mm->classes[0][0] + i;
        all_blocks += __atomic_load_n(&pool_class->blocks, __ATOMIC_RELAXED);
        all_bytes += __atomic_load_n(&pool_class->bytes, __ATOMIC_RELAXED);
    }
    if (machine->ps)
        count_threads(machine, &all_blocks, &all_bytes);
    *blocks = (SIZE_T)all_blocks;
    *bytes = (SIZE_T)all_bytes;
}
