/*
 * A workload for a driver that nobody described: which devices it has, what they answer to, and
 * calls of all kinds. The calls are scripts, so that whatever they find can be played again.
 */
#ifndef SYSBUF_CLI_WORKLOAD_H
#define SYSBUF_CLI_WORKLOAD_H

#include "cli/check/budget.h"
#include "cli/check/findings.h"
#include "cli/check/lines.h"
#include "cli/check/progress.h"

/* A control code, or read or write, that a device answers to. */
enum { ANSWERED = 32 };
struct entrance {
    char *call; /* "ioctl d 0x222000", "read d" or "write d" */
    uint32_t code;
    bool is_read, is_write;
    bool pends;
    struct lines good;        /* statements that succeeded */
    uint64_t most_reply;      /* of them */
    char *answered[ANSWERED]; /* the last statements that were answered with bytes */
    unsigned answers;         /* how many there were */
    struct lines fresh;       /* statements on a fresh machine, and */
    sb_status *fresh_status;
    struct lines makers; /* statements that succeed there and may make something */
    struct lines users;  /* statements that succeed behind one of those alone */
};

struct device {
    char *open; /* the statement that opens it as d */
    struct entrance *entrances;
    size_t entrance_count;
    struct lines makers; /* statements behind which others succeed that failed */
};

struct workload {
    const struct case_target *target;
    struct findings *findings;
    struct case_result *result; /* scratch */
    struct budget *budget;
    struct progress *progress;
    bool has_plug_and_play; /* a driver has an AddDevice routine; each script finds its device */
    struct device *devices;
    size_t device_count;
    struct case_number numbers[CASE_NUMBERS]; /* that the driver compares with */
    uint32_t number_count;
    const struct case_variant *variant; /* of the statements; NULL: they are played as they are */
    unsigned cases, calls;              /* how many were run */
    uint32_t schedules;                 /* at most, of each script with calls together; 0: none */
    uint32_t preemptions;
    uint64_t schedules_tried;
    struct lines hangs; /* statements that never came back, each some seconds lost */
};

/* Finds the devices and what they answer to. False: the drivers do not start; result says why. */
bool workload_discover(struct workload *workload);
/* Plays all of it. */
void workload_run(struct workload *workload);
void workload_free(struct workload *workload);

/* Runs a script as it is, or in a variant. False: it was not run, as the budget is spent or Linux
 * starts no process. new (may be NULL): how many findings nobody had before. */
bool workload_case(struct workload *workload, const char *phase, const char *script,
                   const struct case_variant *variant, unsigned *new);
typedef void workload_visitor(void *context, const char *statement, const struct case_line *line);

/* Plays prologue and body; where a statement of the body ends the machine, the rest is played
 * behind a new prologue. visit (may be NULL) gets each statement that was done. */
void workload_play(struct workload *workload, const char *phase, const struct lines *prologue,
                   const struct lines *body, workload_visitor *visit, void *context);

/* The same where the statements are many: of calls that end the machine the others of their kind
 * are left out in part, the more the longer they show nothing new. */
void workload_sample(struct workload *workload, const char *phase, const struct lines *prologue,
                     const struct lines *body, workload_visitor *visit, void *context);

#endif
