/* Jumps to where no code is: a pointer called, or a return address overwritten. */
#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/loader/loader.h"
#include "host/mm/mm.h"
#include "host/seh/safe_memory.h"
#include "host/verifier/fault_place.h"
#include "host/verifier/fill.h"
#include "host/verifier/pool_text.h"
#include "host/verifier/state.h"

enum { TARGET_SIZE = 160, LONGEST_CALL = 7 };

/* Whether the instruction that ends at address is a call. */
static BOOLEAN follows_call(uint64_t address)
{
    uint8_t code[LONGEST_CALL];
    if (seh_read_some(address - LONGEST_CALL, code, sizeof(code)) != sizeof(code))
        return FALSE;
    if (code[LONGEST_CALL - 5] == 0xE8)
        return TRUE;
    for (unsigned length = 2; length <= LONGEST_CALL; length++) {
        const uint8_t *at = code + LONGEST_CALL - length;
        if (at[0] == 0xFF && (at[1] >> 3 & 7) == 2)
            return TRUE;
    }
    return FALSE;
}

/* A call leaves its return address on top of the stack; a return leaves what it took just below. */
BOOLEAN fault_was_returned_to(const CONTEXT *context, uint64_t address)
{
    uint64_t top = 0, taken = 0;
    seh_read_some(context->Rsp, &top, sizeof(top));
    seh_read_some(context->Rsp - sizeof(taken), &taken, sizeof(taken));
    if (follows_call(top))
        return FALSE;
    return taken == address;
}

static void describe_target(uint64_t address, char text[TARGET_SIZE], char notes[POOL_NOTES_SIZE])
{
    const struct special_block *block = special_find_meant(current_machine(), address);
    enum verifier_fill kind;
    notes[0] = 0;
    if (address < NULL_PAGES_END)
        text_format(text, TARGET_SIZE, "a null pointer");
    else if (verifier_is_fill(address, &kind))
        text_format(text, TARGET_SIZE, "a pointer that was never set");
    else if (block)
        text_format(text, TARGET_SIZE, "%smemory of %s",
                    block->state == SPECIAL_FREED ? "freed " : "the ", pool_block(block).text);
    else if (mm_page_allows((const void *)address, FALSE))
        text_format(text, TARGET_SIZE, "memory that holds no code");
    else if (mm_is_user_address((const void *)address))
        text_format(text, TARGET_SIZE, "a user's address");
    else
        text_format(text, TARGET_SIZE, "an address where nothing is");
    if (block)
        pool_notes(block, notes);
}

/* The stack as it was at the call: the target never ran an instruction. */
CONTEXT fault_caller(const CONTEXT *context)
{
    CONTEXT caller = *context;
    uint64_t top = 0;
    seh_read_some(context->Rsp, &top, sizeof(top));
    caller.Rip = top;
    caller.Rsp += sizeof(top);
    return caller;
}

static void report_call(const struct fault_place *place)
{
    char target[TARGET_SIZE], notes[POOL_NOTES_SIZE];
    BOOLEAN is_there = place->context->Rip == place->address;
    CONTEXT context = is_there ? fault_caller(place->context) : *place->context;
    struct verifier_place where = {
        .context = &context,
        .is_exact = !is_there,
        .notes = notes,
        .caller = (const void *)context.Rip,
    };
    ULONG_PTR parameters[3] = {place->address, context.Rip, 0};
    describe_target(place->address, target, notes);
    verifier_note_told(place->context->Rip);
    verifier_report_at(RULE_WILD_CALL, &where, parameters, "0x%I64x was called: %s", place->address,
                       target);
}

void fault_check_branch(const struct fault_place *place, enum fault_branch branch)
{
    if (branch != FAULT_RETURN &&
        (branch == FAULT_CALL || !fault_was_returned_to(place->context, place->address))) {
        report_call(place);
        return;
    }
    LONG64 offset = fault_find_in_requests(place->address);
    fault_report(place, RULE_STACK_OVERRUN, NULL,
                 offset >= 0
                     ? "a function returns to 0x%I64x: its return address was overwritten with the "
                       "bytes at offset %I64d of the request's input"
                     : "a function returns to 0x%I64x: its return address was overwritten",
                 place->address, offset);
}
