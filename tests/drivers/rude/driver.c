/*
 * A driver whose handlers misbehave in every way that the library says it can bear.
 */
#include <sysbuf/driver.h>
#include <rude/contract.h>

static volatile LONG creates;
static volatile LONG refused;
static volatile LONG closes;
static volatile LONG context_mistakes;
static volatile LONG opens_to_refuse;

static NTSTATUS reply_first(struct sb_call *call)
{
    const UCHAR *input = call->input;
    uint32_t sum = 0;
    uint32_t index;

    RtlFillMemory(call->output, call->output_capacity, 0xAA);
    for (index = 0; index < call->input_length; index++)
        sum += input[index];
    *(uint32_t *)call->output = sum;
    call->reply_length = call->output_capacity;
    return STATUS_SUCCESS;
}

static NTSTATUS claim_too_much(struct sb_call *call)
{
    RtlFillMemory(call->output, call->output_capacity, 0x55);
    call->reply_length = UINT32_MAX;
    return STATUS_SUCCESS;
}

static NTSTATUS write_nothing(struct sb_call *call)
{
    call->reply_length = call->output_capacity;
    return STATUS_SUCCESS;
}

static NTSTATUS return_status(struct sb_call *call)
{
    RtlFillMemory(call->output, call->output_capacity, 0x66);
    call->reply_length = call->output_capacity;
    return *(const NTSTATUS *)call->input;
}

static NTSTATUS sleep(struct sb_call *call)
{
    LARGE_INTEGER interval;

    interval.QuadPart = *(const uint32_t *)call->input * -10000LL; /* relative, in 100 ns */
    return KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

static NTSTATUS nothing(struct sb_call *call)
{
    UNREFERENCED_PARAMETER(call);
    return STATUS_SUCCESS;
}

static NTSTATUS refuse_opens(struct sb_call *call)
{
    InterlockedExchange(&opens_to_refuse, *(const LONG *)call->input);
    return STATUS_SUCCESS;
}

static NTSTATUS counts(struct sb_call *call)
{
    const struct rude_counts now = {(uint32_t)creates, (uint32_t)refused, (uint32_t)closes,
                                    (uint32_t)context_mistakes};

    return sb_reply(call, &now, sizeof(now));
}

/* The context must come zeroed; closed() must find it marked with its own address. */
static NTSTATUS opened(const struct sb_open *open)
{
    void **context = open->context;

    InterlockedIncrement(&creates);
    if (*context != NULL)
        InterlockedIncrement(&context_mistakes);
    *context = context;
    if (opens_to_refuse == 0)
        return STATUS_SUCCESS;
    InterlockedDecrement(&opens_to_refuse);
    InterlockedIncrement(&refused);
    return STATUS_DEVICE_BUSY;
}

static void closed(void *open_context)
{
    InterlockedIncrement(&closes);
    if (*(void **)open_context != open_context)
        InterlockedIncrement(&context_mistakes);
}

static NTSTATUS loaded(void)
{
    sb_log(SB_LOG_INFO, "rude: loaded\n");
    return STATUS_SUCCESS;
}

static void unloaded(void)
{
    sb_log(SB_LOG_INFO, "rude: unloaded\n");
}

#define ANY_INPUT .input_minimum = 0, .input_maximum = RUDE_INPUT_MAXIMUM

static const struct sb_command commands[] = {
    {.code = RUDE_REPLY_FIRST, ANY_INPUT, .output_minimum = 4, .handler = reply_first},
    {.code = RUDE_CLAIM_TOO_MUCH, ANY_INPUT, .handler = claim_too_much},
    {.code = RUDE_WRITE_NOTHING, ANY_INPUT, .handler = write_nothing},
    {.code = RUDE_WRITE_NOTHING_IN_PLACE,
     ANY_INPUT,
     .flags = SB_IN_PLACE,
     .handler = write_nothing},
    {.code = RUDE_RETURN_STATUS, SB_INPUT_EXACT(NTSTATUS), .handler = return_status},
    {.code = RUDE_SLEEP, SB_INPUT_EXACT(uint32_t), .handler = sleep},
    {.code = RUDE_CODE_READ, SB_INPUT_NONE, .handler = nothing},
    {.code = RUDE_CODE_WRITE, SB_INPUT_NONE, .handler = nothing},
    {.code = RUDE_ROW_READ, SB_INPUT_NONE, .access = SB_ACCESS_READ, .handler = nothing},
    {.code = RUDE_ROW_WRITE, SB_INPUT_NONE, .access = SB_ACCESS_WRITE, .handler = nothing},
    {.code = RUDE_REFUSE_OPENS, SB_INPUT_EXACT(uint32_t), .handler = refuse_opens},
    {.code = RUDE_COUNTS,
     SB_INPUT_NONE,
     .output_minimum = sizeof(struct rude_counts),
     .handler = counts},
};

static const struct sb_driver rude = {
    .device_name = RUDE_DEVICE_NAME,
    .link_name = RUDE_LINK_NAME,
    .access_level = SB_AUTHENTICATED_USERS,
    .open_context_size = 64,
    .pool_tag = 0x65647552, /* the bytes 'Rude' */
    .commands = commands,
    .command_count = SB_COUNT(commands),
    .load = loaded,
    .unload = unloaded,
    .create = opened,
    .close = closed,
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    return sb_driver_start(object, registry_path, &rude);
}
