/* How an application's thread gets into the machine and out again. */
#ifndef SYSBUF_HOST_CALL_H
#define SYSBUF_HOST_CALL_H

#include "host/ke/thread.h"

/* Runs function(arguments) inside the machine, on behalf of process, at PASSIVE_LEVEL with previous
 * mode UserMode, and returns what it returns; STATUS_MACHINE_STOPPED when the machine is or gets
 * stopped (function may then have been left anywhere). Blocks as function does. */
NTSTATUS machine_call(struct _EPROCESS *process, NTSTATUS (*function)(void *), void *arguments);

/* The frame of a thread that was started inside the machine. Returns FALSE when it was left by a
 * stop. */
BOOLEAN machine_run(PETHREAD thread, void (*function)(void *), void *context);

#endif
