/*
 * How long a case is waited for. What counts is what its process did, not what the clock says: a
 * machine that is busy with other things makes no driver stuck.
 */
#ifndef SYSBUF_CLI_PATIENCE_H
#define SYSBUF_CLI_PATIENCE_H

#include <stdbool.h>
#include <sys/types.h>

/* Waits for the child to end, or kills it, and collects it. It is killed when it has used so many
 * seconds of processor time since *beat last changed, or when all its threads slept for so long; 0:
 * never. beat is in memory that the child shares. True: it ended by itself. */
bool patience_wait(pid_t child, unsigned seconds, const volatile unsigned *beat);

#endif
