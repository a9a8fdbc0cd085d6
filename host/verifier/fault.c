/*
 * Faults, before the driver's own handlers hear of them: what the address was, whose memory it is,
 * and how the machine stops where Windows leaves no choice.
 */
#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/loader/loader.h"
#include "host/mm/mm.h"
#include "host/seh/safe_memory.h"
#include "host/verifier/fault_place.h"
#include "host/verifier/fault_user.h"
#include "host/verifier/fill.h"
#include "host/verifier/mdl.h"
#include "host/verifier/object.h"
#include "host/verifier/paged.h"
#include "host/verifier/pool_text.h"
#include "host/verifier/stack_fence.h"
#include "host/verifier/thread.h"
#include "host/verifier/user_memory.h"
#include "host/verifier/watch.h"

enum {
    BEYOND_END = 0xCD,        /* PAGE_FAULT_BEYOND_END_OF_ALLOCATION */
    DRIVER_BEYOND_END = 0xD6, /* DRIVER_... */
    FREED = 0xCC,             /* PAGE_FAULT_IN_FREED_SPECIAL_POOL */
    DRIVER_FREED = 0xD5,      /* DRIVER_... */
};

void __attribute__((ms_abi)) fault_report(const struct fault_place *place, enum verifier_rule rule,
                                          const char *notes, const char *format, ...)
{
    char message[VERIFIER_MESSAGE_SIZE];
    ULONG_PTR parameters[3] = {place->address, place->fault->write, place->context->Rip};
    __builtin_ms_va_list arguments;

    __builtin_ms_va_start(arguments, format);
    text_format_list(message, sizeof(message), format, arguments);
    __builtin_ms_va_end(arguments);
    verifier_note_told(place->context->Rip);
    verifier_report_at(
        rule, &(struct verifier_place){.context = place->context, .is_exact = TRUE, .notes = notes},
        parameters, "%s", message);
}

/* ---- the special pool ---- */
static void report_freed(const struct fault_place *place, const struct special_block *block)
{
    char notes[POOL_NOTES_SIZE];
    BOOLEAN is_request = block->owner == SPECIAL_IRP && verifier_checks(SB_VERIFY_IRP);
    pool_notes(block, notes);
    fault_report(place, is_request ? RULE_IRP_USED_AFTER : RULE_USE_AFTER_FREE, notes,
                 "%s, freed before, was %s at its offset %I64d", pool_block(block).text,
                 place->access, (int64_t)(place->address - (uint64_t)block->start));
}

static void report_beyond(const struct fault_place *place, struct special_block *block)
{
    char notes[POOL_NOTES_SIZE];
    uint64_t start = (uint64_t)block->start, end = start + block->size;
    pool_notes(block, notes);
    block->is_damaged = TRUE;
    if (place->address < start)
        fault_report(place, RULE_POOL_UNDERRUN, notes, "%s was %s %I64u bytes before its start",
                     pool_block(block).text, place->access, start - place->address);
    else
        fault_report(place, RULE_POOL_OVERRUN, notes, "%s was %s %I64u bytes behind its end",
                     pool_block(block).text, place->access, place->address - end);
}

/* TRUE: it was the special pool's, and stop is filled. */
static BOOLEAN check_special_pool(const struct fault_place *place, struct fault_stop *stop)
{
    struct special_block *block = special_find_meant(current_machine(), place->address);
    if (!block)
        return FALSE;
    BOOLEAN freed = block->state == SPECIAL_FREED;
    if (freed)
        report_freed(place, block);
    else
        report_beyond(place, block);
    ULONG code = freed ? FREED : BEYOND_END;
    if (place->in_driver)
        code = freed ? DRIVER_FREED : DRIVER_BEYOND_END;
    *stop =
        (struct fault_stop){code, {place->address, place->fault->write, place->context->Rip, 0}};
    return TRUE;
}

