/*
 * Fuzzing a driver's requests: a machine that is kept ready, inputs that are programs of requests,
 * what new code an input reached, and what it broke. `sysbuf fuzz`, and the entries for libFuzzer
 * and AFL++, are small loops around this. Part of the library libsysbuf_fuzz.a.
 *
 * An input is a string of bytes; every string is a program (docs/fuzzing.md has the format). One
 * thread uses an object; several objects may exist. Between inputs every handle is closed and
 * nothing pends. What the driver keeps beyond that lives on until the machine is made anew, which
 * happens after reset_after inputs, when much is left behind, and after a crash.
 */
#ifndef SYSBUF_FUZZ_H
#define SYSBUF_FUZZ_H

#include <sysbuf/code.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SB_FUZZ_MOST_DEVICES 8u
#define SB_FUZZ_LONGEST      4096u /* bytes of an input that are looked at */

struct sb_fuzz;

struct sb_fuzz_options {
    const char *driver;        /* the .sys */
    const char *const *device; /* paths to open, device_count of them; 0: those that it makes */
    uint32_t device_count;     /* at most SB_FUZZ_MOST_DEVICES */
    uint32_t verify;           /* SB_VERIFY_*: what counts as a crash besides bug checks */
    uint32_t reset_after;      /* inputs; 0: 1000; 1: a machine for each */
    /* Milliseconds without progress that are a crash; 0: 1000. A control code that did not return
     * is left out of later inputs. */
    uint32_t timeout;
    /* Note each block once an input, not once in all: what engines need that compare whole runs
     * (AFL++). Slower. */
    bool is_traced;
    /* Only for making inputs: the driver's file is read, no machine is made, and sb_fuzz_run must
     * not be called. Requests are then for the first device only. */
    bool is_idle;
    /* The machine's threads take turns (include/sysbuf/host.h, "schedules"), so that the same
     * inputs do the same each time; no wait takes time. */
    bool is_scheduled;
    /* A crash is tried again, but not made smaller. */
    bool is_hasty;
};

/* Starts the driver on a first machine. False: error says why in words. */
bool sb_fuzz_open(const struct sb_fuzz_options *options, struct sb_fuzz **fuzz, char *error,
                  size_t error_size);
void sb_fuzz_close(struct sb_fuzz *fuzz); /* NULL is fine */

/* What broke. */
struct sb_fuzz_crash {
    char identity[160]; /* what and where: the same for the same mistake; fit for a file's name */
    char title[600];    /* a line for people */
    char *report;       /* the stop's report, or the finding with its stack */
    bool is_repeated;   /* the identity came before: what follows is empty */
    bool is_reproduced; /* on a machine of its own */
    uint8_t *input;     /* the least that was found to do it, input_length bytes */
    size_t input_length;
    char *script; /* the same for `sysbuf run` */
};
void sb_fuzz_crash_free(struct sb_fuzz_crash *crash); /* what it points to */

/* Runs an input. False: it broke something, or what was left of inputs before it did: *crash says
 * what. Then the next call begins on a new machine. */
bool sb_fuzz_run(struct sb_fuzz *fuzz, const uint8_t *input, size_t length,
                 struct sb_fuzz_crash *crash);
/* Takes the machine apart, as at the end: false as above when it finds what inputs left behind. */
bool sb_fuzz_finish(struct sb_fuzz *fuzz, struct sb_fuzz_crash *crash);

/* The blocks that have run: coverage->order lists them, new ones last. */
const struct sb_coverage *sb_fuzz_coverage(const struct sb_fuzz *fuzz);
uint64_t sb_fuzz_requests(const struct sb_fuzz *fuzz); /* sent so far */
uint64_t sb_fuzz_machines(const struct sb_fuzz *fuzz); /* made so far */
/* The driver's possible control codes and the paths of its devices: count, and the i-th. */
uint32_t sb_fuzz_code_count(const struct sb_fuzz *fuzz);
uint32_t sb_fuzz_code(const struct sb_fuzz *fuzz, uint32_t index);
uint32_t sb_fuzz_device_count(const struct sb_fuzz *fuzz);
const char *sb_fuzz_device(const struct sb_fuzz *fuzz, uint32_t index);

/* ---- making inputs ---- */
/* Changes an input of length bytes in a buffer of capacity bytes, as requests rather than as bytes,
 * with the numbers and texts of the driver's image; other (may be NULL) is one to take parts from.
 * Returns its new length. The same seed makes the same change. */
size_t sb_fuzz_mutate(struct sb_fuzz *fuzz, uint8_t *input, size_t length, size_t capacity,
                      const uint8_t *other, size_t other_length, uint64_t seed);
/* The index-th of the changes that are tried one by one: a request more, other lengths, numbers
 * that the driver compares with in the last request's fields. Worth while for an input that reached
 * code which none before it did. Returns the length, 0 when there are no more. */
size_t sb_fuzz_vary(struct sb_fuzz *fuzz, const uint8_t *base, size_t length, uint32_t index,
                    uint8_t *input, size_t capacity);
/* The index-th input to begin with: each request and control code once. Returns its length, 0 when
 * there are no more. */
size_t sb_fuzz_seed(const struct sb_fuzz *fuzz, uint32_t index, uint8_t *input, size_t capacity);
/* The input as a script for `sysbuf run`; free() it. NULL: no memory. input NULL: the one that ran
 * last, whose bytes must still be there, without the requests on what could not be opened. */
char *sb_fuzz_script(const struct sb_fuzz *fuzz, const uint8_t *input, size_t length);

/* ---- for the programs of other engines ---- */
/* Opens with what the environment says: SYSBUF_DRIVER unless driver is given, SYSBUF_VERIFY
 * (SB_VERIFY_* as a number; all by default). False: said why on standard error. */
bool sb_fuzz_open_for_engine(const char *driver, bool is_traced, struct sb_fuzz **fuzz);
/* Says what broke on standard error, writes its script to the folder SYSBUF_CRASHES (.), aborts. */
__attribute__((noreturn)) void sb_fuzz_abort(const struct sb_fuzz_crash *crash);

#ifdef __cplusplus
}
#endif

#endif
