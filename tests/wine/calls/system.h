/* An application's calls of include/sysbuf/host.h as Windows' system calls; see system.c. */
#ifndef TESTS_WINE_SYSTEM_H
#define TESTS_WINE_SYSTEM_H

#include <sysbuf/host.h>

/* This process. */
struct sb_process *system_process(void);

/* Cancels what pends on each handle that was opened since the last time, and closes it. */
void system_close_all(void);

#endif
