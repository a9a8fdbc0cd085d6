/* What happens to requests, told as events. */
#include "host/trace/trace.h"

#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/ob/object.h"

enum { MOST_NAME = 160 };

/* What a dispatch routine is given, read before the lock is taken. */
struct sent {
    char name[48], driver[MOST_NAME], device[MOST_NAME], lengths[64];
    const char *mode;
};

static void describe_lengths(PIO_STACK_LOCATION stack, char *text, SIZE_T size)
{
    text[0] = 0;
    switch (stack->MajorFunction) {
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
        text_format(text, size, ",\"input\":%u,\"output\":%u",
                    (uint32_t)stack->Parameters.DeviceIoControl.InputBufferLength,
                    (uint32_t)stack->Parameters.DeviceIoControl.OutputBufferLength);
        break;
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
        text_format(text, size, ",\"length\":%u", (uint32_t)stack->Parameters.Read.Length);
        break;
    }
}

static void look(PDEVICE_OBJECT device, PIRP irp, struct sent *sent)
{
    WCHAR path[96];
    PIO_STACK_LOCATION stack = irp->Tail.Overlay.CurrentStackLocation;
    UNICODE_STRING name = ob_path_text(device, path, RTL_NUMBER_OF(path));
    trace_describe(stack, sent->name, sizeof(sent->name));
    trace_escape(&device->DriverObject->DriverName, sent->driver, sizeof(sent->driver));
    trace_escape(&name, sent->device, sizeof(sent->device));
    describe_lengths(stack, sent->lengths, sizeof(sent->lengths));
    sent->mode = irp->RequestorMode == KernelMode ? "kernel" : "user";
}

void trace_dispatch_begin(struct machine *machine, PDEVICE_OBJECT device, PIRP irp,
                          struct trace_dispatch *dispatch)
{
    struct trace *trace = machine->trace;
    struct sent sent;
    char text[TRACE_TEXT];
    look(device, irp, &sent);
    linux_lock(&trace->lock);
    struct trace_request *request = trace_find(trace, irp);
    if (!request && (request = trace_add(trace, irp, sent.name)) != NULL) {
        text_format(text, sizeof(text), "\"device\":\"%s\",\"mode\":\"%s\"%s", sent.device,
                    sent.mode, sent.lengths);
        trace_write(machine, 'b', request, sent.name, text);
    }
    dispatch->request = request ? request->number : 0;
    dispatch->depth = current_thread()->trace_depth++;
    text_format(text, sizeof(text), "\"request\":%I64u,\"driver\":\"%s\",\"device\":\"%s\"",
                dispatch->request, sent.driver, sent.device);
    trace_write(machine, 'B', NULL, sent.name, text);
    linux_unlock(&trace->lock);
}

/* By its number: the IRP may be freed, even used again. */
static struct trace_request *find_number(struct trace *trace, uint64_t number)
{
    for (ULONG i = 0; i < TRACE_BUCKETS; i++)
        for (struct trace_request *each = trace->requests[i]; each; each = each->next)
            if (each->number == number)
                return each;
    return NULL;
}

void trace_dispatch_end(struct machine *machine, const struct trace_dispatch *dispatch,
                        NTSTATUS status)
{
    struct trace *trace = machine->trace;
    PETHREAD thread = current_thread();
    char text[TRACE_TEXT];
    text_format(text, sizeof(text), "\"status\":\"0x%08x\"", (uint32_t)status);
    linux_lock(&trace->lock);
    /* Slices inside that an exception has left. */
    while (thread->trace_depth > dispatch->depth + 1) {
        trace_write(machine, 'E', NULL, NULL, "\"unwound\":true");
        thread->trace_depth--;
    }
    thread->trace_depth = dispatch->depth;
    trace_write(machine, 'E', NULL, NULL, text);
    struct trace_request *request =
        status == STATUS_PENDING ? find_number(trace, dispatch->request) : NULL;
    if (request)
        trace_write(machine, 'n', request, "pended", "");
    linux_unlock(&trace->lock);
}

static void tell(struct machine *machine, PIRP irp, const char *name, const char *arguments)
{
    linux_lock(&machine->trace->lock);
    struct trace_request *request = trace_find(machine->trace, irp);
    if (request)
        trace_write(machine, 'n', request, name, arguments);
    linux_unlock(&machine->trace->lock);
}

void trace_queued(struct machine *machine, PIRP irp)
{
    tell(machine, irp, "queued", "");
}

void trace_cancel(struct machine *machine, PIRP irp, BOOLEAN has_routine)
{
    tell(machine, irp, "cancel", has_routine ? "\"routine\":true" : "\"routine\":false");
}

static void describe_result(const IO_STATUS_BLOCK *result, char *text, SIZE_T size)
{
    text_format(text, size, "\"status\":\"0x%08x\",\"information\":%I64u", (uint32_t)result->Status,
                (uint64_t)result->Information);
}

void trace_complete(struct machine *machine, PIRP irp)
{
    char text[96];
    describe_result(&irp->IoStatus, text, sizeof(text));
    tell(machine, irp, "complete", text);
}

static void end(struct machine *machine, PIRP irp, const char *arguments)
{
    struct trace *trace = machine->trace;
    linux_lock(&trace->lock);
    struct trace_request *request = trace_find(trace, irp);
    if (request) {
        trace_write(machine, 'e', request, request->name, arguments);
        trace_remove(trace, request);
    }
    linux_unlock(&trace->lock);
}

void trace_finished(struct machine *machine, PIRP irp, const IO_STATUS_BLOCK *result)
{
    char text[96];
    describe_result(result, text, sizeof(text));
    end(machine, irp, text);
}

void trace_freed(struct machine *machine, PIRP irp)
{
    end(machine, irp, "\"freed\":true");
}

void trace_bug_check(struct machine *machine, ULONG code)
{
    char text[64];
    text_format(text, sizeof(text), "\"code\":\"0x%08x\"", (uint32_t)code);
    linux_lock(&machine->trace->lock);
    trace_write(machine, 'i', NULL, "bug check", text);
    linux_unlock(&machine->trace->lock);
}
