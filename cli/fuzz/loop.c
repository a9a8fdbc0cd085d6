/*
 * The engine of `sysbuf fuzz`: take an input of the corpus, change it, run it, and keep it if it
 * reached code that no other one did. For more than that there are libFuzzer and AFL++.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/fuzz/fuzz.h"

enum {
    LOOK_EVERY = 64, /* inputs between looks at the clock */
    NEWEST = 16,
    MOST_REPEATED = 32, /* known crashes by variations of one input: each costs a machine */
    VARY_UNLESS = 4, /* one input in so many is changed by chance while others wait to be varied */
};

struct loop {
    const struct fuzz_options *options;
    struct sb_fuzz *fuzz;
    struct corpus corpus;
    struct fuzz_progress *progress;
    volatile bool *stop;
    uint64_t random, inputs, crashes, repeated;
    uint64_t last_new; /* the number of the last input that reached new code */
    uint32_t blocks;
    double start, last_look, last_report;
    uint64_t reported_requests;
    bool reports; /* no other job does */
    bool is_late; /* its time was over before the rest was done */
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* xorshift64*, by Marsaglia and Vigna. */
static uint64_t draw(struct loop *loop)
{
    loop->random ^= loop->random >> 12;
    loop->random ^= loop->random << 25;
    loop->random ^= loop->random >> 27;
    return loop->random * 0x2545F4914F6CDD1D;
}

static void update_progress(struct loop *loop)
{
    *loop->progress = (struct fuzz_progress){
        .inputs = loop->inputs,
        .requests = sb_fuzz_requests(loop->fuzz),
        .corpus = loop->corpus.count,
        .crashes = loop->crashes,
        .blocks = sb_fuzz_coverage(loop->fuzz)->order_count,
        .all_blocks = sb_fuzz_coverage(loop->fuzz)->count,
        .machines = sb_fuzz_machines(loop->fuzz),
        .is_late = loop->is_late,
    };
}

static void note_crash(struct loop *loop, struct sb_fuzz_crash *crash)
{
    if (!crash->is_repeated) {
        loop->crashes++;
        crash_save(loop->options, crash);
        if (loop->options->stops_at_crash)
            *loop->stop = true;
    }
    loop->repeated += crash->is_repeated;
    sb_fuzz_crash_free(crash);
}

/* True when the input reached blocks that none before it did. */
static bool run(struct loop *loop, const uint8_t *input, size_t length)
{
    struct sb_fuzz_crash crash;
    bool is_fine = sb_fuzz_run(loop->fuzz, input, length, &crash);
    uint32_t blocks = sb_fuzz_coverage(loop->fuzz)->order_count;
    bool is_new = blocks != loop->blocks;
    loop->blocks = blocks;
    loop->inputs++;
    if (is_new)
        loop->last_new = loop->inputs;
    if (!is_fine)
        note_crash(loop, &crash);
    return is_new && is_fine;
}

/* The newest and the oldest in turn: what is deep is reached, and what is beside it is not left. */
static struct corpus_entry *to_vary(const struct loop *loop)
{
    const struct corpus *corpus = &loop->corpus;
    bool is_newest = loop->inputs & 1;