/* ---- other addresses ---- */
static const char *const unwritten[VERIFIER_FILL_KINDS] = {
    [VERIFIER_FILL_BUFFER] = "a system buffer holds behind the input",
    [VERIFIER_FILL_POOL] = "new pool holds",
    [VERIFIER_FILL_STACK] = "an unwritten stack holds",
};

static void check_image(const struct fault_place *place, const struct loaded_image *image)
{
    uint64_t offset = place->address - (uint64_t)image->base;
    if (mm_page_allows((const void *)place->address, FALSE))
        fault_report(place, RULE_READ_ONLY, NULL, "%s+0x%I64x, which is read only, was written",
                     image->name, offset);
    else
        fault_report(place, RULE_DISCARDED, NULL,
                     "%s+0x%I64x was %s, in a section that was discarded after DriverEntry",
                     image->name, offset, place->access);
}

/* Never right, whatever the handlers say: there is nothing to probe in the kernel's range. */
static void check_kernel_address(const struct fault_place *place)
{
    const struct loaded_image *image = loader_find(current_machine(), place->address);
    LONG64 offset = fault_find_in_requests(place->address);
    enum verifier_fill kind;
    if (image)
        check_image(place, image);
    else if (place->fault->write && mm_page_allows((const void *)place->address, FALSE))
        fault_report(place, RULE_READ_ONLY, NULL, "0x%I64x, which is read only, was written",
                     place->address);
    else if (offset >= 0)
        fault_report(place, RULE_REQUEST_POINTER, NULL,
                     "0x%I64x was %s: an address that the request's input holds at offset %I64d",
                     place->address, place->access, offset);
    else if (verifier_is_fill(place->address, &kind))
        fault_report(place, RULE_UNINITIALIZED_POINTER, NULL,
                     "0x%I64x was %s: the address is what %s", place->address, place->access,
                     unwritten[kind]);
    else
        fault_report(place, RULE_INVALID_ADDRESS, NULL, "0x%I64x was %s, where nothing is",
                     place->address, place->access);
}

/* The sanitizer told of the null pointer a few instructions before it was used. */
static BOOLEAN is_null_told(const struct fault_place *place)
{
    enum { FEW = 128 };
    uint64_t told = verifier_state()->null_told;
    if (!told || place->context->Rip - told >= FEW)
        return FALSE;
    verifier_note_told(place->context->Rip);
    return TRUE;
}

static void check_data(const struct fault_place *place)
{
    uint64_t address = place->address;
    if (!mm_is_user_address((const void *)address))
        check_kernel_address(place);
    else if (address < NULL_PAGES_END && !fault_is_callers_null(address) && !is_null_told(place))
        fault_report(place, RULE_NULL_DEREFERENCE, NULL, "address 0x%I64x was %s", address,
                     place->access);
}

/* ---- int 29h ---- */
static void check_fast_fail(const struct fault_place *place)
{
    enum { STACK_COOKIE = 2, LIST_ENTRY_CORRUPT = 3 };
    ULONG code = (ULONG)place->context->Rcx;
    if (code == STACK_COOKIE)
        fault_report(place, RULE_STACK_OVERRUN, NULL,
                     "the stack's security cookie was overwritten (__fastfail 2)");
    else if (code == LIST_ENTRY_CORRUPT)
        fault_report(place, RULE_LIST_CORRUPT, NULL,
                     "a list entry's neighbours do not point back to it (__fastfail 3)");
    else
        fault_report(place, RULE_FAST_FAIL, NULL, "the driver ended in __fastfail, code %u", code);
}

static BOOLEAN is_interrupt(const CONTEXT *context)
{
    uint8_t code[2];
    return seh_read_some(context->Rip, code, sizeof(code)) == sizeof(code) && code[0] == 0xCD;
}

static void check_protection(struct fault_place *place)
{
    enum { FAST_FAIL = 0x29 };
    enum fault_branch branch;
    uint8_t code[2];
    if (is_interrupt(place->context)) {
        seh_read_some(place->context->Rip, code, sizeof(code));
        if (code[1] == FAST_FAIL)
            check_fast_fail(place);
        return;
    }
    if (!fault_find_operand(place->context, &place->address, &branch))
        return;
    place->is_known = TRUE;
    if (branch != FAULT_NO_BRANCH)
        fault_check_branch(place, branch);
    else
        check_data(place);
}

