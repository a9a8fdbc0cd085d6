/* A line on the terminal that says what a check is doing. */
#ifndef SYSBUF_CLI_PROGRESS_H
#define SYSBUF_CLI_PROGRESS_H

#include "cli/check/budget.h"
#include "cli/check/findings.h"

struct progress {
    bool is_shown;
    const struct budget *budget;
    const struct findings *findings;
    const char *phase;
    char what[64];
    unsigned last; /* second in which it was written */
};

/* Another phase, and what of; both are kept. */
void progress_show(struct progress *progress, const char *phase, const char *what);
/* The same, with the time and the findings so far; at most once a second. */
void progress_again(struct progress *progress);
/* The line is gone: something else is to be written. */
void progress_end(const struct progress *progress);

#endif
