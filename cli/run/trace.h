/* --trace FILE: what the machine tells of its requests, as a file that Perfetto opens. */
#ifndef SYSBUF_CLI_TRACE_H
#define SYSBUF_CLI_TRACE_H

#include <stdbool.h>
#include <stddef.h>

/* One trace a run. False: it was said why the file cannot be written. */
bool trace_open(const char *path);
/* For struct sb_machine_options.trace: any thread. */
void trace_event(void *context, const char *event, size_t length);
/* Completes the file; nothing if none is open. 0, or the errno of a write that failed: the file is
 * not whole. Also for a run that is given up while threads are in the machine; prints nothing. */
int trace_close(void);

#endif
