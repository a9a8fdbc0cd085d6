#include "host/verifier/pool_copy.h"

#include <sysbuf/host.h>

#include "host/crt/crt.h"
#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/sanitizer/sanitizer.h"
#include "host/seh/fault_record.h"
#include "host/verifier/pool_text.h"
#include "host/verifier/special_pool.h"
#include "host/verifier/stack_trace.h"
#include "host/verifier/state.h"

static void report_pool(const struct verifier_call *call, struct special_block *block,
                        uint64_t address, uint64_t length, BOOLEAN write)
{
    uint64_t start = (uint64_t)block->start, end = start + block->size;
    ULONG_PTR parameters[3] = {end, write, (ULONG_PTR)call->caller};
    char notes[POOL_NOTES_SIZE];
    pool_notes(block, notes);
    block->is_damaged |= write;
    verifier_state()->told_copy = (uint64_t)call->caller;
    verifier_report_at(RULE_POOL_OVERRUN,
                       &(struct verifier_place){.caller = call->caller, .notes = notes}, parameters,
                       "%s %s %I64u bytes at offset %I64d of %s: %I64u bytes behind its end",
                       call->routine, write ? "writes" : "reads", length,
                       (int64_t)(address - start), pool_block(block).text, address + length - end);
}

/* Freed blocks and what lies before one fault by themselves, or are found when it is freed. */
static void check_pool(const struct verifier_call *call, uint64_t address, uint64_t length,
                       BOOLEAN write)
{
    struct special_block *block = special_find(current_machine(), address);
    if (SB_LIKELY(!block) || block->state != SPECIAL_LIVE || length == 0)
        return;
    uint64_t start = (uint64_t)block->start;
    if (address >= start && address - start <= block->size &&
        length > block->size - (address - start))
        report_pool(call, block, address, length, write);
}

/* Going on would end wherever the copied bytes say. */
static _Noreturn void report_stack(const struct verifier_call *call, uint64_t address,
                                   uint64_t length, uint64_t end)
{
    enum { COOKIE = 2 };
    ULONG_PTR parameters[4] = {COOKIE, address, length, end};
    char message[VERIFIER_MESSAGE_SIZE];
    text_format(
        message, sizeof(message),
        "%s writes %I64u bytes to the stack, what the function needs to return is %I64u bytes "
        "behind the start",
        call->routine, length, end - address);
    verifier_report(RULE_STACK_OVERRUN, call->caller, parameters + 1, "%s", message);
    verifier_note_told((uint64_t)call->caller);
    ke_bug_check_because(KERNEL_SECURITY_CHECK_FAILURE, parameters, (uint64_t)call->caller, NULL,
                         message);
}

static void check_stack(const struct verifier_call *call, uint64_t address, uint64_t length)
{
    uint64_t low, high;
    if (address < call->stack_pointer || length == 0)
        return;
    linux_stack_bounds(&low, &high);
    if (address >= high)
        return;
    uint64_t end = verifier_variables_end(call->caller, address);
    if (end && length > end - address)
        report_stack(call, address, length, end);
}

/* Local and global variables of drivers that the compiler made it known for. */
static void check_variables(const struct verifier_call *call, uint64_t address, uint64_t length,
                            BOOLEAN write)
{
    if (!special_find(current_machine(), address))
        sanitizer_check((const void *)address, length, write, call->caller);
}

static BOOLEAN check_write(const struct verifier_call *call, uint64_t length)
{
    if (!verifier_checks(SB_VERIFY_POOL))
        return TRUE;
    check_pool(call, call->arguments[0], length, TRUE);
    check_variables(call, call->arguments[0], length, TRUE);
    check_stack(call, call->arguments[0], length);
    return TRUE;
}

BOOLEAN copy_memory(struct verifier_call *call)
{
    if (verifier_checks(SB_VERIFY_POOL)) {
        check_pool(call, call->arguments[1], call->arguments[2], FALSE);
        check_variables(call, call->arguments[1], call->arguments[2], FALSE);
    }
    return check_write(call, call->arguments[2]);
}

/* Compilers copy a structure to itself by memcpy. */
BOOLEAN copy_overlap(struct verifier_call *call)
{
    uint64_t to = call->arguments[0], from = call->arguments[1], length = call->arguments[2];
    uint64_t distance = to > from ? to - from : from - to;
    if (distance != 0 && distance < length && verifier_checks(SB_VERIFY_POOL))
        verifier_report(RULE_COPY_OVERLAPS, call->caller, (ULONG_PTR[3]){to, from, length},
                        "%s copies %I64u bytes to a place %I64u bytes %s their source",
                        call->routine, length, distance, to > from ? "behind" : "before");
    return TRUE;
}

BOOLEAN copy_fill(struct verifier_call *call)
{
    return check_write(call, call->arguments[2]);
}

BOOLEAN copy_rtl_fill(struct verifier_call *call)
{
    return check_write(call, call->arguments[1]);
}

static SIZE_T length_of(uint64_t text)
{
    return strlen((const char *)text);
}

static SIZE_T wide_length_of(uint64_t text)
{
    return wcslen((const WCHAR *)text) * sizeof(WCHAR);
}

BOOLEAN copy_text(struct verifier_call *call)
{
    return check_write(call, length_of(call->arguments[1]) + 1);
}

BOOLEAN copy_wide_text(struct verifier_call *call)
{
    return check_write(call, wide_length_of(call->arguments[1]) + sizeof(WCHAR));
}

BOOLEAN append_text(struct verifier_call *call)
{
    return check_write(call, length_of(call->arguments[0]) + length_of(call->arguments[1]) + 1);
}

BOOLEAN append_wide_text(struct verifier_call *call)
{
    return check_write(call, wide_length_of(call->arguments[0]) +
                                 wide_length_of(call->arguments[1]) + sizeof(WCHAR));
}

BOOLEAN copy_padded(struct verifier_call *call)
{
    return check_write(call, call->arguments[2]);
}

BOOLEAN copy_wide_padded(struct verifier_call *call)
{
    return check_write(call, call->arguments[2] * sizeof(WCHAR));
}
