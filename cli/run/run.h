/* A run from beginning to end: what `sysbuf run` and `sysbuf stats` have in common. */
#ifndef SYSBUF_CLI_RUN_H
#define SYSBUF_CLI_RUN_H

#include "cli/run/options.h"
#include "cli/run/play.h"

/* Makes the machine, plays the script and takes the machine apart. started and played (either may
 * be NULL) are called as struct play says. The exit code. */
int run_with(const struct run_options *options, void (*started)(struct play *),
             void (*played)(struct play *));

#endif
