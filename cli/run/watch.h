/*
 * The watch over a run: a thread that takes SIGINT and SIGTERM and looks at the time limit. The
 * main thread may be inside a driver that never answers, so the watch can end the whole command.
 */
#ifndef SYSBUF_CLI_WATCH_H
#define SYSBUF_CLI_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sysbuf/host.h"

/* Before any other thread is started. limit: seconds for one step; 0: none. trace, or NULL, is
 * completed before the watch ends the command. */
bool watch_start(unsigned limit, const char *script_name, struct sb_trace_file *trace);
/* A step begins: a line of the script (0: none) or something else; the text must stay valid. */
void watch_step(unsigned line, const char *what);
/* SIGINT or SIGTERM came: the run ends after the step. If it does not end within a second the watch
 * ends the command. */
bool watch_was_interrupted(void);
/* Nanoseconds since some start. */
int64_t watch_time(void);

#endif
