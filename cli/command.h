/* The commands of sysbuf, and what they share. */
#ifndef SYSBUF_CLI_COMMAND_H
#define SYSBUF_CLI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/exit_codes.h"

/* Each gets its own name as arguments[0] and returns the process's exit code. */
int run_command(int count, char **arguments);
int check_command(int count, char **arguments);
int fuzz_command(int count, char **arguments);
int stats_command(int count, char **arguments);
int info_command(int count, char **arguments);
int exports_command(int count, char **arguments);
int help_command(int count, char **arguments);

/* "sysbuf: ..." on standard error; returns EXIT_UNUSABLE. */
int command_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* After getopt_long answered ? or :, says what is wrong with the option that it looked at. */
int command_bad_option(const char *command, char **arguments, int option);
/* A decimal number in a range; false: said why. */
bool command_number(const char *option, const char *text, uint64_t least, uint64_t most,
                    uint64_t *value);
/* The same where an unsigned holds all of the range. */
bool command_count(const char *option, const char *text, unsigned least, unsigned most,
                   unsigned *value);
/* A folder that is there; false: said that it is not. */
bool command_folder(const char *option, const char *path, const char **value);
/* "64", "64K", "64M", "1G": bytes. */
bool command_size(const char *option, const char *text, uint64_t *value);

/* Prints the help of a command, for its --help. */
int help_show(const char *topic);

#endif
