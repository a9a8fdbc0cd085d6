/*
 * The search through the schedules of a run. Every run's decisions are kept; each alternative to
 * one of them is a further schedule: the same decisions up to there, the alternative, and option 0
 * from then on. Alternatives wait in a queue for each number of preemptions, fewest first, so that
 * every schedule is run once and the simplest that shows a mistake is found first.
 */
#include "host/api.h"
#include "host/verifier/schedule.h"

enum { DEFAULT_PREEMPTIONS = 2, MOST_PREEMPTIONS = 8, DEFAULT_LIMIT = 20000 };

/* The decisions of a run, shared by the alternatives to them. */
struct trace {
    uint32_t users, count;
    struct schedule_decision decisions[];
};

struct alternative {
    struct trace *trace; /* NULL: the first run, without any */
    uint32_t index;
    uint8_t option;
};

struct queue {
    struct alternative *list;
    uint32_t first, count, capacity;
};

struct search {
    const struct sb_explore_options *options;
    uint32_t preemptions;
    struct queue queues[MOST_PREEMPTIONS + 1]; /* by preemptions */
    struct sb_schedule *schedule;
    struct sb_explore_result result;
    uint64_t limit; /* schedules */
    int64_t end;    /* monotonic ns */
    bool is_incomplete, no_memory;
};

static void release(struct trace *trace)
{
    if (trace && --trace->users == 0)
        linux_free(trace);
}

static bool append(struct queue *queue, struct alternative alternative)
{
    if (queue->count == queue->capacity) {
        uint32_t capacity = queue->capacity ? queue->capacity * 2 : 64;
        void *grown = linux_reallocate(queue->list, capacity * sizeof(*queue->list));
        if (!grown)
            return false;
        queue->list = grown;
        queue->capacity = capacity;
    }
    queue->list[queue->count++] = alternative;
    return true;
}

static struct trace *keep_trace(const struct sb_schedule *schedule)
{
    SIZE_T size = schedule->count * sizeof(schedule->decisions[0]);
    struct trace *trace = linux_allocate(sizeof(*trace) + size);
    if (!trace)
        return NULL;
    trace->count = schedule->count;
    trace->users = 1;
    if (size)
        __builtin_memcpy(trace->decisions, schedule->decisions, size);
    return trace;
}

/* Whether it would come to an alternative that costs so much before the limit is reached. */
static bool is_within_reach(const struct search *search, uint32_t cost)
{
    uint64_t before = search->result.schedules;
    for (uint32_t i = 0; i <= cost; i++)
        before += search->queues[i].count - search->queues[i].first;
    return before < search->limit;
}

static void add(struct search *search, struct trace *trace, uint32_t index, uint32_t option,
                uint32_t cost)
{
    struct alternative alternative = {trace, index, (uint8_t)option};
    if (!is_within_reach(search, cost))
        search->is_incomplete = true;
    else if (!append(&search->queues[cost], alternative))
        search->no_memory = true;
    else
        trace->users++;
}

/* Queues what the run could have done otherwise behind its prefix; that before is its parent's. */
static void branch(struct search *search, uint32_t from)
{
    const struct sb_schedule *schedule = search->schedule;
    uint32_t spent = schedule_preemptions(schedule, from);
    struct trace *trace = keep_trace(schedule);
    search->no_memory |= !trace;
    for (uint32_t i = from; trace && i < trace->count; i++) {
        const struct schedule_decision *decision = &trace->decisions[i];
        for (uint32_t option = 0; option < decision->count; option++) {
            uint32_t cost = spent + (option >= decision->free);
            if (option != decision->chosen && cost <= search->preemptions)
                add(search, trace, i, option, cost);
        }
        spent += decision->chosen >= decision->free;
    }
    release(trace);
}

static bool next_alternative(struct search *search, struct alternative *next)
{
    for (uint32_t i = 0; i <= search->preemptions; i++) {
        struct queue *queue = &search->queues[i];
        if (queue->first == queue->count)
            continue;
        *next = queue->list[queue->first++];
        return true;
    }
    return false;
}

