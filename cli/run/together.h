/* Calls that a script makes at the same time: they are made ready one by one and then run all at
 * once, each on a thread of its own. */
#ifndef SYSBUF_CLI_TOGETHER_H
#define SYSBUF_CLI_TOGETHER_H

#include "cli/run/session.h"

/* Makes a call ready. False: the run cannot go on, and why was said. */
bool together_add(struct session *session, const struct action *action);
/* Runs those that are ready, if any, and shows how each ended; the last is the result then. */
bool together_run(struct session *session);
void together_free(struct session *session);

#endif
