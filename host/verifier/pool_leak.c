/* What a driver did not free: one finding for each call stack that allocated it. */
#include "host/ke/text.h"
#include "host/loader/loader.h"
#include "host/verifier/pool_text.h"
#include "host/verifier/special_pool.h"
#include "host/verifier/stack_trace.h"
#include "host/verifier/watch.h"

struct leak {
    struct leak *next;       /* of the same hash */
    struct leak *next_found; /* as they were met */
    const struct verifier_trace *trace;
    SIZE_T blocks, bytes;
    struct special_block example;
};

enum { BUCKETS = 256 };

struct leaks {
    const struct loaded_image *image;
    SIZE_T blocks, bytes;
    struct leak *buckets[BUCKETS];
    struct leak *first, **last;
};

static struct leak *leak_of(struct leaks *leaks, const struct special_block *block)
{
    struct leak **bucket = &leaks->buckets[(uint64_t)block->allocated / 64 % BUCKETS];
    struct leak *leak = *bucket;
    while (leak && leak->trace != block->allocated)
        leak = leak->next;
    if (leak || !(leak = linux_allocate(sizeof(*leak))))
        return leak;
    leak->trace = block->allocated;
    leak->example = *block;
    leak->next = *bucket;
    *bucket = leak;
    *leaks->last = leak;
    leaks->last = &leak->next_found;
    return leak;
}

static void add(struct special_block *block, void *context)
{
    struct leaks *leaks = context;
    const struct loaded_image *image = leaks->image;
    if (block->owner != SPECIAL_DRIVER || !block->allocated ||
        block->allocated->frames[0] - (uint64_t)image->base >= image->size)
        return;
    struct leak *leak = leak_of(leaks, block);
    if (!leak)
        return;
    leak->blocks++;
    leak->bytes += block->size;
    leaks->blocks++;
    leaks->bytes += block->size;
}

static void report(const struct leaks *leaks, const struct leak *leak)
{
    ULONG_PTR parameters[3] = {(ULONG_PTR)leaks->image->base, leaks->blocks, leaks->bytes};
    struct verifier_place place = {.trace = leak->trace};
    if (leak->blocks == 1)
        verifier_report_at(RULE_POOL_LEAK, &place, parameters,
                           "%s was unloaded; %s, allocated here, is not freed", leaks->image->name,
                           pool_block(&leak->example).text);
    else
        verifier_report_at(RULE_POOL_LEAK, &place, parameters,
                           "%s was unloaded; %I64u blocks, together %I64u bytes, allocated here, "
                           "are not freed; one is %s",
                           leaks->image->name, (uint64_t)leak->blocks, (uint64_t)leak->bytes,
                           pool_block(&leak->example).text);
}

void verifier_pool_leaks(struct loaded_image *image)
{
    struct leaks *leaks = linux_allocate(sizeof(*leaks));
    if (!leaks)
        return;
    leaks->image = image;
    leaks->last = &leaks->first;
    special_enumerate(image->machine, add, leaks);
    while (leaks->first) {
        struct leak *leak = leaks->first;
        leaks->first = leak->next_found;
        report(leaks, leak);
        linux_free(leak);
    }
    linux_free(leaks);
}
