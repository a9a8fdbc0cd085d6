#include "host/verifier/stack_trace.h"

#include "host/ke/text.h"
#include "host/loader/loader.h"
#include "host/seh/crash.h"
#include "host/seh/frame_walk.h"

enum { BUCKETS = 1024, RECENT = 1024, WAYS = 4, MOST_SLOTS = 32, LINE_SIZE = 256 };

/* Where a return address lies and which it is; from `saved` on the function that will return to it
 * keeps registers of its caller's. */
struct slot {
    uint64_t at, value, saved;
};

/* A stack that was walked. Only a stack of the same thread or of a later one at the same place has
 * the same frame. Several callers further out may lead to the same caller and frame. */
struct recent {
    uint64_t caller, frame;
    const struct verifier_trace *trace;
    ULONG slot_count;
    struct slot slots[MOST_SLOTS];
};

struct verifier_traces {
    struct linux_lock lock;
    struct verifier_trace *buckets[BUCKETS];
    struct recent recent[RECENT]; /* sets of WAYS */
    ULONG turn;                   /* which of a set is forgotten next */
};

struct walked {
    ULONG slot_count;
    BOOLEAN is_repeatable; /* every step's return address is known */
    struct slot slots[MOST_SLOTS];
    ULONG count;
    uint64_t frames[TRACE_FRAMES];
};

static BOOLEAN is_saved_at(const KNONVOLATILE_CONTEXT_POINTERS *saved, uint64_t address)
{
    for (unsigned i = 0; i < 16; i++)
        if ((uint64_t)saved->IntegerContext[i] == address)
            return TRUE;
    return FALSE;
}

/* Those that were pushed first lie right below the return address. */
static uint64_t saved_below(const struct seh_walk *walk, uint64_t at)
{
    while (walk->frame.kind == SEH_FRAME_IMAGE && is_saved_at(walk->saved, at - sizeof(uint64_t)))
        at -= sizeof(uint64_t);
    return at;
}

static void add_slot(struct walked *walked, const struct seh_walk *walk)
{
    uint64_t at = walk->caller.Rsp - sizeof(uint64_t);

    if (walked->slot_count < MOST_SLOTS)
        walked->slots[walked->slot_count++] =
            (struct slot){at, walk->caller.Rip, saved_below(walk, at)};
    else
        walked->is_repeatable = FALSE;
}

static void walk(const void *caller, struct walked *walked)
{
    struct machine *machine = current_machine();
    KNONVOLATILE_CONTEXT_POINTERS saved;
    struct seh_walk walk;
    CONTEXT context;

    *walked = (struct walked){.is_repeatable = TRUE};
    RtlCaptureContext(&context);
    seh_walk_start(&walk, &context, FALSE);
    walk.saved = &saved;
    while (walked->count < TRACE_FRAMES) {
        enum seh_walk_result result = seh_walk_examine(&walk, UNW_FLAG_NHANDLER);
        uint64_t pc = walk.frame.control_pc;
        BOOLEAN started = walked->count > 0 || pc == (uint64_t)caller;
        if (started && result != SEH_WALK_END && loader_find(machine, pc))
            walked->frames[walked->count++] = pc;
        if (result != SEH_WALK_CALLER)
            return;
        if (walk.frame.kind == SEH_FRAME_FAULT)
            walked->is_repeatable = FALSE;
        if (started || walk.caller.Rip == (uint64_t)caller)
            add_slot(walked, &walk);
        seh_walk_advance(&walk);
    }
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ull;
    return hash ^ hash >> 29;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
    while (*text)
        hash = mix(hash, (unsigned char)*text++);
    return hash;
}

static uint64_t hash_frames(const struct walked *walked)
{
    uint64_t hash = walked->count;
    for (ULONG i = 0; i < walked->count; i++)
        hash = mix(hash, walked->frames[i]);
    return hash;
}

static struct verifier_trace *make(const struct walked *walked)
{
    struct machine *machine = current_machine();
    struct verifier_trace *trace = linux_allocate(sizeof(*trace));
    char module[64];
    uint64_t offset;

    if (!trace)
        return NULL;
    trace->count = walked->count;
    for (ULONG i = 0; i < walked->count; i++) {
        trace->frames[i] = walked->frames[i];
        loader_describe_address(machine, walked->frames[i], module, sizeof(module), &offset);
        trace->id = mix(mix_text(trace->id, module), offset);
        if (i == 0) {
            text_format(trace->module, sizeof(trace->module), "%s", module);
            trace->offset = offset;
        }
    }
    return trace;
}

/* Two images may have been at the same address one after the other: the module counts too. */
static BOOLEAN is_same(const struct verifier_trace *a, const struct verifier_trace *b)
{
    if (a->id != b->id || a->count != b->count)
        return FALSE;
    for (ULONG i = 0; i < a->count; i++)
        if (a->frames[i] != b->frames[i])
            return FALSE;
    return TRUE;
}

static const struct verifier_trace *intern(struct verifier_traces *traces,
                                           const struct walked *walked)
{
    struct verifier_trace *made = make(walked), *found;
    if (!made)
        return NULL;
    struct verifier_trace **bucket = &traces->buckets[hash_frames(walked) % BUCKETS];
    linux_lock(&traces->lock);
    for (found = *bucket; found && !is_same(found, made); found = found->next)
        continue;
    if (!found) {
        made->next = *bucket;
        *bucket = made;
    }
    linux_unlock(&traces->lock);
    if (!found)
        return made;
    linux_free(made);
    return found;
}

