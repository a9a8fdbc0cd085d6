/*
 * Where the program's driver runs: on Windows in the system, elsewhere in a machine of its own.
 */
#ifndef MYDEVICE_RUNTIME_H
#define MYDEVICE_RUNTIME_H

#include <sysbuf/client.h>

/*
 * Prepares to run with the driver in the file at path, or with the installed one if path is NULL.
 * trace: the file that its requests are traced to, or NULL. Returns SB_OK, or an error after a
 * sentence on stderr.
 */
enum sb_error runtime_begin(const char *path, const char *trace);

/* Completes the trace, if there is one; returns as runtime_begin(). */
enum sb_error runtime_end(const char *trace);

/* Sleeps for so many milliseconds. */
void runtime_pause(unsigned milliseconds);

/* What is missing when there is no device, and how to help it: a sentence for this runtime. */
const char *runtime_install_advice(void);

#endif
