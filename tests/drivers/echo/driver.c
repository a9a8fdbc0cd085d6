/*
 * Echo: says back what it is told, forwards or backwards, and counts. The second example of a
 * driver on the toolkit; it shows what MyDevice does not need: lengths within limits, a reply built
 * where the request lies, a context for each open, and a device that everyone may open.
 */
#include <sysbuf/driver.h>
#include <echo/contract.h>

/* One for each open. Calls of one open may run at once: the count is only changed interlocked. */
struct context {
    uint32_t opener;
    volatile LONG64 call_count;
};

static NTSTATUS say(struct sb_call *call)
{
    struct context *context = call->open_context;

    InterlockedIncrement64(&context->call_count);
    return sb_reply(call, call->input, call->input_length);
}

/* Its row says SB_IN_PLACE: input and output are the same bytes, swapped where they lie. */
static NTSTATUS reverse(struct sb_call *call)
{
    struct context *context = call->open_context;
    UCHAR *bytes = call->output;
    uint32_t first = 0;
    uint32_t last = call->input_length - 1;
    UCHAR kept;

    if (call->output_capacity < call->input_length)
        return STATUS_BUFFER_TOO_SMALL;
    for (; first < last; first++, last--) {
        kept = bytes[first];
        bytes[first] = bytes[last];
        bytes[last] = kept;
    }
    InterlockedIncrement64(&context->call_count);
    call->reply_length = call->input_length;
    return STATUS_SUCCESS;
}

static NTSTATUS count(struct sb_call *call)
{
    struct context *context = call->open_context;
    struct echo_statistics *statistics = call->output;

    statistics->opener = context->opener;
    statistics->caller = call->process_id;
    statistics->call_count = (uint64_t)InterlockedCompareExchange64(&context->call_count, 0, 0);
    call->reply_length = sizeof(*statistics);
    return STATUS_SUCCESS;
}

static NTSTATUS opened(const struct sb_open *open)
{
    struct context *context = open->context;

    context->opener = open->process_id;
    return STATUS_SUCCESS;
}

static void closed(void *open_context)
{
    struct context *context = open_context;

    sb_log(SB_LOG_INFO, "echo: closed after %u calls\n", (unsigned)context->call_count);
}

static const struct sb_command commands[] = {
    {.code = ECHO_SAY,
     .input_minimum = 1,
     .input_maximum = ECHO_TEXT_MAXIMUM,
     .output_minimum = 1,
     .handler = say},
    {.code = ECHO_REVERSE,
     .input_minimum = 1,
     .input_maximum = ECHO_TEXT_MAXIMUM,
     .output_minimum = 1,
     .flags = SB_IN_PLACE,
     .handler = reverse},
    {.code = ECHO_COUNT,
     SB_INPUT_NONE,
     .output_minimum = sizeof(struct echo_statistics),
     .handler = count},
};

static const struct sb_driver echo = {
    .device_name = ECHO_DEVICE_NAME,
    .link_name = ECHO_LINK_NAME,
    .access_level = SB_EVERYONE,
    .open_context_size = sizeof(struct context),
    .commands = commands,
    .command_count = SB_COUNT(commands),
    .create = opened,
    .close = closed,
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    return sb_driver_start(object, registry_path, &echo);
}
