/* What `sysbuf check` is told on its command line. */
#ifndef SYSBUF_CLI_CHECK_OPTIONS_H
#define SYSBUF_CLI_CHECK_OPTIONS_H

#include "cli/check/case.h"

enum { MOST_REPORTS = 8 };

struct check_options {
    struct case_target target;
    struct case_variant variant;       /* of the script */
    const char *script;                /* a path or "-"; NULL: the workload */
    const char *reports[MOST_REPORTS]; /* .sarif, .xml */
    int report_count;
    const char *reproducers; /* folder; NULL: named after the driver */
    bool writes_reproducers;
    bool tries_low_resources;
    uint32_t schedules;   /* of each script with calls together; 0: none */
    uint32_t preemptions; /* in each, at most */
    unsigned budget;      /* seconds in all; 0: no limit */
    bool is_quiet;
};

/* EXIT_FINE, or what the command's exit code is: an error was said. *is_answered: --help or --rules
 * was given, and what it asks for is shown. */
int check_options_read(int count, char **arguments, struct check_options *options,
                       bool *is_answered);

#endif
