/* The findings of a command: each once, in the order in which they came, with the script that led
 * there. */
#ifndef SYSBUF_CLI_FINDINGS_H
#define SYSBUF_CLI_FINDINGS_H

#include "cli/check/case.h"

struct found {
    struct found *next;
    struct sb_finding finding;
    char *stack;
    char *description; /* the host's report of a bug check; NULL: none */
    char *script;      /* what was played, without line feeds at the ends of the file */
    unsigned line;     /* of the script: where it happened; 0: in DriverEntry, at the unload ... */
    struct case_variant variant; /* in which the script was played */
    char *seed;                  /* of its schedule; NULL: none */
    const char *phase;           /* which part of the check found it */
    char *reproducer;            /* a file's name, or NULL */
};

struct findings {
    struct found *first, **last;
    unsigned count;
};

void findings_begin(struct findings *findings);
void findings_end(struct findings *findings);
/* Takes what the case found and nobody before. Returns how many those were. */
unsigned findings_take(struct findings *findings, const struct case_result *result,
                       const char *script, const struct case_variant *variant, const char *phase);
/* Whether a case has this finding too. */
bool findings_match(const struct found *found, const struct case_result *result);

#endif
