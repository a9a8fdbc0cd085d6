/* Keeping findings: where, with which stack, how often. */
#include "host/verifier/state.h"
#include "host/verifier/thread.h"

#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/linux/pe_symbols.h"
#include "host/loader/loader.h"
#include "host/seh/crash.h"
#include "host/seh/frame_walk.h"
#include "host/verifier/stack_trace.h"

enum {
    LINE_SIZE = 512,
    DESCRIPTION_SIZE = 8192,
    DETECTED_VIOLATION = 0xC4, /* DRIVER_VERIFIER_DETECTED_VIOLATION */
};

struct stack {
    ULONG count;
    uint64_t frames[VERIFIER_FRAMES];
    BOOLEAN is_exact; /* the first frame is the instruction itself */
};

static void walk_drivers(struct machine *machine, const CONTEXT *context, BOOLEAN exact,
                         ULONG capacity, struct stack *stack)
{
    struct seh_walk walk;

    seh_walk_start(&walk, context, exact);
    while (stack->count < capacity) {
        BOOLEAN is_exact = walk.exact;
        enum seh_walk_result result = seh_walk_examine(&walk, UNW_FLAG_NHANDLER);
        if (result != SEH_WALK_END && loader_find(machine, walk.frame.control_pc)) {
            if (stack->count == 0)
                stack->is_exact = is_exact;
            stack->frames[stack->count++] = walk.frame.control_pc;
        }
        if (result != SEH_WALK_CALLER)
            return;
        seh_walk_advance(&walk);
    }
}

ULONG verifier_stack(uint64_t *frames, ULONG capacity)
{
    struct stack stack = {0};
    CONTEXT context;

    RtlCaptureContext(&context);
    walk_drivers(current_machine(), &context, FALSE,
                 capacity < VERIFIER_FRAMES ? capacity : VERIFIER_FRAMES, &stack);
    for (ULONG i = 0; i < stack.count; i++)
        frames[i] = stack.frames[i];
    return stack.count;
}

uint64_t verifier_first_frame(const CONTEXT *context, BOOLEAN is_exact)
{
    struct stack stack = {0};
    walk_drivers(current_machine(), context, is_exact, 1, &stack);
    return stack.count ? stack.frames[0] : 0;
}

static void take_trace(const struct verifier_trace *trace, struct stack *stack)
{
    stack->count = trace->count;
    for (ULONG i = 0; i < trace->count; i++)
        stack->frames[i] = trace->frames[i];
}

/* An exact caller (a fault's instruction) may be no frame of any driver: a wild call. */
static void locate(struct verifier_finding *finding, const struct verifier_place *place)
{
    struct machine *machine = current_machine();
    struct stack stack = {0};
    CONTEXT context;

    if (!place->context)
        RtlCaptureContext(&context);
    if (place->trace)
        take_trace(place->trace, &stack);
    else
        walk_drivers(machine, place->context ? place->context : &context, place->is_exact,
                     VERIFIER_FRAMES, &stack);
    finding->frame_count = stack.count;
    for (ULONG i = 0; i < stack.count; i++)
        finding->frames[i] = stack.frames[i];
    finding->is_exact = stack.is_exact;
    finding->address = stack.count ? stack.frames[0] : 0;
    if (place->caller && loader_find(machine, (uint64_t)place->caller)) {
        finding->address = (uint64_t)place->caller;
        finding->is_exact = place->is_exact;
    }
    if (!finding->address) { /* its last call was a jump: then at least the routine is known */
        const struct verifier_thread *thread = verifier_thread();
        if (thread && thread->call)
            finding->address = (uint64_t)thread->call->routine;
        finding->is_exact = TRUE;
    }
    if (finding->address)
        loader_describe_address(machine, finding->address, finding->module, sizeof(finding->module),
                                &finding->offset);
}

static BOOLEAN find_symbol(uint64_t address, BOOLEAN is_exact, struct linux_symbol *symbol)
{
    struct loaded_image *image = loader_find(current_machine(), address);
    return image &&
           linux_pe_symbol(image->file, image->file_size,
                           (uint32_t)(address - (uint64_t)image->base) - !is_exact, symbol);
}

/* The driver's own source: what a header of the compiler's or the kit's does was called there. */
static void name_source(struct verifier_finding *finding)
{
    struct linux_symbol symbol, caller;
    if (!find_symbol(finding->address, finding->is_exact, &symbol))
        return;
    for (ULONG i = 1; symbol.is_foreign && i < finding->frame_count; i++)
        if (find_symbol(finding->frames[i], FALSE, &caller))
            symbol = caller;
    text_format(finding->function, sizeof(finding->function), "%s", symbol.function);
    text_format(finding->source_file, sizeof(finding->source_file), "%s", symbol.source_file);
    finding->line = symbol.line;
}

