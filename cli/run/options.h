/* What `sysbuf run` is told on its command line. */
#ifndef SYSBUF_CLI_RUN_OPTIONS_H
#define SYSBUF_CLI_RUN_OPTIONS_H

#include "cli/run/session.h"

struct run_options {
    struct session_options session;
    struct sb_machine_options machine;
    const char *log_path, *log_prefix;
    const char *trace_path;
    unsigned timeout; /* seconds */
    bool starts_nothing;
    const char *statements; /* --execute */
    const char *script;     /* a path or "-" */
    char **drivers;         /* in the argument vector */
    int driver_count;
};

/* EXIT_FINE, or what the command's exit code is: an error was said. *shown_help: --help was given.
 */
int run_options_read(int count, char **arguments, struct run_options *options, bool *shown_help);

/* Tells the drivers among a command's arguments (their names end in .sys or their contents begin as
 * a driver's do) from the script behind them, if there is one. EXIT_FINE or an exit code. */
int options_take_files(const char *command, char **files, int count, int *driver_count,
                       const char **script);

#endif
