/* What must be in nonpaged memory: objects that threads synchronise by, in front of what
 * initialises and takes them, and work items. */
#include "host/verifier/before.h"
#include "host/verifier/nonpaged.h"
#include "host/verifier/pool_text.h"
#include "host/verifier/special_pool.h"

const struct special_block *verifier_paged_block(uint64_t address)
{
    const struct special_block *block = special_find(current_machine(), address);
    if (!block || block->state != SPECIAL_LIVE || !(block->pool_type & PagedPool))
        return NULL;
    return address - (uint64_t)block->start < block->size ? block : NULL;
}

static void check(const struct verifier_call *call, enum verifier_rule rule, const char *what)
{
    const struct special_block *block = verifier_paged_block(call->arguments[0]);
    ULONG_PTR parameters[3] = {call->arguments[0]};
    char notes[POOL_NOTES_SIZE];
    if (SB_LIKELY(!block))
        return;
    pool_notes(block, notes);
    verifier_report_at(rule, &(struct verifier_place){.caller = call->caller, .notes = notes},
                       parameters, "%s was given %s at offset %I64u of %s, which is paged pool",
                       call->routine, what, call->arguments[0] - (uint64_t)block->start,
                       pool_block(block).text);
}

BOOLEAN nonpaged_object(struct verifier_call *call)
{
    check(call, RULE_OBJECT_PAGEABLE, "an object");
    return TRUE;
}

BOOLEAN nonpaged_work_item(struct verifier_call *call)
{
    check(call, RULE_WORK_ITEM_PAGEABLE, "a work item");
    return TRUE;
}
