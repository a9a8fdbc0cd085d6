/* What the command's exit says; documented in sysbuf(1). */
#ifndef SYSBUF_CLI_EXIT_CODES_H
#define SYSBUF_CLI_EXIT_CODES_H

enum exit_code {
    EXIT_FINE = 0,
    EXIT_EXPECTATION = 1,  /* an expectation of the script was not met */
    EXIT_FINDINGS = 1,     /* check: the driver has made mistakes */
    EXIT_UNUSABLE = 2,     /* arguments, a file or the script cannot be used */
    EXIT_BUG_CHECK = 3,    /* a driver stopped the machine */
    EXIT_NOT_STARTED = 4,  /* a driver could not be loaded, or its DriverEntry failed */
    EXIT_TIME_LIMIT = 124, /* a step took longer than --timeout */
    EXIT_INTERRUPTED = 130 /* SIGINT or SIGTERM */
};

#endif