static struct recent *set_of(struct verifier_traces *traces, const void *caller, uint64_t frame)
{
    return &traces->recent[mix((uint64_t)caller, frame) % (RECENT / WAYS) * WAYS];
}

/* Every return address is where it was. The slots are above the frame, on the same stack. */
__attribute__((no_sanitize("address"))) static BOOLEAN is_unchanged(const struct recent *recent)
{
    uint64_t low, high;
    linux_stack_bounds(&low, &high);
    for (ULONG i = 0; i < recent->slot_count; i++) {
        const struct slot *slot = &recent->slots[i];
        if (slot->at < recent->frame || slot->at > high - sizeof(uint64_t) ||
            *(const volatile uint64_t *)slot->at != slot->value)
            return FALSE;
    }
    return TRUE;
}

/* The walk that found this stack, or NULL. The lock is held. */
static struct recent *find_walk(struct verifier_traces *traces, const void *caller, uint64_t frame)
{
    struct recent *set = set_of(traces, caller, frame);
    for (ULONG i = 0; i < WAYS; i++)
        if (set[i].caller == (uint64_t)caller && set[i].frame == frame && is_unchanged(&set[i]))
            return &set[i];
    return NULL;
}

static const struct verifier_trace *find_recent(struct verifier_traces *traces, const void *caller,
                                                uint64_t frame)
{
    linux_lock(&traces->lock);
    const struct recent *recent = find_walk(traces, caller, frame);
    const struct verifier_trace *trace = recent ? recent->trace : NULL;
    linux_unlock(&traces->lock);
    return trace;
}

static void remember(struct verifier_traces *traces, const void *caller, uint64_t frame,
                     const struct walked *walked, const struct verifier_trace *trace)
{
    linux_lock(&traces->lock);
    struct recent *recent = find_walk(traces, caller, frame);
    if (!recent)
        recent = set_of(traces, caller, frame) + traces->turn++ % WAYS;
    recent->caller = (uint64_t)caller;
    recent->frame = frame;
    recent->trace = trace;
    recent->slot_count = walked->slot_count;
    __builtin_memcpy(recent->slots, walked->slots, walked->slot_count * sizeof(struct slot));
    linux_unlock(&traces->lock);
}

static struct verifier_traces *traces_of(struct verifier_state *state)
{
    struct verifier_traces *traces = __atomic_load_n(&state->traces, __ATOMIC_ACQUIRE);
    if (traces)
        return traces;
    struct verifier_traces *made = linux_allocate(sizeof(*made));
    if (made && !__atomic_compare_exchange_n(&state->traces, &traces, made, false, __ATOMIC_ACQ_REL,
                                             __ATOMIC_ACQUIRE)) {
        linux_free(made);
        return traces;
    }
    return made;
}

const __attribute__((noinline)) struct verifier_trace *verifier_trace(const void *caller)
{
    struct verifier_traces *traces = caller ? traces_of(verifier_state()) : NULL;
    uint64_t frame = (uint64_t)__builtin_frame_address(0);
    struct walked walked;

    if (!traces) /* or the host itself asks */
        return NULL;
    const struct verifier_trace *trace = find_recent(traces, caller, frame);
    if (trace || !loader_find(current_machine(), (uint64_t)caller))
        return trace;
    walk(caller, &walked);
    if (walked.count == 0) /* the walk got lost: the caller is known at least */
        walked = (struct walked){.count = 1, .frames = {(uint64_t)caller}};
    trace = intern(traces, &walked);
    if (trace && walked.is_repeatable && walked.slot_count)
        remember(traces, caller, frame, &walked, trace);
    return trace;
}

static uint64_t end_above(const struct slot *slots, ULONG count, uint64_t address)
{
    for (ULONG i = 0; i < count; i++)
        if (slots[i].at >= address)
            return slots[i].saved > address ? slots[i].saved : slots[i].at;
    return 0;
}

__attribute__((noinline)) uint64_t verifier_variables_end(const void *caller, uint64_t address)
{
    struct verifier_traces *traces = traces_of(verifier_state());
    uint64_t frame = (uint64_t)__builtin_frame_address(0);
    struct walked walked;

    if (!traces)
        return 0;
    linux_lock(&traces->lock);
    const struct recent *recent = find_walk(traces, caller, frame);
    uint64_t at = recent ? end_above(recent->slots, recent->slot_count, address) : 0;
    linux_unlock(&traces->lock);
    if (recent)
        return at;
    walk(caller, &walked);
    if (walked.is_repeatable && walked.slot_count)
        remember(traces, caller, frame, &walked, NULL);
    return end_above(walked.slots, walked.slot_count, address);
}

SIZE_T verifier_trace_describe(const struct verifier_trace *trace, ULONG most, char *text,
                               SIZE_T size)
{
    char place[LINE_SIZE];
    SIZE_T used = 0;

    for (ULONG i = 0; trace && i < trace->count && i < most; i++) {
        crash_describe_address(current_machine(), trace->frames[i], TRUE, place, sizeof(place));
        used += text_format(text + used, size - used, "    %s\n", place);
    }
    return used;
}

void verifier_traces_destroy(struct verifier_traces *traces)
{
    for (ULONG i = 0; traces && i < BUCKETS; i++) {
        while (traces->buckets[i]) {
            struct verifier_trace *trace = traces->buckets[i];
            traces->buckets[i] = trace->next;
            linux_free(trace);
        }
    }
    linux_free(traces);
}
