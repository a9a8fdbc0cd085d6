/* sysbuf fuzz: what its files share. */
#ifndef SYSBUF_CLI_FUZZ_H
#define SYSBUF_CLI_FUZZ_H

#include <sysbuf/fuzz.h>

enum { MOST_JOBS = 64, MOST_SCRIPTS = 64 };

struct fuzz_options {
    struct sb_fuzz_options target;
    const char *devices[SB_FUZZ_MOST_DEVICES];
    const char *corpus, *crashes; /* folders; corpus NULL: in memory only */
    const char *scripts[MOST_SCRIPTS];
    unsigned script_count;
    const char *shown;            /* --show: an input */
    uint64_t runs, seconds, seed; /* runs and seconds 0: no limit */
    uint64_t machines;            /* that may be made; 0: no limit */
    uint64_t fruitless;           /* inputs without new code that end it; 0: no limit */
    unsigned jobs;
    bool stops_at_crash, is_quiet;
};
/* EXIT_FINE, or what the command's exit code is: an error was said. *shown_help: --help was given.
 */
int fuzz_options_read(int count, char **arguments, struct fuzz_options *options, bool *shown_help);

/* What a job has done; read by others while it runs. */
struct fuzz_progress {
    uint64_t inputs, requests, corpus, crashes, blocks, all_blocks, machines;
    bool is_late; /* the time was over first */
};

struct corpus_entry {
    uint8_t *input;
    size_t length;
    uint64_t hash;
    uint32_t variations, repeated; /* that were tried, and how many of them broke as others did */
    bool is_varied;                /* in every way */
};

struct corpus {
    const char *folder; /* or NULL */
    struct corpus_entry *entries;
    size_t count, capacity;
};

/* ---- corpus.c: inputs, in memory and on disk under a hash of their bytes ---- */
/* False: it is there already, or memory is short. Writes it to the folder when is_new. */
bool corpus_add(struct corpus *corpus, const uint8_t *input, size_t length, bool is_new);
/* Reads what the folder has and the corpus has not; calls visit for each. */
void corpus_read(struct corpus *corpus,
                 void (*visit)(void *context, const uint8_t *input, size_t length), void *context);
void corpus_free(struct corpus *corpus);
/* Makes the folder if it is not there. False: said why. */
bool corpus_make_folder(const char *option, const char *folder);

/* ---- crashes.c ---- */
/* Writes the crash's files and says so, unless the folder has one of that identity. */
void crash_save(const struct fuzz_options *options, const struct sb_fuzz_crash *crash);

/* ---- seeds.c ---- */
/* A script of sysbuf-script(5) as an input: its requests, on what it opens. Returns the length, at
 * most SB_FUZZ_LONGEST, or 0: said why. */
size_t seed_from_script(struct sb_fuzz *fuzz, const char *path, uint8_t input[SB_FUZZ_LONGEST]);

/* ---- loop.c ---- */
/* Fuzzes until a limit or *stop; number tells jobs apart. An exit code. */
int fuzz_loop(const struct fuzz_options *options, unsigned number, struct fuzz_progress *progress,
              volatile bool *stop);
/* A line about all jobs. */
void fuzz_report(const struct fuzz_progress *progress, unsigned jobs, double seconds,
                 uint64_t requests_before, double seconds_before);

/* ---- jobs.c ---- */
int fuzz_in_jobs(struct fuzz_options *options);

#endif
