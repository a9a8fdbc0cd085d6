/*
 * A case: one script on one fresh machine with the verifier on, in a process of its own, so that
 * nothing a driver does reaches the next case or the command. What it found comes back in shared
 * memory.
 */
#ifndef SYSBUF_CLI_CASE_H
#define SYSBUF_CLI_CASE_H

#include <sysbuf/host.h>

enum {
    CASE_FINDINGS = 64,
    CASE_LINES = 16384, /* statements whose results are kept */
    CASE_PATHS = 64,
    CASE_CODES = 512,
    CASE_SITES = 1024,
    CASE_NUMBERS = 96,
    CASE_STACK = 4096,
    CASE_OUTPUT = 8192,
};

enum case_end {
    CASE_CRASHED,     /* the host did not survive; its own mistake */
    CASE_FINISHED,    /* to the last statement */
    CASE_STOPPED,     /* a bug check */
    CASE_ABANDONED,   /* a driver ended a process: what follows would be no calls of its */
    CASE_STUCK,       /* killed: one step took all patience (patience.h) */
    CASE_NOT_STARTED, /* a driver's DriverEntry failed, or it could not be loaded */
    CASE_UNUSABLE,    /* no machine, or the script cannot be played */
};

struct case_finding {
    struct sb_finding finding;
    char stack[CASE_STACK];
};

/* A number that the driver's code compares something with. */
struct case_number {
    uint64_t value;
    uint32_t offset; /* of what, from a pointer; UINT32_MAX: not known */
    uint8_t size;
};

struct case_line {
    bool was_done;
    sb_status status;
    uint64_t information;
};

struct case_result {
    enum case_end end;
    unsigned beat; /* changes with every step of the case */
    unsigned line; /* the last statement that was begun; 0: none, or after the last */
    int exit_code; /* what sysbuf run would have ended with */
    uint32_t finding_count;
    struct case_finding findings[CASE_FINDINGS];
    struct sb_bug_check bug_check; /* CASE_STOPPED */
    char stop_description[CASE_OUTPUT];
    uint32_t device_count; /* that were made for drivers with an AddDevice routine */
    uint32_t path_count;
    char paths[CASE_PATHS][256]; /* by which the drivers' devices are opened */
    uint64_t schedules;          /* that were tried */
    bool is_complete;            /* there are no others */
    char seed[4096];             /* of the schedule that found something; empty: none did */
    uint32_t code_count;
    uint32_t codes[CASE_CODES]; /* what may be control codes, read from the drivers */
    uint32_t number_count;
    struct case_number numbers[CASE_NUMBERS];
    uint32_t site_count;
    struct sb_site sites[CASE_SITES];
    struct case_line lines[CASE_LINES];
    char output[CASE_OUTPUT]; /* what was said, for CASE_NOT_STARTED and CASE_UNUSABLE */
};

/* What all cases of a command have in common. */
struct case_target {
    char **drivers; /* paths; all are started, the first is the one that is looked at */
    int driver_count;
    const char *script_name, *script_path; /* for messages, for files that a script names */
    struct sb_machine_options machine;
    unsigned time_limit; /* seconds, of each step; see patience.h */
    bool wants_codes;    /* fills codes and numbers, which takes a look at the whole image */
};

/* What tells a run of a script from others. */
struct case_variant {
    uint64_t fail_site; /* the call that fails as if resources were short; 0: none */
    const char *seed;   /* the schedule of threads that is replayed; NULL: as Linux lets them run */
    uint32_t schedules; /* so many schedules are tried until one finds something; 0: no search */
    uint32_t preemptions; /* at most, in each */
    bool has_underruns;   /* pool blocks begin, not end, at a page without access */
    bool is_compared;     /* several times, unwritten memory holding one thing or another */
};

/* Room for results; NULL: no memory. */
struct case_result *case_result_create(void);
void case_result_free(struct case_result *result);

/* Plays the script, in a variant or (NULL) as it is. Blocks until it has ended or was killed.
 * False: Linux starts no process. */
bool case_run(const struct case_target *target, const char *script,
              const struct case_variant *variant, struct case_result *result);

#endif
