/* What a driver does with user memory, access by access. */
#include "host/verifier/user_memory.h"

#include <sysbuf/host.h>

#include "host/export.h"
#include "host/loader/loader.h"
#include "host/mm/mm.h"
#include "host/verifier/access_size.h"
#include "host/verifier/fault_place.h"
#include "host/verifier/guarded.h"
#include "host/verifier/imports.h"
#include "host/seh/frame_walk.h"
#include "host/seh/unwind_types.h"
#include "host/verifier/user_fetch.h"
#include "host/verifier/user_probe.h"
#include "host/verifier/user_watch.h"

/* One access, and who makes it. */
struct access {
    uint64_t address;
    SIZE_T length;
    BOOLEAN write;
    BOOLEAN is_copy; /* one of many instructions of a copy */
    uint64_t place;  /* in the driver */
    struct verifier_place where;
    const struct export_entry *routine; /* of the host that a driver called; NULL: the driver */
};

/* ---- who ---- */
/* The routine that a driver called and that led to the fault; NULL when there is none. */
static const struct export_entry *find_routine(const CONTEXT *context, uint64_t *caller)
{
    struct seh_walk walk;
    uint64_t pc = 0;
    seh_walk_start(&walk, context, TRUE);
    for (;;) {
        enum seh_walk_result result = seh_walk_examine(&walk, UNW_FLAG_NHANDLER);
        if (loader_find(current_machine(), walk.frame.control_pc)) {
            *caller = walk.frame.control_pc;
            return pc ? host_export_at(pc) : NULL;
        }
        if (result != SEH_WALK_CALLER)
            return NULL;
        pc = walk.frame.control_pc;
        seh_walk_advance(&walk);
    }
}

