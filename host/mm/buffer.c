/*
 * System buffers of a page and more. Finding, clearing and mapping pages costs Linux more than
 * copying there and back, so the pages of the last few buffers stay mapped. A driver that uses such
 * a buffer after its request does not fault therefore; with the verifier's pool rules, or with a
 * limit of the machine's memory, nothing is kept.
 */
#include "host/mm/mm.h"
#include "host/mm/state.h"
#include "host/ps/pool_quota.h"

static const SIZE_T most_kept = 4 * 1024 * 1024; /* bytes */

static BOOLEAN may_keep(const struct machine *machine)
{
    return !machine->verifier && !machine->memory_limit;
}

static SIZE_T pages_of(SIZE_T size)
{
    return (size + LINUX_PAGE_SIZE - 1) & ~(LINUX_PAGE_SIZE - 1);
}

/* Takes one out of the row. The lock is held. */
static struct mm_region *remove_at(struct kept_buffers *kept, ULONG index)
{
    struct mm_region *region = kept->regions[index];
    kept->count--;
    kept->bytes -= region->size;
    for (; index < kept->count; index++)
        kept->regions[index] = kept->regions[index + 1];
    return region;
}

/* The newest of that size: its memory is most likely in the processor's caches. */
static struct mm_region *take(struct kept_buffers *kept, SIZE_T size)
{
    struct mm_region *region = NULL;
    linux_lock(&kept->lock);
    for (ULONG i = kept->count; i > 0 && !region; i--)
        if (kept->regions[i - 1]->size == size)
            region = remove_at(kept, i - 1);
    linux_unlock(&kept->lock);
    return region;
}

/* The oldest, when there is no room for size bytes more; else NULL. The lock is held. */
static struct mm_region *evict(struct kept_buffers *kept, SIZE_T size)
{
    BOOLEAN is_full = kept->count == RTL_NUMBER_OF(kept->regions) || kept->bytes + size > most_kept;
    return kept->count && is_full ? remove_at(kept, 0) : NULL;
}

static void keep(struct machine *machine, struct mm_region *region)
{
    struct kept_buffers *kept = &machine->mm->kept;
    struct mm_region *evicted;
    linux_lock(&kept->lock);
    while ((evicted = evict(kept, region->size)) != NULL) {
        linux_unlock(&kept->lock);
        mm_pages_free(machine, evicted->base);
        linux_lock(&kept->lock);
    }
    kept->regions[kept->count++] = region;
    kept->bytes += region->size;
    linux_unlock(&kept->lock);
}

void *mm_buffer_allocate(struct machine *machine, SIZE_T size, ULONG tag)
{
    if (SB_LIKELY(size <= POOL_LARGEST_SMALL) || !may_keep(machine))
        return mm_pool_allocate(machine, NonPagedPoolNx, size, tag);
    struct mm_region *region = take(&machine->mm->kept, pages_of(size));
    if (!region)
        return mm_pool_allocate(machine, NonPagedPoolNx, size, tag);
    mm_pool_large_begin(machine, region, NonPagedPoolNx, size, tag);
    return region->base;
}

/* Pages that an MDL still holds locked are nobody else's yet. */
BOOLEAN mm_buffer_free(struct machine *machine, void *block)
{
    struct mm_region *region = may_keep(machine) ? mm_pool_large(machine, block) : NULL;
    if (SB_LIKELY(!region) || region->pins || region->size > most_kept / 2 ||
        region->pool_type != NonPagedPoolNx)
        return mm_pool_free(machine, block);
    ps_quota_return_block(machine, block);
    mm_pool_large_end(machine, region);
    keep(machine, region);
    return TRUE;
}