/* The schedule becomes this alternative; *length is that of its prefix. */
static bool prepare(struct search *search, const struct alternative *alternative, uint32_t *length)
{
    struct sb_schedule *schedule = search->schedule;
    *length = alternative->trace ? alternative->index + 1 : 0;
    uint8_t *prefix = linux_allocate(*length + 1);
    if (!prefix)
        return false;
    for (uint32_t i = 0; i < *length; i++)
        prefix[i] = alternative->trace->decisions[i].chosen;
    if (*length)
        prefix[*length - 1] = alternative->option;
    bool done = schedule_reset(schedule, prefix, *length);
    linux_free(prefix);
    if (done && *length) {
        schedule->digest_at = *length;
        schedule->expected_digest = alternative->trace->decisions[*length - 1].digest;
    }
    return done;
}

/* One run; true when the search is over. */
static bool run_once(struct search *search, sb_explore_run run, void *context)
{
    bool found = run(context, search->schedule);
    struct sb_schedule_run summary;
    sb_schedule_describe(search->schedule, &summary);
    search->result.schedules++;
    search->result.diverged += summary.diverged;
    if (summary.decisions > search->result.decisions)
        search->result.decisions = summary.decisions;
    if (found) {
        search->result.found = true;
        sb_schedule_seed(search->schedule, search->result.seed, sizeof(search->result.seed));
    }
    return found;
}

static bool has_time(const struct search *search)
{
    return search->result.schedules < search->limit && linux_monotonic_time() < search->end;
}

static void search_all(struct search *search, sb_explore_run run, void *context)
{
    struct alternative next;
    uint32_t length;
    while (!search->no_memory && next_alternative(search, &next)) {
        bool ready = has_time(search) && prepare(search, &next, &length);
        if (!ready)
            search->is_incomplete = true;
        release(next.trace);
        if (!ready || run_once(search, run, context))
            return;
        if (search->schedule->diverged || search->schedule->is_exhausted)
            search->is_incomplete = true; /* its decisions mean something else */
        else
            branch(search, length);
    }
    search->result.complete = !search->is_incomplete && !search->no_memory;
}

static void search_at_random(struct search *search, sb_explore_run run, void *context)
{
    enum { LEAST_LENGTH = 20 };
    uint32_t length = LEAST_LENGTH;
    for (uint32_t i = 0; i < search->options->random_runs && linux_monotonic_time() < search->end;
         i++) {
        if (!schedule_reset(search->schedule, NULL, 0))
            return;
        schedule_chance_start(&search->schedule->chance, search->options->random_seed + i,
                              search->preemptions, length);
        if (run_once(search, run, context))
            return;
        if (search->result.decisions > length)
            length = search->result.decisions;
    }
}

static void search_free(struct search *search)
{
    for (uint32_t i = 0; i <= MOST_PREEMPTIONS; i++) {
        struct queue *queue = &search->queues[i];
        while (queue->first < queue->count)
            release(queue->list[queue->first++].trace);
        linux_free(queue->list);
    }
    sb_schedule_destroy(search->schedule);
    linux_free(search);
}

sb_status sb_explore(const struct sb_explore_options *options, sb_explore_run run, void *context,
                     struct sb_explore_result *result)
{
    static const struct sb_explore_options defaults;
    if (!options)
        options = &defaults;
    if (options->preemptions > MOST_PREEMPTIONS && options->preemptions != SB_NO_PREEMPTIONS)
        return STATUS_INVALID_PARAMETER;
    struct search *search = linux_allocate(sizeof(*search));
    if (!search)
        return STATUS_INSUFFICIENT_RESOURCES;
    search->options = options;
    search->preemptions = options->preemptions == SB_NO_PREEMPTIONS ? 0
                          : options->preemptions                    ? options->preemptions
                                                                    : DEFAULT_PREEMPTIONS;
    search->limit = options->limit ? options->limit : DEFAULT_LIMIT;
    search->end = options->milliseconds ? linux_monotonic_time() + options->milliseconds * 1000000ll
                                        : LINUX_FOREVER;
    NTSTATUS status = sb_schedule_create(NULL, &search->schedule);
    if (NT_SUCCESS(status) && !append(&search->queues[0], (struct alternative){NULL, 0, 0}))
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status)) {
        if (!options->only_random)
            search_all(search, run, context);
        if (!search->result.found)
            search_at_random(search, run, context);
        if (search->no_memory && !search->result.found)
            status = STATUS_INSUFFICIENT_RESOURCES;
        else
            *result = search->result;
    }
    search_free(search);
    return status;
}
