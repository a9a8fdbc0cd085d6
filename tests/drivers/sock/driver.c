/* A driver whose commands can be called over a socket. */
#include <sysbuf/driver.h>
#include <sock/contract.h>

struct context {
    volatile LONG calls;
};

static volatile LONG opens;
static volatile LONG closes;

static NTSTATUS say(struct sb_call *call)
{
    struct context *context = call->open_context;

    InterlockedIncrement(&context->calls);
    return sb_reply(call, call->input, call->input_length);
}

static NTSTATUS invert(struct sb_call *call)
{
    struct context *context = call->open_context;
    UCHAR *bytes = call->output;
    uint32_t index;

    if (call->output_capacity < call->input_length)
        return STATUS_BUFFER_TOO_SMALL;
    InterlockedIncrement(&context->calls);
    for (index = 0; index < call->input_length; index++)
        bytes[index] = (UCHAR)~bytes[index];
    call->reply_length = call->input_length;
    return STATUS_SUCCESS;
}

static NTSTATUS sleep(struct sb_call *call)
{
    LARGE_INTEGER interval;

    interval.QuadPart = -(LONGLONG)(*(const uint32_t *)call->input) * 10000;
    return KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

static NTSTATUS count(struct sb_call *call)
{
    const struct context *context = call->open_context;
    const struct sock_counts counts = {(uint32_t)context->calls, (uint32_t)opens, (uint32_t)closes,
                                       0};

    return sb_reply(call, &counts, sizeof(counts));
}

static NTSTATUS opened(const struct sb_open *open)
{
    UNREFERENCED_PARAMETER(open);
    InterlockedIncrement(&opens);
    return STATUS_SUCCESS;
}

static void closed(void *open_context)
{
    UNREFERENCED_PARAMETER(open_context);
    InterlockedIncrement(&closes);
}

static const struct sb_command commands[] = {
    {.code = SOCK_SAY,
     .input_minimum = 1,
     .input_maximum = 0x100000,
     .output_minimum = 1,
     .access = SB_ACCESS_READ | SB_ACCESS_WRITE,
     .handler = say},
    {.code = SOCK_INVERT,
     .input_minimum = 1,
     .input_maximum = 0x100000,
     .output_minimum = 1,
     .flags = SB_IN_PLACE,
     .handler = invert},
    {.code = SOCK_SLEEP, SB_INPUT_EXACT(uint32_t), .handler = sleep},
    {.code = SOCK_COUNT,
     SB_INPUT_NONE,
     .output_minimum = sizeof(struct sock_counts),
     .handler = count},
};

static const struct sb_driver sock = {
    .device_name = SOCK_DEVICE_NAME,
    .link_name = SOCK_LINK_NAME,
    .open_context_size = sizeof(struct context),
    .contract_version = 1,
    .commands = commands,
    .command_count = SB_COUNT(commands),
    .socket = &sb_socket_channel,
    .statistics = TRUE,
    .create = opened,
    .close = closed,
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    return sb_driver_start(object, registry_path, &sock);
}
