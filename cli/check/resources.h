/* Low resources: each call of a driver that may fail for want of them fails once, one run each. */
#ifndef SYSBUF_CLI_RESOURCES_H
#define SYSBUF_CLI_RESOURCES_H

#include "cli/check/budget.h"
#include "cli/check/findings.h"
#include "cli/check/progress.h"

struct resources {
    const struct case_target *target;
    struct findings *findings;
    struct case_result *result; /* scratch */
    struct budget *budget;
    struct progress *progress;
    struct sb_site *sites; /* that were met, each once */
    size_t count, tried;
    unsigned cases;
};

/* Plays the script with each site failing that it meets, those too that only come to light where
 * another one fails. */
void resources_try(struct resources *resources, const char *script);
void resources_free(struct resources *resources);

#endif
