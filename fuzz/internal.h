/* What the files behind include/sysbuf/fuzz.h share. */
#ifndef SYSBUF_FUZZ_INTERNAL_H
#define SYSBUF_FUZZ_INTERNAL_H

#include <pthread.h>

#include <sysbuf/fuzz.h>

#include "fuzz/program.h"

enum {
    MOST_CODES = 255, /* an index is a byte */
    BUFFER_PAIRS = 8, /* requests that may pend at once */
    IDENTITY_SIZE = sizeof(((struct sb_fuzz_crash *)0)->identity),
};

/* Where a request's data is: user memory that ends at a page's end. */
struct buffer_pair {
    uint8_t *input, *output; /* PROGRAM_LARGEST_BUFFER bytes each */
    struct sb_io_status io_status;
    bool is_pending;
    struct operation operation; /* the request; its data may be gone */
};

/* A machine with the driver, ready for requests. */
struct rig {
    struct sb_machine *machine;   /* NULL: none */
    struct sb_schedule *schedule; /* NULL: none is asked for */
    struct sb_driver *driver;
    const char *module;       /* the driver's name */
    struct sb_device *device; /* of a driver with an AddDevice routine, else NULL */
    struct sb_process *process;
    struct buffer_pair pairs[BUFFER_PAIRS];
    unsigned next_pair;
    sb_handle slots[PROGRAM_SLOTS];
    bool has_failed[PROGRAM_SLOTS]; /* could not be opened: requests on it are left out */
    uint64_t blocks_at_start;       /* of pool */
    uint32_t findings;              /* that were there already */
    struct operation last;          /* what was sent last; its data may be gone */
    bool is_ending;                 /* the process ends; last is a request that pends then */
};

/* The numbers that a block compares with: those from first on. */
struct block_numbers {
    uint32_t first, count;
};

/* A text, of a token that drivers look for. */
struct token {
    uint8_t bytes[32];
    uint8_t length;
};

struct watchdog {
    pthread_t thread;
    pthread_mutex_t mutex; /* held while the machine is made or destroyed, and to look at it */
    pthread_cond_t ended;
    bool is_started, is_ending;
    uint64_t starved; /* at the last look: ns without a processor */
};

struct sb_fuzz {
    struct sb_fuzz_options options;
    uint8_t *image;
    size_t image_size;
    const char *name; /* of the driver's file */
    char devices[SB_FUZZ_MOST_DEVICES][256];
    uint32_t device_count;
    bool is_plug_and_play; /* the driver has an AddDevice routine */
    struct sb_code *code;
    struct program_codes codes;
    struct block_numbers *numbers; /* for each block */
    struct token *tokens;
    uint32_t token_count;
    struct mutation *mutation;   /* mutate.c's */
    struct variation *variation; /* vary.c's */
    struct program program;      /* the input that runs */
    struct sb_coverage coverage;
    struct rig rig;
    struct watchdog watchdog;
    uint64_t request_count, machine_count;
    uint64_t progress; /* changes with each request; read by the watchdog */
    bool is_busy;      /* an input is being run */
    /* The inputs since the machine was made, one behind the other with their lengths in front. */
    uint8_t *history;
    size_t history_length, history_capacity;
    uint32_t history_count;
    char (*identities)[IDENTITY_SIZE]; /* of crashes that were examined */
    size_t identity_count;
    uint32_t *hanging; /* control codes that did not return: left out from then on */
    size_t hanging_count;
};

/* ---- rig.c ---- */
/* Makes the machine and starts the driver; coverage is planted unless NULL. False: error says why,
 * nothing is left. */
bool rig_make(struct sb_fuzz *fuzz, struct rig *rig, struct sb_coverage *coverage, char *error,
              size_t error_size);
/* Takes all apart in order: process, driver, machine. */
void rig_destroy(struct sb_fuzz *fuzz, struct rig *rig);
/* Ends the process and unloads the driver, so that what it leaves behind is seen. */
void rig_unload(struct rig *rig);
/* A process with its buffers, in place of an earlier one, whose requests end with it. */
bool rig_renew_process(struct rig *rig);
/* What broke so far: its identity, title and report (may be NULL; free() it). False: nothing. */
bool rig_broke(const struct rig *rig, char identity[IDENTITY_SIZE], char *title, size_t title_size,
               char **report);

/* The machine was stopped by the watchdog. */
bool rig_hung(const struct rig *rig);

/* ---- execute.c ---- */
/* Runs the operations (was_refused is set), closes what they opened and sees to it that nothing
 * pends. False: the machine stopped. */
bool execute_program(struct sb_fuzz *fuzz, struct rig *rig, struct program *program);

/* ---- watchdog.c: stops the machine when an input makes no progress ---- */
bool watchdog_start(struct sb_fuzz *fuzz);
void watchdog_end(struct sb_fuzz *fuzz);

/* ---- history.c ---- */
void history_clear(struct sb_fuzz *fuzz);
void history_add(struct sb_fuzz *fuzz, const uint8_t *input, size_t length);
/* All of them as one program whose handles are closed between; the newest, as far as fit. */
void history_program(const struct sb_fuzz *fuzz, struct program *program);

/* ---- crash.c ---- */
/* The rig broke with this identity: fills in the rest by trying it again on machines of their own.
 */
void crash_examine(struct sb_fuzz *fuzz, const uint8_t *input, size_t length,
                   struct sb_fuzz_crash *crash);

/* ---- numbers.c ---- */
bool numbers_collect(struct sb_fuzz *fuzz);
/* A number of one of the blocks that ran first lately; chance picks. NULL: they have none. */
const struct sb_code_constant *numbers_of_newest(const struct sb_fuzz *fuzz, uint64_t chance);

/* ---- tokens.c ---- */
void tokens_collect(struct sb_fuzz *fuzz, const struct sb_image *image);

/* ---- mutate.c ---- */
struct mutation *mutation_create(struct sb_fuzz *fuzz); /* free() it */

/* ---- vary.c ---- */
struct variation *variation_create(
    const struct sb_fuzz *fuzz); /* once its code was read; free() it */

/* ---- script.c ---- */
char *script_of_program(const struct sb_fuzz *fuzz, const struct program *program,
                        const struct sb_fuzz_crash *crash); /* NULL: none */

#endif
