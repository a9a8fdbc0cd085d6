#include "host/verifier/pool_residents.h"

#include "host/ke/ke.h"
#include "host/verifier/made.h"
#include "host/verifier/pool_text.h"
#include "host/verifier/special_slab.h"

enum resident_kind { RESIDENT_TIMER, RESIDENT_RESOURCE, RESIDENT_LOOKASIDE };

/* Pool lock. */
struct special_resident {
    struct special_resident *next;
    enum resident_kind kind;
    uint64_t address;
};

static struct special_block *block_of(uint64_t address)
{
    struct special_block *block = special_find(current_machine(), address);
    return block && block->state == SPECIAL_LIVE ? block : NULL;
}

/* Lock held. */
static struct special_resident **find(struct special_block *block, uint64_t address)
{
    struct special_resident **link = &block->residents;
    while (*link && (*link)->address != address)
        link = &(*link)->next;
    return link;
}

static BOOLEAN settle(struct verifier_call *call, enum resident_kind kind)
{
    struct verifier_pool *pool = special_state(current_machine());
    struct special_block *block = block_of(call->arguments[0]);
    struct special_resident *made = block ? linux_allocate(sizeof(*made)) : NULL;
    if (!made)
        return TRUE;
    linux_lock(&pool->lock);
    struct special_resident **link = find(block, call->arguments[0]);
    if (!*link) {
        *link = made;
        made->address = call->arguments[0];
        made = NULL;
    }
    (*link)->kind = kind;
    linux_unlock(&pool->lock);
    linux_free(made);
    return TRUE;
}

BOOLEAN resident_timer(struct verifier_call *call)
{
    return settle(call, RESIDENT_TIMER);
}

BOOLEAN resident_resource(struct verifier_call *call)
{
    return settle(call, RESIDENT_RESOURCE);
}

BOOLEAN resident_lookaside(struct verifier_call *call)
{
    return settle(call, RESIDENT_LOOKASIDE);
}

/* ExInitializeLookasideListEx(List, Allocate, Free, PoolType, Flags, Size, Tag, Depth) refuses both
 * flags together and any depth: nothing is initialised then. */
BOOLEAN resident_lookaside_ex(struct verifier_call *call)
{
    const ULONG both =
        EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE;
    BOOLEAN is_refused = (ULONG)call->arguments[4] >= both || (USHORT)call->arguments[7] != 0;
    return is_refused || settle(call, RESIDENT_LOOKASIDE);
}

BOOLEAN resident_gone(struct verifier_call *call)
{
    struct verifier_pool *pool = special_state(current_machine());
    struct special_block *block = block_of(call->arguments[0]);
    struct special_resident *found = NULL;
    if (!block)
        return TRUE;
    linux_lock(&pool->lock);
    struct special_resident **link = find(block, call->arguments[0]);
    if ((found = *link) != NULL)
        *link = found->next;
    linux_unlock(&pool->lock);
    linux_free(found);
    return TRUE;
}

static void check(const struct special_block *block, const struct special_resident *resident,
                  const void *caller)
{
    static const struct {
        enum verifier_rule rule;
        const char *name;
    } kinds[] = {
        [RESIDENT_TIMER] = {RULE_POOL_FREE_TIMER, "an active timer"},
        [RESIDENT_RESOURCE] = {RULE_POOL_FREE_RESOURCE, "an ERESOURCE that was not deleted"},
        [RESIDENT_LOOKASIDE] = {RULE_POOL_FREE_LOOKASIDE, "a lookaside list that was not deleted"},
    };
    uint64_t offset = resident->address - (uint64_t)block->start;
    ULONG_PTR parameters[3] = {resident->address, (ULONG_PTR)block->start, block->size};
    char notes[POOL_NOTES_SIZE];
    if (resident->kind == RESIDENT_TIMER &&
        !ke_timer_withdraw(current_machine(), (PKTIMER)resident->address))
        return;
    verifier_unmade(resident->kind == RESIDENT_RESOURCE ? MADE_RESOURCE : MADE_LOOKASIDE,
                    resident->address); /* told of once */
    pool_notes(block, notes);
    verifier_report_at(kinds[resident->kind].rule,
                       &(struct verifier_place){.caller = caller, .notes = notes}, parameters,
                       "%s was freed with %s at its offset %I64u", pool_block(block).text,
                       kinds[resident->kind].name, offset);
}

void pool_residents_check(struct special_block *block, const void *caller)
{
    struct verifier_pool *pool = special_state(current_machine());
    if (SB_LIKELY(!block->residents))
        return;
    linux_lock(&pool->lock);
    struct special_resident *residents = block->residents;
    block->residents = NULL;
    linux_unlock(&pool->lock);
    while (residents) {
        struct special_resident *resident = residents;
        residents = resident->next;
        check(block, resident, caller);
        linux_free(resident);
    }
}
