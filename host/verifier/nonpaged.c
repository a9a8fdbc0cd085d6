/* Objects that threads synchronise by must be in nonpaged memory: in front of what initialises and
 * takes them. */
#include <sysbuf/host.h>

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

BOOLEAN nonpaged_object(struct verifier_call *call)
{
    const struct special_block *block = verifier_paged_block(call->arguments[0]);
    ULONG_PTR parameters[3] = {call->arguments[0]};
    char notes[POOL_NOTES_SIZE];
    if (SB_LIKELY(!block) || !verifier_checks(SB_VERIFY_LOCKS))
        return TRUE;
    pool_notes(block, notes);
    verifier_report_at(
        RULE_OBJECT_PAGEABLE, &(struct verifier_place){.caller = call->caller, .notes = notes},
        parameters, "%s was given an object at offset %I64u of %s, which is paged pool",
        call->routine, call->arguments[0] - (uint64_t)block->start, pool_block(block).text);
    return TRUE;
}
