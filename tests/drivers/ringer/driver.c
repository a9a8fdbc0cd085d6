/*
 * Ringer: a driver that does with a shared ring all that one can do, for the tests.
 */
#include <sysbuf/ring_driver.h>
#include <ringer/contract.h>

struct context {
    struct ringer_sum sum;
    struct sb_ring *ring; /* NULL once closed() has run */
    KTIMER timer;
    KDPC dpc;
    uint32_t timer_next;
    uint32_t timer_count;
    KEVENT timer_done; /* set while no timer runs */
    UCHAR flood[RINGER_TEXT_MAXIMUM];
};

static volatile LONG opened_count, closed_count, last_reason, mistakes, refuse_next;

static void require(BOOLEAN condition)
{
    if (!condition)
        InterlockedIncrement(&mistakes);
}

static void nap(uint32_t milliseconds)
{
    LARGE_INTEGER interval;

    interval.QuadPart = (LONGLONG)milliseconds * -10000;
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

/* ---- commands ---- */

static NTSTATUS say(struct sb_call *call)
{
    return sb_reply(call, call->input, call->input_length);
}

static NTSTATUS reverse(struct sb_call *call)
{
    UCHAR *bytes = call->output;
    uint32_t index;

    require(call->input == call->output);
    if (call->output_capacity < call->input_length)
        return STATUS_BUFFER_TOO_SMALL;
    for (index = 0; index < call->input_length / 2; index++) {
        UCHAR kept = bytes[index];

        bytes[index] = bytes[call->input_length - 1 - index];
        bytes[call->input_length - 1 - index] = kept;
    }
    call->reply_length = call->input_length;
    return STATUS_SUCCESS;
}

static NTSTATUS tell_sum(struct sb_call *call)
{
    const struct context *context = call->open_context;

    return sb_reply(call, &context->sum, sizeof(context->sum));
}

static NTSTATUS tell_life(struct sb_call *call)
{
    const struct ringer_life life = {(uint32_t)opened_count, (uint32_t)closed_count,
                                     (uint32_t)last_reason, (uint32_t)mistakes};

    return sb_reply(call, &life, sizeof(life));
}

/* Of an open that has a ring as of any other. */
static NTSTATUS tell_open(struct sb_call *call)
{
    return sb_reply(call, &call->open->id, sizeof(call->open->id));
}

static NTSTATUS take_nap(struct sb_call *call)
{
    nap(*(const uint32_t *)call->input);
    return STATUS_SUCCESS;
}

static NTSTATUS refuse(struct sb_call *call)
{
    UNREFERENCED_PARAMETER(call);
    refuse_next = 1;
    return STATUS_SUCCESS;
}

/* ---- messages ---- */

static void sink(struct context *context, const struct sb_call *call)
{
    context->sum.messages++;
    context->sum.bytes += call->input_length;
    context->sum.checksum = ringer_checksum(context->sum.checksum, call->input, call->input_length);
}

/* Each message says its number twice: at the beginning and, where it is long enough, at the end. */
static NTSTATUS flood(struct context *context, struct sb_call *call, BOOLEAN waiting)
{
    const struct ringer_message *message = call->input;
    struct ringer_message *numbered = (struct ringer_message *)context->flood;
    uint32_t count = message->argument;
    uint32_t length = call->input_length;
    NTSTATUS status = STATUS_SUCCESS;

    if (length > sizeof(context->flood))
        return STATUS_INVALID_PARAMETER;
    RtlFillMemory(context->flood, length, 0x33);
    numbered->verb = RINGER_FLOOD;
    for (numbered->argument = 0; numbered->argument < count; numbered->argument++) {
        if (length >= 12)
            RtlCopyMemory(context->flood + length - 4, &numbered->argument, 4);
        status = sb_ring_send(call->ring, numbered, length, SB_RING_MORE);
        if (status == STATUS_DEVICE_BUSY && waiting)
            status = sb_ring_send_wait(call->ring, numbered, length, SB_RING_FOREVER);
        if (!NT_SUCCESS(status))
            break;
    }
    return status;
}

static void arm_timer(struct context *context)
{
    LARGE_INTEGER due;

    due.QuadPart = -10000;
    KeSetTimer(&context->timer, due, &context->dpc);
}

/* At DISPATCH_LEVEL. Goes on until all are sent or the ring is shut; then timer_done. */
static KDEFERRED_ROUTINE timer_rang;
static VOID NTAPI timer_rang(PKDPC dpc, PVOID parameter, PVOID one, PVOID two)
{
    struct context *context = parameter;
    struct ringer_message message = {RINGER_TIMER, context->timer_next};
    NTSTATUS status = sb_ring_send(context->ring, &message, sizeof(message), 0);

    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(one);
    UNREFERENCED_PARAMETER(two);
    if (NT_SUCCESS(status))
        context->timer_next++;
    if (status == STATUS_PIPE_DISCONNECTED || context->timer_next == context->timer_count)
        KeSetEvent(&context->timer_done, IO_NO_INCREMENT, FALSE);
    else
        arm_timer(context);
}

static void start_timer(struct context *context, uint32_t count)
{
    context->timer_count = count;
    context->timer_next = 0;
    KeClearEvent(&context->timer_done);
    arm_timer(context);
}

/* The ring is shut, so the timer is not armed again. */
static void stop_timer(struct context *context)
{
    if (!KeCancelTimer(&context->timer))
        KeWaitForSingleObject(&context->timer_done, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS heard(struct sb_call *call)
{
    struct context *context = call->open_context;
    const struct ringer_message *message = call->input;

    require(context->ring == call->ring);
    require(KeGetCurrentIrql() == PASSIVE_LEVEL);
    if (call->input_length < sizeof(*message))
        return STATUS_INFO_LENGTH_MISMATCH;
    switch (message->verb) {
    case RINGER_ECHO:
        return sb_reply(call, call->input, call->input_length);
    case RINGER_SINK:
        sink(context, call);
        return STATUS_SUCCESS;
    case RINGER_FLOOD:
        return flood(context, call, TRUE);
    case RINGER_BLURT:
        flood(context, call, FALSE);
        return STATUS_SUCCESS;
    case RINGER_SLEEP:
        nap(message->argument);
        return STATUS_SUCCESS;
    case RINGER_SHUT:
        sb_ring_shut(call->ring);
        return STATUS_SUCCESS;
    case RINGER_TIMER:
        start_timer(context, message->argument);
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static NTSTATUS ring_opened(struct sb_ring *ring, void *open_context)
{
    struct context *context = open_context;

    if (InterlockedExchange(&refuse_next, 0) != 0)
        return STATUS_DEVICE_NOT_READY;
    require(context->ring == NULL);
    require(sb_ring_message_maximum(ring) != 0);
    context->ring = ring;
    KeInitializeTimer(&context->timer);
    KeInitializeEvent(&context->timer_done, NotificationEvent, TRUE);
    KeInitializeDpc(&context->dpc, timer_rang, context);
    InterlockedIncrement(&opened_count);
    return STATUS_SUCCESS;
}

static void ring_closed(struct sb_ring *ring, void *open_context, enum sb_ring_reason reason)
{
    struct context *context = open_context;
    static const char late[] = "late";

    require(context->ring == ring);
    require(sb_ring_send(ring, late, sizeof(late), 0) == STATUS_PIPE_DISCONNECTED);
    stop_timer(context);
    context->ring = NULL;
    last_reason = (LONG)reason;
    InterlockedIncrement(&closed_count);
}

static void closed(void *open_context)
{
    struct context *context = open_context;

    require(context->ring == NULL);
}

static const struct sb_command commands[] = {
    {.code = RINGER_SAY,
     .input_minimum = 1,
     .input_maximum = RINGER_TEXT_MAXIMUM,
     .output_minimum = 1,
     .handler = say},
    {.code = RINGER_REVERSE,
     .input_minimum = 1,
     .input_maximum = RINGER_TEXT_MAXIMUM,
     .output_minimum = 1,
     .flags = SB_IN_PLACE,
     .handler = reverse},
    {.code = RINGER_SUM,
     SB_INPUT_NONE,
     .output_minimum = sizeof(struct ringer_sum),
     .handler = tell_sum},
    {.code = RINGER_LIFE,
     SB_INPUT_NONE,
     .output_minimum = sizeof(struct ringer_life),
     .handler = tell_life},
    {.code = RINGER_NAP, SB_INPUT_EXACT(uint32_t), .handler = take_nap},
    {.code = RINGER_REFUSE, SB_INPUT_NONE, .handler = refuse},
    {.code = RINGER_OPEN, SB_INPUT_NONE, .output_minimum = sizeof(uint64_t), .handler = tell_open},
};

static const struct sb_ring_service rings = {
    SB_RING,
    .capacity_maximum = RINGER_CAPACITY_MAXIMUM,
    .count_maximum = RINGER_COUNT_MAXIMUM,
    .message = heard,
    .opened = ring_opened,
    .closed = ring_closed,
};

static const struct sb_driver ringer = {
    .device_name = RINGER_DEVICE_NAME,
    .link_name = RINGER_LINK_NAME,
    .access_level = SB_EVERYONE,
    .open_context_size = sizeof(struct context),
    .contract_version = 1,
    .commands = commands,
    .command_count = SB_COUNT(commands),
    .ring = &rings,
    .statistics = TRUE,
    .close = closed,
};

/* Services that must keep a driver from starting, by the end of its service's name. */
static const struct sb_ring_service odd_capacity = {SB_RING, .capacity_maximum = 3 << 20};
static const struct sb_ring_service great_message = {SB_RING, .message_maximum = 0x100001};

static BOOLEAN ends_in(PCUNICODE_STRING text, const wchar_t *end)
{
    UNICODE_STRING tail;
    UNICODE_STRING rest = *text;

    RtlInitUnicodeString(&tail, end);
    if (text->Length < tail.Length)
        return FALSE;
    rest.Buffer += (text->Length - tail.Length) / sizeof(WCHAR);
    rest.Length = rest.MaximumLength = tail.Length;
    return RtlEqualUnicodeString(&rest, &tail, TRUE);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    static struct sb_driver described;

    described = ringer;
    if (ends_in(registry_path, L"OddCapacity"))
        described.ring = &odd_capacity;
    else if (ends_in(registry_path, L"GreatMessage"))
        described.ring = &great_message;
    return sb_driver_start(object, registry_path, &described);
}