static void describe_stack(struct verifier_finding *finding, const char *notes)
{
    char place[LINE_SIZE];
    SIZE_T used = 0;

    finding->description = linux_allocate(DESCRIPTION_SIZE);
    if (!finding->description)
        return;
    for (ULONG i = 0; i < finding->frame_count; i++) {
        crash_describe_address(current_machine(), finding->frames[i], i > 0 || !finding->is_exact,
                               place, sizeof(place));
        used += text_format(finding->description + used, DESCRIPTION_SIZE - used, "  %s\n", place);
    }
    if (notes)
        used += text_format(finding->description + used, DESCRIPTION_SIZE - used, "%s", notes);
    finding->description_length = used;
}

static void free_finding(struct verifier_finding *finding)
{
    if (finding)
        linux_free(finding->description);
    linux_free(finding);
}

/* Only the first report of a rule and place is worth symbols. */
static BOOLEAN count_again(struct verifier_findings *findings, enum verifier_rule rule,
                           uint64_t address, ULONG subject)
{
    BOOLEAN known = FALSE;
    linux_lock(&findings->lock);
    for (struct verifier_finding *old = findings->first; old && !known; old = old->next) {
        known = old->rule == rule && old->address == address && old->subject == subject;
        old->count += known;
    }
    linux_unlock(&findings->lock);
    return known;
}

/* Two threads may have come here with the same one: then it is there twice, each counted once. */
static void keep(struct verifier_findings *findings, struct verifier_finding *finding)
{
    linux_lock(&findings->lock);
    finding->count = 1;
    finding->request = findings->request;
    *findings->last = finding;
    findings->last = &finding->next;
    __atomic_store_n(&findings->count, findings->count + 1, __ATOMIC_RELEASE);
    linux_unlock(&findings->lock);
}

BOOLEAN verifier_is_on_stack(uint64_t address)
{
    uint64_t low, high;
    linux_stack_bounds(&low, &high);
    return address >= low && address < high;
}

/* Where Linux puts stacks is chance, and a report says the same each time. */
static void report(enum verifier_rule rule, const struct verifier_place *place,
                   const ULONG_PTR *parameters, const char *message)
{
    const struct verifier_rule_description *description = verifier_describe_rule(rule);
    struct verifier_state *state = verifier_state();
    struct verifier_finding *finding = linux_allocate(sizeof(*finding));

    if (!(state->classes & description->class) || !finding) {
        linux_free(finding);
        return;
    }
    finding->rule = rule;
    finding->parameters[0] = description->parameter;
    for (int i = 0; parameters && i < 3; i++)
        finding->parameters[i + 1] = verifier_is_on_stack(parameters[i]) ? 0 : parameters[i];
    finding->subject = place->subject;
    locate(finding, place);
    ULONG_PTR stop[4] = {finding->parameters[0], finding->parameters[1], finding->parameters[2],
                         finding->parameters[3]};
    uint64_t address = finding->address;
    if (count_again(&state->findings, rule, address, place->subject)) {
        linux_free(finding);
    } else {
        text_format(finding->message, sizeof(finding->message), "%s", message);
        name_source(finding);
        describe_stack(finding, place->notes);
        keep(&state->findings, finding);
    }
    if (state->stops)
        ke_bug_check_because(description->bug_check ? description->bug_check : DETECTED_VIOLATION,
                             stop, address, NULL, message);
}

void __attribute__((ms_abi))
verifier_report_at(enum verifier_rule rule, const struct verifier_place *place,
                   const ULONG_PTR *parameters, const char *format, ...)
{
    char message[VERIFIER_MESSAGE_SIZE];
    __builtin_ms_va_list arguments;

    __builtin_ms_va_start(arguments, format);
    text_format_list(message, sizeof(message), format, arguments);
    __builtin_ms_va_end(arguments);
    report(rule, place, parameters, message);
}

void __attribute__((ms_abi)) verifier_report(enum verifier_rule rule, const void *caller,
                                             const ULONG_PTR *parameters, const char *format, ...)
{
    char message[VERIFIER_MESSAGE_SIZE];
    __builtin_ms_va_list arguments;

    __builtin_ms_va_start(arguments, format);
    text_format_list(message, sizeof(message), format, arguments);
    __builtin_ms_va_end(arguments);
    report(rule, &(struct verifier_place){.caller = caller}, parameters, message);
}

void verifier_findings_initialize(struct verifier_findings *findings)
{
    findings->last = &findings->first;
}

void verifier_findings_destroy(struct verifier_findings *findings)
{
    while (findings->first) {
        struct verifier_finding *finding = findings->first;
        findings->first = finding->next;
        free_finding(finding);
    }
}