    for (size_t i = 0; i < corpus->count; i++) {
        struct corpus_entry *entry = &corpus->entries[is_newest ? corpus->count - 1 - i : i];
        if (!entry->is_varied)
            return entry;
    }
    return NULL;
}

static bool is_done(const struct loop *loop)
{
    const struct fuzz_options *options = loop->options;

    return *loop->stop || (options->runs && loop->inputs >= options->runs) ||
           (options->machines && sb_fuzz_machines(loop->fuzz) >= options->machines) ||
           (options->fruitless && loop->inputs - loop->last_new >= options->fruitless &&
            !to_vary(loop));
}

static void run_only(void *context, const uint8_t *input, size_t length)
{
    struct loop *loop = context;
    if (!is_done(loop))
        run(loop, input, length);
}

/* The newest inputs are tried more often: they are next to what nobody has seen. */
static const struct corpus_entry *choose(struct loop *loop)
{
    size_t count = loop->corpus.count;
    size_t newest = count < NEWEST ? count : NEWEST;
    if (!count)
        return NULL;
    uint64_t number = draw(loop);
    return number & 1 ? &loop->corpus.entries[count - 1 - (number >> 1) % newest]
                      : &loop->corpus.entries[(number >> 1) % count];
}

static void try_one(struct loop *loop)
{
    static _Thread_local uint8_t input[SB_FUZZ_LONGEST];
    const struct corpus_entry *base = choose(loop), *other = choose(loop);
    size_t length = base ? base->length : 0;
    if (length)
        memcpy(input, base->input, length);
    length = sb_fuzz_mutate(loop->fuzz, input, length, sizeof(input), other ? other->input : NULL,
                            other ? other->length : 0, draw(loop));
    if (run(loop, input, length))
        corpus_add(&loop->corpus, input, length, true);
}

/* One change of an input that is not varied in every way yet. False: all are. */
static bool vary_one(struct loop *loop)
{
    static _Thread_local uint8_t input[SB_FUZZ_LONGEST];
    struct corpus_entry *entry;
    size_t length = 0;

    while (!length && (entry = to_vary(loop)) != NULL) {
        length = sb_fuzz_vary(loop->fuzz, entry->input, entry->length, entry->variations++, input,
                              sizeof(input));
        entry->is_varied = !length;
    }
    if (!length)
        return false;
    uint64_t before = loop->repeated;
    bool is_new = run(loop, input, length);
    entry->repeated += (uint32_t)(loop->repeated - before);
    entry->is_varied = entry->repeated >= MOST_REPEATED;
    if (is_new)
        corpus_add(&loop->corpus, input, length, true);
    return true;
}

static bool has_ended(struct loop *loop)
{
    const struct fuzz_options *options = loop->options;
    if (is_done(loop))
        return true;
    if (loop->inputs % LOOK_EVERY != 0)
        return false;
    double time = now();
    update_progress(loop);
    if (time - loop->last_look > 1) {
        loop->last_look = time;
        if (options->jobs > 1)
            corpus_read(&loop->corpus, run_only, loop);
    }
    if (loop->reports && time - loop->last_report > 1) {
        fuzz_report(loop->progress, 1, time - loop->start, loop->reported_requests,
                    loop->last_report - loop->start);
        loop->reported_requests = loop->progress->requests;
        loop->last_report = time;
    }
    loop->is_late = options->seconds && time - loop->start >= (double)options->seconds;
    return loop->is_late;
}

static void begin_corpus(struct loop *loop)
{
    uint8_t input[SB_FUZZ_LONGEST];
    size_t length;
    corpus_read(&loop->corpus, run_only, loop);
    for (unsigned i = 0; i < loop->options->script_count; i++) {
        length = seed_from_script(loop->fuzz, loop->options->scripts[i], input);
        if (length && corpus_add(&loop->corpus, input, length, true))
            run_only(loop, input, length);
    }
    for (uint32_t i = 0;
         !is_done(loop) && (length = sb_fuzz_seed(loop->fuzz, i, input, sizeof(input))); i++)
        if (run(loop, input, length))
            corpus_add(&loop->corpus, input, length, true);
}

static int fuzz_all(struct loop *loop)
{
    struct sb_fuzz_crash crash;
    loop->start = loop->last_look = loop->last_report = now();
    begin_corpus(loop);
    while (!has_ended(loop))
        if (loop->inputs % VARY_UNLESS == 0 || !vary_one(loop))
            try_one(loop);
    if (!sb_fuzz_finish(loop->fuzz, &crash))
        note_crash(loop, &crash);
    update_progress(loop);
    return loop->crashes ? EXIT_EXPECTATION : EXIT_FINE;
}

int fuzz_loop(const struct fuzz_options *options, unsigned number, struct fuzz_progress *progress,
              volatile bool *stop)
{
    struct loop loop = {.options = options, .progress = progress, .stop = stop};
    char error[600];
    if (!sb_fuzz_open(&options->target, &loop.fuzz, error, sizeof(error)))
        return command_fail("%s: %s", options->target.driver, error);
    loop.corpus.folder = options->corpus;
    loop.random = (options->seed + number) * 0x9E3779B97F4A7C15 | 1;
    loop.reports = options->jobs == 1 && !options->is_quiet;
    int code = fuzz_all(&loop);
    if (loop.reports)
        fuzz_report(progress, 1, now() - loop.start, 0, 0);
    sb_fuzz_close(loop.fuzz);
    corpus_free(&loop.corpus);
    return code;
}

void fuzz_report(const struct fuzz_progress *progress, unsigned jobs, double seconds,
                 uint64_t requests_before, double seconds_before)
{
    struct fuzz_progress sum = {.inputs = 0};
    for (unsigned i = 0; i < jobs; i++) {
        const volatile struct fuzz_progress *job = &progress[i];
        sum.inputs += job->inputs;
        sum.requests += job->requests;
        sum.crashes += job->crashes;
        sum.machines += job->machines;
        sum.corpus = job->corpus > sum.corpus ? job->corpus : sum.corpus;
        sum.blocks = job->blocks > sum.blocks ? job->blocks : sum.blocks;
        sum.all_blocks = job->all_blocks;
    }
    double interval = seconds - seconds_before;
    printf("%5.0f s  %" PRIu64 " inputs  %.0f requests/s  %" PRIu64 " of %" PRIu64
           " blocks  corpus %" PRIu64 "  machines %" PRIu64 "  crashes %" PRIu64 "\n",
           seconds, sum.inputs,
           interval > 0 ? (double)(sum.requests - requests_before) / interval : 0, sum.blocks,
           sum.all_blocks, sum.corpus, sum.machines, sum.crashes);
    fflush(stdout);
}
