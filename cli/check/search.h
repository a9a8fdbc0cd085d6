/* Requests that reach code which nothing else did: a bounded round of sysbuf fuzz's loop. */
#ifndef SYSBUF_CLI_SEARCH_H
#define SYSBUF_CLI_SEARCH_H

#include "cli/check/workload.h"

/* Begins with the calls that succeeded; what breaks is played again as a script. */
void search_run(struct workload *workload);

#endif
