/* Events as text: one at a time, each with the time and the thread, names told first. */
#include "host/trace/trace.h"

#include "host/ke/ke.h"
#include "host/ke/text.h"

static void tell(struct trace *trace, const char *text, SIZE_T length)
{
    trace->write(trace->context, text, length);
}

static void name_process(struct trace *trace, struct _EPROCESS *process)
{
    char text[TRACE_TEXT];
    uint32_t id = HandleToULong(process->process_id);
    if (process->is_traced)
        return;
    process->is_traced = TRUE;
    SIZE_T length = text_format(text, sizeof(text),
                                "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%u,\"tid\":0,"
                                "\"args\":{\"name\":\"%s%s\"}}",
                                id,
                                id == 4                     ? "System"
                                : process->is_administrator ? "administrator"
                                                            : "user",
                                process->is_32_bit ? ", 32 bits" : "");
    tell(trace, text, length);
}

static void name_thread(struct trace *trace, PETHREAD thread)
{
    char text[TRACE_TEXT];
    uint32_t id = HandleToULong(thread->thread_id);
    if (thread->is_traced)
        return;
    thread->is_traced = TRUE;
    SIZE_T length = text_format(text, sizeof(text),
                                "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%u,\"tid\":%u,"
                                "\"args\":{\"name\":\"%s thread\"}}",
                                HandleToULong(thread->owner->process_id), id,
                                thread->is_system ? "system" : "application");
    tell(trace, text, length);
}

/* A request's events stand with the thread that sent it; whose doing they are is an argument. */
static void describe_request(const struct trace_request *request, PETHREAD thread, char *head,
                             SIZE_T head_size, char *doer, SIZE_T doer_size)
{
    text_format(head, head_size, "\"pid\":%u,\"tid\":%u,\"cat\":\"request\",\"id\":\"0x%I64x\"",
                request->process_id, request->thread_id, request->number);
    text_format(doer, doer_size, ",\"process\":%u,\"thread\":%u",
                HandleToULong(thread->owner->process_id), HandleToULong(thread->thread_id));
}

void trace_write(struct machine *machine, char kind, const struct trace_request *request,
                 const char *name, const char *arguments)
{
    struct trace *trace = machine->trace;
    PETHREAD thread = current_thread();
    char text[TRACE_TEXT + 256], head[96], doer[48] = "", label[80] = "";
    int64_t time = ke_monotonic_time(machine);
    if (!trace->start)
        trace->start = time;
    time -= trace->start;
    name_process(trace, thread->owner);
    name_thread(trace, thread);
    if (request)
        describe_request(request, thread, head, sizeof(head), doer, sizeof(doer));
    else
        text_format(head, sizeof(head), "\"pid\":%u,\"tid\":%u",
                    HandleToULong(thread->owner->process_id), HandleToULong(thread->thread_id));
    if (name)
        text_format(label, sizeof(label), ",\"name\":\"%s\"%s", name,
                    kind == 'i' ? ",\"s\":\"g\"" : "");
    SIZE_T length = text_format(
        text, sizeof(text), "{\"ph\":\"%c\",\"ts\":%I64d.%03u,%s%s,\"args\":{\"irql\":%u%s%s%s}}",
        kind, time / 1000, (uint32_t)(time % 1000), head, label, (uint32_t)KeGetCurrentIrql(), doer,
        arguments[0] ? "," : "", arguments);
    tell(trace, text, length);
}

static const char *const majors[] = {
    "CREATE",
    "CREATE_NAMED_PIPE",
    "CLOSE",
    "READ",
    "WRITE",
    "QUERY_INFORMATION",
    "SET_INFORMATION",
    "QUERY_EA",
    "SET_EA",
    "FLUSH_BUFFERS",
    "QUERY_VOLUME_INFORMATION",
    "SET_VOLUME_INFORMATION",
    "DIRECTORY_CONTROL",
    "FILE_SYSTEM_CONTROL",
    "DEVICE_CONTROL",
    "INTERNAL_DEVICE_CONTROL",
    "SHUTDOWN",
    "LOCK_CONTROL",
    "CLEANUP",
    "CREATE_MAILSLOT",
    "QUERY_SECURITY",
    "SET_SECURITY",
    "POWER",
    "SYSTEM_CONTROL",
    "DEVICE_CHANGE",
    "QUERY_QUOTA",
    "SET_QUOTA",
    "PNP",
};
_Static_assert(RTL_NUMBER_OF(majors) == IRP_MJ_MAXIMUM_FUNCTION + 1, "a name for each");

void trace_describe(PIO_STACK_LOCATION stack, char *text, SIZE_T size)
{
    UCHAR major = stack->MajorFunction;
    const char *name = major < RTL_NUMBER_OF(majors) ? majors[major] : "?";
    if (major == IRP_MJ_DEVICE_CONTROL || major == IRP_MJ_INTERNAL_DEVICE_CONTROL)
        text_format(text, size, "%s 0x%08x", name,
                    (uint32_t)stack->Parameters.DeviceIoControl.IoControlCode);
    else if (major == IRP_MJ_PNP || major == IRP_MJ_POWER)
        text_format(text, size, "%s 0x%02x", name, stack->MinorFunction);
    else
        text_format(text, size, "%s", name);
}

void trace_escape(PCUNICODE_STRING name, char *text, SIZE_T size)
{
    SIZE_T at = 0;
    for (USHORT i = 0; i < name->Length / sizeof(WCHAR) && at + 7 < size; i++) {
        WCHAR unit = name->Buffer[i];
        if (unit == '\\' || unit == '"')
            text[at++] = '\\';
        if (unit >= ' ' && unit < 0x7F)
            text[at++] = (char)unit;
        else
            at += text_format(text + at, size - at, "\\u%04x", unit);
    }
    text[at] = 0;
}
