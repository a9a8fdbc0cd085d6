/*
 * The command line of the mydevice client, parsed. Portable.
 */
#ifndef MYDEVICE_ARGUMENTS_H
#define MYDEVICE_ARGUMENTS_H

#include <stdbool.h>
#include <mydevice/contract.h>

enum verb {
    VERB_HELP,
    VERB_VERSION,
    VERB_DEMO,
    VERB_CALL,
    VERB_INSTALL,
    VERB_START,
    VERB_STOP,
    VERB_UNINSTALL,
    VERB_STATUS,
    VERB_STATS,
};

#define DEFAULT_TIMEOUT 5000 /* milliseconds */

struct arguments {
    enum verb verb;
    struct mydevice_request request; /* of call */
    uint32_t timeout;                /* of call, milliseconds */
    const char *path;                /* of install; one of argv's strings */
    bool watch;                      /* of stats: go on until interrupted */
    const char *host_driver;         /* the driver to run on the host, NULL for the system's */
    const char *trace;               /* the file for a trace of its requests, or NULL */
};

/*
 * Parses argv[1] on. Returns 0 and sets *arguments; or returns -1, leaves *arguments alone and
 * writes a sentence for the user, cut to message_size bytes, terminator included, to message.
 * May reorder argv (getopt_long does). Not reentrant, as getopt_long is not.
 */
int parse_arguments(int argc, char **argv, struct arguments *arguments, char *message,
                    size_t message_size);

/*
 * Reads a whole number from 0 to 4294967295: decimal, or hexadecimal after 0x; no sign, no space,
 * nothing behind it. Returns 0 and sets *number, or returns -1 and leaves it.
 */
int parse_number(const char *text, uint32_t *number);

#endif
