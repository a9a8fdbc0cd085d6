/*
 * The driver of the ring's benchmarks. It checks what it is sent, so that a fast wrong answer
 * shows.
 */
#include <sysbuf/ring_driver.h>
#include <bench/ring_contract.h>

struct context {
    struct bench_ring_count count;
    uint64_t flood[65536 / 8];
};

static void check(struct context *context, const struct sb_call *call, uint64_t first)
{
    uint64_t last;

    RtlCopyMemory(&last, (const UCHAR *)call->input + call->input_length - 8, 8);
    if (BENCH_NUMBER(first) != context->count.messages || last != first)
        context->count.mistakes++;
    context->count.messages++;
    context->count.bytes += call->input_length;
}

static NTSTATUS flood(struct context *context, struct sb_call *call, uint64_t count)
{
    NTSTATUS status = STATUS_SUCCESS;
    uint64_t number;

    for (number = 0; number < count && NT_SUCCESS(status); number++) {
        context->flood[0] = number;
        context->flood[call->input_length / 8 - 1] = number;
        status = sb_ring_send(call->ring, context->flood, call->input_length, SB_RING_MORE);
        if (status == STATUS_DEVICE_BUSY)
            status =
                sb_ring_send_wait(call->ring, context->flood, call->input_length, SB_RING_FOREVER);
    }
    return status;
}

static NTSTATUS heard(struct sb_call *call)
{
    struct context *context = call->open_context;
    uint64_t word;

    if (call->input_length < 8 || call->input_length > sizeof(context->flood))
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(&word, call->input, 8);
    if (BENCH_VERB(word) == BENCH_ECHO)
        return sb_reply(call, call->input, call->input_length);
    if (BENCH_VERB(word) == BENCH_FLOOD)
        return flood(context, call, BENCH_NUMBER(word));
    check(context, call, word);
    return STATUS_SUCCESS;
}

static NTSTATUS tell_count(struct sb_call *call)
{
    struct context *context = call->open_context;
    NTSTATUS status = sb_reply(call, &context->count, sizeof(context->count));

    RtlZeroMemory(&context->count, sizeof(context->count));
    return status;
}

static NTSTATUS sink(struct sb_call *call)
{
    check(call->open_context, call, *(const uint64_t *)call->input);
    return STATUS_SUCCESS;
}

static const struct sb_command commands[] = {
    {.code = BENCH_RING_COUNT,
     SB_INPUT_NONE,
     .output_minimum = sizeof(struct bench_ring_count),
     .handler = tell_count},
    {.code = BENCH_RING_SINK, .input_minimum = 16, .input_maximum = 16, .handler = sink},
};

static const struct sb_ring_service rings = {
    SB_RING,
    .message = heard,
#ifdef SLEEPY
    .spin = SB_RING_NO_SPIN,
#else
    .spin = 5000,
#endif
};

static const struct sb_driver bench = {
#ifdef SLEEPY
    .device_name = L"\\Device\\SbRingSleepy",
    .link_name = L"\\??\\SbRingSleepy",
#else
    .device_name = L"\\Device\\SbRingBench",
    .link_name = L"\\??\\SbRingBench",
#endif
    .open_context_size = sizeof(struct context),
    .commands = commands,
    .command_count = SB_COUNT(commands),
    .ring = &rings,
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    return sb_driver_start(object, registry_path, &bench);
}
