/* What the pool's callers do: freeing. */
#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/mm/mm.h"
#include "host/verifier/paged.h"
#include "host/verifier/pool_residents.h"
#include "host/verifier/pool_text.h"
#include "host/verifier/special_pool.h"
#include "host/verifier/stack_trace.h"
#include "host/verifier/watch.h"

static void report(enum verifier_rule rule, const void *caller, const struct special_block *block,
                   const ULONG_PTR *parameters, const char *sentence)
{
    char notes[POOL_NOTES_SIZE];
    pool_notes(block, notes);
    verifier_report_at(rule, &(struct verifier_place){.caller = caller, .notes = notes}, parameters,
                       "%s", sentence);
}

/* ---- a live block of the special pool ---- */
static void check_level(const struct special_block *block, const void *caller)
{
    KIRQL irql = current_kpcr()->irql;
    BOOLEAN is_paged = (block->pool_type & PagedPool) != 0;
    if (irql <= (is_paged ? APC_LEVEL : DISPATCH_LEVEL))
        return;
    ULONG_PTR parameters[3] = {irql, block->pool_type, (ULONG_PTR)block->start};
    verifier_report(is_paged ? RULE_POOL_FREE_PAGED_IRQL : RULE_POOL_FREE_NONPAGED_IRQL, caller,
                    parameters, "%s (%s pool) was freed at IRQL %u (at most %s)",
                    pool_block(block).text, is_paged ? "paged" : "nonpaged", irql,
                    is_paged ? "APC_LEVEL" : "DISPATCH_LEVEL");
}

static void check_tag(const struct special_block *block, ULONG tag, const void *caller)
{
    if (tag == 0 || ((tag ^ block->tag) & ~(ULONG)PROTECTED_POOL) == 0)
        return;
    ULONG_PTR parameters[3] = {(ULONG_PTR)block->start, block->tag, tag};
    char notes[POOL_NOTES_SIZE];
    pool_notes(block, notes);
    verifier_report_at(RULE_POOL_TAG, &(struct verifier_place){.caller = caller, .notes = notes},
                       parameters, "%s was freed with tag %s", pool_block(block).text,
                       pool_tag(tag).text);
}

static void check_damage(struct special_block *block, const void *caller)
{
    int64_t offset;
    uint8_t value;
    char notes[POOL_NOTES_SIZE];
    if (block->is_damaged || !special_is_damaged(block, &offset, &value))
        return;
    BOOLEAN behind = offset >= 0;
    int64_t away = behind ? offset - (int64_t)block->size : -offset;
    ULONG_PTR parameters[3] = {(ULONG_PTR)block->start, 0, (ULONG_PTR)away};
    pool_notes(block, notes);
    verifier_report_at(behind ? RULE_POOL_OVERRUN_FREED : RULE_POOL_UNDERRUN_FREED,
                       &(struct verifier_place){.caller = caller, .notes = notes}, parameters,
                       behind
                           ? "%s was freed; 0x%02x had been written %I64d bytes behind its end"
                           : "%s was freed; 0x%02x had been written %I64d bytes before its start",
                       pool_block(block).text, value, away);
}

static void free_live(struct special_block *block, ULONG tag, const void *caller)
{
    struct machine *machine = current_machine();
    if (caller) {
        check_level(block, caller);
        check_tag(block, tag, caller);
    }
    verifier_paged_pool_gone(block);
    if (caller && block->owner == SPECIAL_IRP)
        report(RULE_POOL_FREE_IRP, caller, block, (ULONG_PTR[3]){(ULONG_PTR)block->start},
               "an IRP was freed with ExFreePool");
    check_damage(block, caller);
    pool_residents_check(block, caller);
    special_free(machine, block, verifier_trace(caller));
}

/* ---- what is no live block's start ---- */
static void report_twice(const struct special_block *block, const void *caller)
{
    char notes[POOL_NOTES_SIZE];
    ULONG_PTR parameters[3] = {(ULONG_PTR)block->start, block->tag, block->size};
    pool_notes(block, notes);
    verifier_report_at(RULE_POOL_DOUBLE_FREE,
                       &(struct verifier_place){.caller = caller, .notes = notes}, parameters,
                       "%s was freed a second time", pool_block(block).text);
}

static void report_inside(const struct special_block *block, const void *address,
                          const void *caller)
{
    char notes[POOL_NOTES_SIZE];
    int64_t offset = (const uint8_t *)address - block->start;
    ULONG_PTR parameters[3] = {(ULONG_PTR)address, (ULONG_PTR)block->start, block->size};
    pool_notes(block, notes);
    verifier_report_at(
        RULE_POOL_BAD_FREE, &(struct verifier_place){.caller = caller, .notes = notes}, parameters,
        "an address %I64d bytes %s the start of %s was freed", offset < 0 ? -offset : offset,
        offset < 0 ? "before" : "behind", pool_block(block).text);
}

static const char *kind_of(const void *address)
{
    uint64_t low, high;
    linux_stack_bounds(&low, &high);
    if (!address)
        return "a null pointer";
    if ((uint64_t)address >= low && (uint64_t)address < high)
        return "an address of the stack";
    if (mm_is_user_address(address))
        return "a user's address";
    return "an address";
}

/* The ordinary pool's block, of the host's routines, or nothing at all. TRUE: nobody may free it.
 */
static BOOLEAN check_other(const void *block, ULONG tag, const void *caller)
{
    struct machine *machine = current_machine();
    SIZE_T size;
    ULONG actual;
    ULONG_PTR parameters[3] = {(ULONG_PTR)block, tag};
    if (mm_pool_query(machine, block, &size, &actual)) {
        if (tag && ((tag ^ actual) & ~(ULONG)PROTECTED_POOL) != 0) {
            verifier_report(RULE_POOL_TAG, caller, parameters,
                            "a block of %I64u bytes, tag %s, was freed with tag %s", (uint64_t)size,
                            pool_tag(actual).text, pool_tag(tag).text);
            mm_pool_free(machine, (void *)block);
            return TRUE;
        }
        return FALSE;
    }
    if (mm_pool_was_block(block))
        verifier_report(RULE_POOL_DOUBLE_FREE, caller, parameters,
                        "a pool block, tag %s, was freed a second time", pool_tag(tag).text);
    else
        verifier_report(RULE_POOL_BAD_FREE, caller, parameters,
                        "%s that is no pool block was freed: 0x%I64x", kind_of(block),
                        (uint64_t)block);
    return TRUE;
}

BOOLEAN verifier_pool_free(struct machine *machine, void *address, ULONG tag, void *caller)
{
    struct special_block *block = special_find(machine, (uint64_t)address);
    if (!block || block->state == SPECIAL_UNUSED)
        return caller && check_other(address, tag, caller);
    BOOLEAN is_start = block->start == address;
    if (is_start && block->state == SPECIAL_LIVE)
        free_live(block, tag, caller);
    else if (is_start)
        report_twice(block, caller);
    else
        report_inside(block, address, caller);
    return TRUE;
}

BOOLEAN verifier_pool_query(struct machine *machine, const void *address, SIZE_T *size, ULONG *tag)
{
    const struct special_block *block = special_find(machine, (uint64_t)address);
    if (!block || block->state != SPECIAL_LIVE || block->start != address)
        return FALSE;
    *size = block->size;
    *tag = block->tag;
    return TRUE;
}
