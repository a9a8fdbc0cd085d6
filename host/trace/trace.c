/* A machine's trace, and the requests it follows. */
#include "host/trace/trace.h"

#include "host/ke/ke.h"

NTSTATUS trace_initialize(struct machine *machine)
{
    if (!machine->trace_write)
        return STATUS_SUCCESS;
    struct trace *trace = linux_allocate(sizeof(*trace));
    if (!trace)
        return STATUS_INSUFFICIENT_RESOURCES;
    trace->write = machine->trace_write;
    trace->context = machine->trace_context;
    machine->trace = trace;
    return STATUS_SUCCESS;
}

void trace_destroy(struct machine *machine)
{
    struct trace *trace = machine->trace;
    machine->trace = NULL;
    if (!trace)
        return;
    for (ULONG i = 0; i < TRACE_BUCKETS; i++)
        while (trace->requests[i])
            trace_remove(trace, trace->requests[i]);
    linux_free(trace);
}

static struct trace_request **bucket_of(struct trace *trace, const void *irp)
{
    return &trace->requests[((uint64_t)irp >> 4) * 0x9E3779B97F4A7C15u >> 56];
}

struct trace_request *trace_find(struct trace *trace, const void *irp)
{
    struct trace_request *request = *bucket_of(trace, irp);
    while (request && request->irp != irp)
        request = request->next;
    return request;
}

struct trace_request *trace_add(struct trace *trace, const void *irp, const char *name)
{
    struct trace_request **bucket = bucket_of(trace, irp);
    struct trace_request *request = linux_allocate(sizeof(*request));
    if (!request)
        return NULL;
    request->irp = irp;
    request->number = ++trace->last_number;
    request->process_id = HandleToULong(current_thread()->owner->process_id);
    request->thread_id = HandleToULong(current_thread()->thread_id);
    for (ULONG i = 0; name[i] && i + 1 < sizeof(request->name); i++)
        request->name[i] = name[i];
    request->next = *bucket;
    *bucket = request;
    return request;
}

void trace_remove(struct trace *trace, struct trace_request *request)
{
    struct trace_request **link = bucket_of(trace, request->irp);
    while (*link != request)
        link = &(*link)->next;
    *link = request->next;
    linux_free(request);
}