/* A stack that was overrun may name no driver any more, but it was one that returned. */
static BOOLEAN has_lost_stack(const struct fault_place *place)
{
    const struct verifier_thread *thread = current_thread()->verified;
    return place->fault->execute && thread && thread->call &&
           fault_was_returned_to(place->context, place->address);
}

/* A driver's code, or the host's on behalf of one; what was jumped to in vain is nobody's. */
static BOOLEAN is_drivers(const struct fault_place *place)
{
    CONTEXT caller = *place->context;
    if (has_lost_stack(place))
        return TRUE;
    if (place->fault->execute)
        caller = fault_caller(place->context);
    return place->in_driver || verifier_first_frame(&caller, !place->fault->execute) != 0;
}

/* A routine of the host that copies too much goes on until it meets what it must not touch, from
 * wherever it begins. */
static BOOLEAN is_of_told_copy(const struct fault_place *place)
{
    uint64_t copy = verifier_state()->told_copy;
    if (!copy || place->in_driver || verifier_first_frame(place->context, TRUE) != copy)
        return FALSE;
    verifier_note_told(place->context->Rip);
    return TRUE;
}

static void check_page_fault(const struct fault_place *place)
{
    uint64_t low, high;
    linux_stack_bounds(&low, &high);
    if (fault_is_stack_overflow(place->fault, low))
        fault_report(place, RULE_STACK_OVERFLOW, NULL,
                     "the stack is exhausted: %I64u KiB, where Windows has 24",
                     (high - low) / 1024);
    else if (place->fault->execute)
        fault_check_branch(place, FAULT_NO_BRANCH);
    else
        check_data(place);
}

/* The rules of user memory come first: a page may only be watched, and the access go on. Where it
 * does not, what was opened for a step is closed again. */
static enum verifier_user_fault ask_owners(const struct linux_fault *fault, CONTEXT *context)
{
    enum verifier_user_fault user = VERIFIER_FAULT_UNKNOWN;
    BOOLEAN is_known = fault->kind == LINUX_FAULT_ACCESS && !fault->general_protection;

    if (is_known && (verifier_paged_fault(fault, context) || verifier_mdl_fault(fault, context)))
        context_resume(context);
    if (is_known && mm_is_user_address((const void *)fault->address))
        user = verifier_user_fault(fault, context);
    if (user == VERIFIER_FAULT_RESUME)
        context_resume(context);
    if (linux_watch_step_end())
        context->EFlags &= ~LINUX_TRAP_FLAG;
    if (is_known && user == VERIFIER_FAULT_UNKNOWN)
        verifier_object_fault(fault, context);
    return user;
}

BOOLEAN verifier_fault(const struct linux_fault *fault, CONTEXT *context, struct fault_stop *stop)
{
    struct fault_place place = {
        .fault = fault,
        .context = context,
        .address = fault->address,
        .is_known = !fault->general_protection,
        .in_driver = loader_find(current_machine(), context->Rip) != NULL,
        .access = fault->execute ? "executed"
                  : fault->write ? "written"
                                 : "read",
    };
    enum verifier_user_fault user = ask_owners(fault, context);
    if (fault->kind != LINUX_FAULT_ACCESS)
        return FALSE;
    if (user == VERIFIER_FAULT_EXPECTED || !verifier_checks(SB_VERIFY_POOL) || !is_drivers(&place))
        return FALSE;
    if (fault->general_protection) {
        place.access = "accessed";
        check_protection(&place);
        return FALSE;
    }
    if (!fault->execute && (check_special_pool(&place, stop) || stack_fence_check(&place, stop)))
        return TRUE;
    if (!is_of_told_copy(&place))
        check_page_fault(&place);
    return FALSE;
}
