/*
 * Tracing: the life of each request as events of Chrome's trace format, which Perfetto opens.
 *
 * machine->trace is NULL when nobody listens, so that each place pays one predicted branch:
 *
 *     if (SB_UNLIKELY(machine->trace)) trace_queued(machine, irp);
 *
 * A request is an asynchronous event ("b" when it is first sent, "n" for what happens to it, "e"
 * when it is finished) with a number of its own, since IRPs' addresses are used again. Its events
 * belong to the thread that sent it; which one did what is said in their arguments. Each call of
 * a dispatch routine is a slice ("B", "E") of the thread that makes it. Threads and processes are
 * named ("M") before their first event. Events come one at a time, in the order of their times.
 *
 * Any IRQL; driver memory is read before the trace's lock is taken, never while it is held.
 */
#ifndef SYSBUF_HOST_TRACE_H
#define SYSBUF_HOST_TRACE_H

#include "host/machine.h"

struct trace;

/* Nothing if the machine's options ask for no trace. */
NTSTATUS trace_initialize(struct machine *machine);
void trace_destroy(struct machine *machine);

/* One call of a dispatch routine, from just before it until it has returned. */
struct trace_dispatch {
    uint64_t request;
    ULONG depth; /* the thread's slices around this one */
};
void trace_dispatch_begin(struct machine *machine, PDEVICE_OBJECT device, PIRP irp,
                          struct trace_dispatch *dispatch);
/* The request itself may be gone, and its IRP another's. */
void trace_dispatch_end(struct machine *machine, const struct trace_dispatch *dispatch,
                        NTSTATUS status);

/* The driver put it into a queue that the host knows: IoStartPacket, IoCsqInsertIrp. */
void trace_queued(struct machine *machine, PIRP irp);
/* IoCancelIrp; has_routine: there is a routine that will be called. */
void trace_cancel(struct machine *machine, PIRP irp, BOOLEAN has_routine);
/* IoCompleteRequest. */
void trace_complete(struct machine *machine, PIRP irp);
/* Its caller is about to be told. */
void trace_finished(struct machine *machine, PIRP irp, const IO_STATUS_BLOCK *result);
/* Its memory goes; nothing if it was finished. */
void trace_freed(struct machine *machine, PIRP irp);
/* The machine has stopped. */
void trace_bug_check(struct machine *machine, ULONG code);

/* ---- between the files of this folder ---- */
enum { TRACE_TEXT = 512, TRACE_BUCKETS = 256 };

/* A request that was sent and has not ended. */
struct trace_request {
    struct trace_request *next;
    const void *irp;
    uint64_t number;
    uint32_t process_id, thread_id; /* that sent it */
    char name[48];
};

struct trace {
    void (*write)(void *context, const char *event, size_t length);
    void *context;
    int64_t start; /* ke_monotonic_time of the first event */
    struct linux_lock lock;
    uint64_t last_number;
    struct trace_request *requests[TRACE_BUCKETS]; /* by IRP */
};

/* All with the trace's lock held. */
struct trace_request *trace_find(struct trace *trace, const void *irp);
/* A new request of that IRP; NULL when memory is short. */
struct trace_request *trace_add(struct trace *trace, const void *irp, const char *name);
void trace_remove(struct trace *trace, struct trace_request *request);
/* Writes one event of the current thread, with the time of now. kind is its "ph"; request is NULL
 * for slices; name may be NULL; arguments is the inside of "args", or "". */
void trace_write(struct machine *machine, char kind, const struct trace_request *request,
                 const char *name, const char *arguments);

/* "DEVICE_CONTROL 0x00222000" for the location the request is at. */
void trace_describe(PIO_STACK_LOCATION stack, char *text, SIZE_T size);
/* A name as the inside of a JSON string: UTF-8, escaped, cut to what fits. */
void trace_escape(PCUNICODE_STRING name, char *text, SIZE_T size);

#endif
