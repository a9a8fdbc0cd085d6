/* Event objects inside the host (host/ex/event_object.c). */
#ifndef SYSBUF_HOST_EVENT_OBJECT_H
#define SYSBUF_HOST_EVENT_OBJECT_H

#include "host/ob/object.h"

extern OBJECT_TYPE ex_event_type;

/* An event with one reference, without name or handle. */
NTSTATUS ex_event_create(struct machine *machine, EVENT_TYPE type, BOOLEAN state, PKEVENT *event);
/* NtSetEvent and NtResetEvent by a handle of the current process; previous may be NULL. */
NTSTATUS ex_event_set(HANDLE handle, KPROCESSOR_MODE mode, PLONG previous);
NTSTATUS ex_event_reset(HANDLE handle, KPROCESSOR_MODE mode, PLONG previous);

#endif