static BOOLEAN same_text(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static BOOLEAN is_service(const struct export_entry *routine)
{
    return routine && routine->name[0] == 'Z' && routine->name[1] == 'w';
}

/* Routines that work on the caller's objects: waiting for, or setting, an event in user memory. */
static BOOLEAN is_dispatcher(const struct export_entry *routine)
{
    return routine && routine->name[0] == 'K' && routine->name[1] == 'e';
}

/* ---- the rules ---- */
static void report_address(enum verifier_rule rule, const struct access *access, const char *what)
{
    verifier_report_at(
        rule, &access->where, (ULONG_PTR[]){access->address, access->length, access->write},
        "%s %llu bytes %s user address 0x%llx %s", access->write ? "writing" : "reading",
        access->length, access->write ? "to" : "from", access->address, what);
}

static BOOLEAN is_probed(struct verifier_exchange *request, const struct access *access)
{
    struct verifier_memory *memory = verifier_memory();
    uint64_t end = access->address + (access->length ? access->length : 1);
    if (request && verifier_ranges_cover(&request->probed, access->address, end))
        return TRUE;
    for (ULONG i = 0; request && i < request->area_count; i++)
        if (access->address >= request->areas[i].start && access->address < request->areas[i].end)
            return FALSE; /* what this request named is this request's to probe */
    linux_lock(&memory->lock);
    struct verifier_process *known = verifier_process_of(current_thread()->Tcb.process);
    BOOLEAN covered = !known || verifier_ranges_cover(&known->probed, access->address, end);
    linux_unlock(&memory->lock);
    return covered;
}

/* Drivers may compare with MmUserProbeAddress themselves, as the probing macros do. */
static BOOLEAN probes_itself(const struct access *access)
{
    return verifier_imports(access->place, "MmUserProbeAddress") ||
           verifier_imports(access->place, "MmHighestUserAddress") ||
           verifier_imports(access->place, "MmSystemRangeStart");
}

static void report_unprobed(struct verifier_exchange *request, const struct access *access)
{
    const uint64_t near = 0x10000;
    const struct verifier_range *before =
        request ? verifier_ranges_below(&request->probed, access->address) : NULL;
    if (request &&
        verifier_ranges_cover(&request->probed_empty, access->address, access->address + 1))
        report_address(RULE_USER_PROBED_EMPTY, access,
                       "that was probed with length 0, which checks nothing");
    else if (before && access->address - before->end < near)
        report_address(RULE_USER_BEYOND_PROBE, access, "behind the range that was probed");
    else
        report_address(RULE_USER_UNPROBED, access,
                       "that was not probed: it may as well be one of the kernel's");
}

/* Everything of the region counts as probed from then on: one finding says it. */
static void check_probed(struct verifier_exchange *request, const struct access *access)
{
    if (is_probed(request, access))
        return;
    if (!probes_itself(access))
        report_unprobed(request, access);
    struct mm_region *region = mm_region_find(current_machine(), (void *)access->address);
    uint64_t start = region ? (uint64_t)region->base : access->address;
    uint64_t end = region ? start + region->size : start + LINUX_PAGE_SIZE;
    if (request)
        verifier_ranges_add(&request->probed, start, end);
    else
        verifier_probe_note(access->address, access->length);
}

/* The same place at the same depth of the stack has the same handlers. */
static BOOLEAN is_known_guarded(struct verifier_exchange *request, const CONTEXT *context)
{
    if (!request)
        return FALSE;
    ULONG slot = (ULONG)(context->Rip ^ context->Rip >> 4) % REQUEST_GUARD_CACHE;
    if (request->guarded[slot].rip == context->Rip && request->guarded[slot].rsp == context->Rsp)
        return TRUE;
    request->guarded[slot].rip = context->Rip;
    request->guarded[slot].rsp = context->Rsp;
    return FALSE;
}

static void check_guarded(struct verifier_exchange *request, const struct access *access)
{
    struct mm_region *region = mm_region_find(current_machine(), (void *)access->address);
    if ((request && request->unguarded_is_known) || (region && region->secures) ||
        (access->where.context && is_known_guarded(request, access->where.context)) ||
        verifier_is_guarded(access->where.context, access->where.is_exact))
        return;
    if (request)
        request->unguarded_is_known = TRUE;
    report_address(RULE_USER_UNGUARDED, access,
                   "outside of any __try: the application can take the memory away at any time");
}

static void check_fetch(struct verifier_exchange *request, const struct access *access)
{
    struct verifier_fetch fetch = {access->address, access->length, access->place,
                                   !access->is_copy && !access->routine};
    char module[LOADER_NAME_SIZE];
    uint64_t earlier, offset;
    if (!request)
        return;
    if (access->write) {
        verifier_fetch_forget(request->fetches, access->address, access->length);
        return;
    }
    if (!verifier_fetch_again(&request->fetches, &fetch, &earlier) ||
        request->fetched_twice_is_known)
        return;
    request->fetched_twice_is_known = TRUE;
    loader_describe_address(current_machine(), earlier, module, sizeof(module), &offset);
    verifier_report_at(RULE_DOUBLE_FETCH, &access->where,
                       (ULONG_PTR[]){access->address, access->length, earlier},
                       "user address 0x%llx is read a second time; it was read at %s+0x%llx, and "
                       "the application may have changed it since",
                       access->address, module, offset);
}

/* Memory the driver finds in no process but its owner's. */
static BOOLEAN is_of_other_process(uint64_t address)
{
    struct mm_region *region = mm_region_find(current_machine(), (void *)address);
    return region && region->owner && region->owner != current_thread()->Tcb.process;
}

/* Pages that an MDL locks are there. */
static BOOLEAN may_be_paged_out(uint64_t address)
{
    struct mm_region *region = mm_region_find(current_machine(), (void *)address);
    return !region || region->pins == 0;
}

static void check_level(const struct access *access)
{
    KIRQL irql = KeGetCurrentIrql();
    if (irql >= DISPATCH_LEVEL && may_be_paged_out(access->address))
        verifier_report_at(RULE_USER_MEMORY_IRQL, &access->where,
                           (ULONG_PTR[]){access->address, irql, access->write},
                           "user address 0x%llx was %s at IRQL %u (at most APC_LEVEL)",
                           access->address, access->write ? "written" : "read", irql);
}

static void check(const struct access *access)
{
    struct verifier_exchange *request = verifier_exchange_current();
    if (is_of_other_process(access->address)) {
        report_address(RULE_USER_WRONG_PROCESS, access,
                       "in a thread of another process, where it is other memory or none");
        return;
    }
    if (is_service(access->routine) || is_dispatcher(access->routine)) {
        enum verifier_rule rule =
            is_service(access->routine) ? RULE_USER_TO_SERVICE : RULE_USER_TO_KERNEL;
        verifier_report_at(rule, &access->where, (ULONG_PTR[]){access->address, 0, 0},
                           "%s was given the user address 0x%llx", access->routine->name,
                           access->address);
        return;
    }
    check_level(access);
    check_probed(request, access);
    check_guarded(request, access);
    if (!access->routine || same_text(access->routine->component, "rtl") ||
        same_text(access->routine->component, "crt"))
        check_fetch(request, access);
}

/* ---- faults ---- */
/* How much of an access of `size` bytes lies in the page that it faulted on, which may be its
 * second one: the fault's address is then where that page begins. */
static SIZE_T length_in_page(const struct linux_fault *fault, const CONTEXT *context, SIZE_T size)
{
    uint64_t rest = LINUX_PAGE_SIZE - fault->address % LINUX_PAGE_SIZE, start;
    if (rest == LINUX_PAGE_SIZE && fault_find_memory(context, &start) && start < fault->address &&
        fault->address - start < size)
        return size - (fault->address - start);
    return size < rest ? size : rest;
}

/* FALSE: no driver has to do with it. */
static BOOLEAN describe(const struct linux_fault *fault, const CONTEXT *context,
                        struct access *access)
{
    struct verifier_access_size size = verifier_access_size(context);
    *access = (struct access){.address = fault->address,
                              .length = length_in_page(fault, context, size.length),
                              .write = fault->write,
                              .is_copy = size.is_repeated,
                              .place = context->Rip,
                              .where = {NULL, context, TRUE}};
    if (loader_find(current_machine(), context->Rip)) {
        access->where.caller = (void *)context->Rip;
        return TRUE;
    }
    access->routine = find_routine(context, &access->place);
    return access->routine != NULL;
}

/* What the driver is about to read may be addresses itself. */
static void follow(const struct access *access)
{
    struct verifier_exchange *request = verifier_exchange_current();
    const SIZE_T most = 4096;
    SIZE_T length = access->length < most ? access->length : most;
    void *copy = request && !access->write && length >= 4 ? linux_allocate(length) : NULL;
    if (copy && linux_copy_guarded(copy, (void *)access->address, length))
        verifier_user_watch_contents(request, copy, length);
    linux_free(copy);
}

/* Whether a caller gave the address, so that a fault there is no accident. */
static BOOLEAN is_given(uint64_t address)
{
    struct verifier_exchange *request = verifier_exchange_current();
    for (ULONG i = 0; request && i < request->area_count; i++)
        if (address >= request->areas[i].start && address < request->areas[i].end)
            return TRUE;
    return request && verifier_ranges_cover(&request->probed, address, address + 1);
}

/* An instruction that goes through the caller's memory has shown what it does after some rounds;
 * each further one would cost as much. */
static BOOLEAN is_long_loop(const CONTEXT *context)
{
    enum { ROUNDS = 128 };
    struct verifier_exchange *request = verifier_exchange_current();
    USHORT *rounds = request ? &request->loops[context->Rip % REQUEST_LOOPS] : NULL;
    if (!rounds || *rounds == ROUNDS)
        return rounds != NULL;
    (*rounds)++;
    return FALSE;
}

enum verifier_user_fault verifier_user_fault(const struct linux_fault *fault, CONTEXT *context)
{
    BOOLEAN is_watched = linux_page_is_watched((void *)fault->address);
    struct access access;
    if (!verifier_checks(SB_VERIFY_USER) || fault->execute ||
        (!is_watched && !is_given(fault->address)))
        return VERIFIER_FAULT_UNKNOWN;
    if (describe(fault, context, &access)) {
        check(&access);
        if (is_watched)
            follow(&access);
    }
    if (!is_watched)
        return VERIFIER_FAULT_EXPECTED;
    if (!is_long_loop(context) && linux_watch_step((void *)fault->address))
        context->EFlags |= LINUX_TRAP_FLAG;
    else
        linux_pages_unwatch((void *)(fault->address & ~(LINUX_PAGE_SIZE - 1)), LINUX_PAGE_SIZE);
    return VERIFIER_FAULT_RESUME;
}

/* ---- copies by the host's routines ---- */
static void open_side(const void *address, SIZE_T length, BOOLEAN write, void *caller)
{
    struct access access = {.address = (uint64_t)address,
                            .length = length,
                            .write = write,
                            .is_copy = TRUE,
                            .place = (uint64_t)caller,
                            .where = {.caller = caller}};
    if (!mm_is_user_address(address) || !linux_page_is_watched(address))
        return;
    check(&access);
    follow(&access);
    uint64_t start = (uint64_t)address & ~(LINUX_PAGE_SIZE - 1);
    linux_pages_unwatch((void *)start, ((uint64_t)address + length - start + LINUX_PAGE_SIZE - 1) &
                                           ~(LINUX_PAGE_SIZE - 1));
}

void verifier_user_copy(const void *to, const void *from, SIZE_T length, void *caller)
{
    if (!verifier_checks(SB_VERIFY_USER) || length == 0 ||
        !loader_find(current_machine(), (uint64_t)caller))
        return;
    open_side(from, length, FALSE, caller);
    open_side(to, length, TRUE, caller);
}

void verifier_user_copied(void)
{
    if (verifier_checks(SB_VERIFY_USER))
        verifier_user_watch_again();
}
