/*
 * Drivers that want to know of processes, threads and images. Routines are called in the order they
 * were registered, at PASSIVE_LEVEL, without locks; taking one away waits for calls in progress.
 */
#ifndef SYSBUF_HOST_PS_NOTIFY_H
#define SYSBUF_HOST_PS_NOTIFY_H

#include "host/ke/thread.h"

NTSTATUS ps_notify_initialize(struct machine *machine);
void ps_notify_destroy(struct machine *machine);

/* A process exists but does not run: a routine may refuse it, with the status returned. On the
 * creating thread. */
NTSTATUS ps_notify_process_created(struct _EPROCESS *process);
void ps_notify_process_exits(struct _EPROCESS *process);
void ps_notify_thread(PETHREAD thread, BOOLEAN created);
/* A driver's image, loaded from path, is mapped and will run. */
void ps_notify_driver_image(struct machine *machine, PUNICODE_STRING path, void *base, SIZE_T size);

#endif
