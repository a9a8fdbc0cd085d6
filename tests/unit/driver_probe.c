/*
 * A driver whose handlers misbehave or use what MyDevice does not; test_dispatch.c calls it. The
 * description is not constant, so that a test can spoil it.
 */
#include <sysbuf/ring_driver.h>

#include "driver_probe.h"
#include "fake_kernel.h"

static NTSTATUS answer_before_reading(struct sb_call *call)
{
    UCHAR *output = call->output;
    ULONG index;

    RtlFillMemory(output, call->output_capacity, 0xFF);
    for (index = 0; index < call->input_length && index < call->output_capacity; index++)
        output[index] = (UCHAR)(((const UCHAR *)call->input)[index] + 1);
    call->reply_length = index;
    return STATUS_SUCCESS;
}

static NTSTATUS claim_too_much(struct sb_call *call)
{
    call->reply_length = call->output_capacity + 1000;
    return STATUS_SUCCESS;
}

static NTSTATUS fail_with_reply(struct sb_call *call)
{
    call->reply_length = call->output_capacity;
    return STATUS_ACCESS_DENIED;
}

/* A warning other than the overflow delivers its bytes too. */
static NTSTATUS warn(struct sb_call *call)
{
    call->reply_length = call->output_capacity;
    return STATUS_NO_MORE_ENTRIES;
}

static NTSTATUS pend(struct sb_call *call)
{
    (void)call;
    return STATUS_PENDING;
}

/* Claims all of the room and has written none of it. */
static NTSTATUS write_nothing(struct sb_call *call)
{
    call->reply_length = call->output_capacity;
    return STATUS_SUCCESS;
}

static NTSTATUS say_process(struct sb_call *call)
{
    return sb_reply(call, &call->process_id, sizeof(call->process_id));
}

static NTSTATUS say_context(struct sb_call *call)
{
    const ULONG *count = call->open_context;

    if (count == NULL)
        return STATUS_INTERNAL_ERROR;
    return sb_reply(call, count, sizeof(*count));
}

static NTSTATUS check_empty(struct sb_call *call)
{
    return call->input == NULL && call->output == NULL ? STATUS_SUCCESS : STATUS_INTERNAL_ERROR;
}

static struct sb_command commands[] = {
    {.code = PROBE_ALIAS, .input_maximum = 70000, .handler = answer_before_reading},
    {.code = PROBE_IN_PLACE, .input_maximum = 100, .flags = SB_IN_PLACE, .handler = write_nothing},
    {.code = PROBE_CLAIM, .handler = claim_too_much},
    {.code = PROBE_FAIL, .handler = fail_with_reply},
    {.code = PROBE_WARN, .handler = warn},
    {.code = PROBE_PEND, .handler = pend},
    {.code = PROBE_NOTHING, .input_maximum = 100, .handler = write_nothing},
    {.code = PROBE_PROCESS, .handler = say_process},
    {.code = PROBE_CONTEXT, .handler = say_context},
    {.code = PROBE_EMPTY, .handler = check_empty},
    {.code = PROBE_GUARDED, .access = SB_ACCESS_READ | SB_ACCESS_WRITE, .handler = check_empty},
    {.code = PROBE_RANGE,
     .input_minimum = 4,
     .input_maximum = 8,
     .output_minimum = 2,
     .handler = write_nothing},
};

static int links_at_unload;
static unsigned loads, unloads, creates, closes;
static NTSTATUS load_result, create_result;

static NTSTATUS load(void)
{
    loads++;
    return load_result;
}

static void unload(void)
{
    unloads++;
    links_at_unload = fake_holdings().links;
}

static NTSTATUS create(const struct sb_open *open)
{
    creates++;
    if (*(ULONG *)open->context != 0 || open->process_id != 4242)
        return STATUS_INTERNAL_ERROR;
    *(ULONG *)open->context = 77;
    return create_result;
}

static void close(void *context)
{
    closes += *(ULONG *)context == 77;
}

static const struct sb_ring_service ring_without_channel = {.message_maximum = 16};
static struct sb_driver description;

void probe_reset(void)
{
    const struct sb_driver fresh = {
        .device_name = L"\\Device\\Probe",
        .link_name = L"\\??\\Probe",
        .access_level = SB_EVERYONE,
        .open_context_size = 40,
        .commands = commands,
        .command_count = SB_COUNT(commands),
        .load = load,
        .unload = unload,
        .create = create,
        .close = close,
    };

    description = fresh;
    commands[0].code = PROBE_ALIAS;
    commands[0].handler = answer_before_reading;
    commands[0].input_minimum = 0;
    commands[0].flags = 0;
    commands[0].access = 0;
    loads = unloads = creates = closes = 0;
    links_at_unload = -1;
    load_result = create_result = STATUS_SUCCESS;
}

void probe_spoil(enum probe_mistake mistake)
{
    switch (mistake) {
    case MISTAKE_NO_DEVICE_NAME:
        description.device_name = NULL;
        break;
    case MISTAKE_SHORT_DEVICE_NAME:
        description.device_name = L"Probe";
        break;
    case MISTAKE_SHORT_LINK_NAME:
        description.link_name = L"Probe";
        break;
    case MISTAKE_ACCESS_LEVEL:
        description.access_level = (enum sb_access_level)9;
        break;
    case MISTAKE_NO_TABLE:
        description.commands = NULL;
        break;
    case MISTAKE_NO_HANDLER:
        commands[0].handler = NULL;
        break;
    case MISTAKE_METHOD:
        commands[0].code = PROBE_ALIAS | SB_METHOD_NEITHER;
        break;
    case MISTAKE_MINIMUM:
        commands[0].input_minimum = 70001;
        break;
    case MISTAKE_FLAG:
        commands[0].flags = 0x80;
        break;
    case MISTAKE_ACCESS:
        commands[0].access = 4;
        break;
    case MISTAKE_TWICE:
        commands[0].code = PROBE_CLAIM;
        break;
    case MISTAKE_RESERVED:
        commands[0].code = SB_QUERY_CONTRACT;
        break;
    case MISTAKE_RING:
        description.ring = &ring_without_channel;
        break;
    case MISTAKE_RING_CODE:
        commands[0].code = SB_RING_REPORT;
        break;
    case MISTAKE_COUNT:
        break;
    }
}

void probe_set_access_level(unsigned level)
{
    description.access_level = (enum sb_access_level)level;
}

void probe_drop_link(void)
{
    description.link_name = NULL;
}

void probe_fail_load(void)
{
    load_result = STATUS_ACCESS_DENIED;
}

void probe_fail_create(void)
{
    create_result = STATUS_ACCESS_DENIED;
}

struct probe_counts probe_counts(void)
{
    const struct probe_counts counts = {loads, unloads, creates, closes, links_at_unload};

    return counts;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    return sb_driver_start(object, path, &description);
}
