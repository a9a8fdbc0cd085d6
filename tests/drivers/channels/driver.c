/*
 * Every channel of the toolkit in one driver. CMakeLists.txt builds it in several variants.
 */
#include <sysbuf/notify.h>
#include <sysbuf/pend.h>
#include <channels/contract.h>

#include "pipe.h"

#ifdef CHANNELS_DIRECT
#define OVERFLOW_RULE SB_DROP_OLDEST
#define DIRECT_IO     TRUE
#else
#define OVERFLOW_RULE SB_FAIL_POST
#define DIRECT_IO     FALSE
#endif

static struct sb_queue waiting;
static volatile LONG64 last_sum;

static KTIMER timer;
static KDPC timer_dpc;
static KEVENT timer_idle; /* set unless the timer is set or its DPC runs */

/* The thread that floods; one at a time. Only who has set starting looks at flood_thread: a thread
   may have ended before its start has. */
static volatile LONG starting;
static volatile LONG flooding;
static volatile LONG stopping;
static PVOID flood_thread;
static uint64_t flood_open;
static uint64_t flood_count;

static NTSTATUS echo(struct sb_call *call)
{
    return sb_reply(call, call->input, call->input_length);
}

static NTSTATUS fail(struct sb_call *call)
{
    (void)call;
    return STATUS_UNSUCCESSFUL;
}

static NTSTATUS post(struct sb_call *call)
{
    return sb_notify_post(call->open->id, call->input, call->input_length);
}

static NTSTATUS post_to_all(struct sb_call *call)
{
    return sb_notify_post(SB_EVERY_OPEN, call->input, call->input_length);
}

static void pause(void)
{
    LARGE_INTEGER moment;

    moment.QuadPart = -10; /* a microsecond */
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
}

static KSTART_ROUTINE flood_others;
static VOID NTAPI flood_others(PVOID context)
{
    struct channels_item item;
    NTSTATUS status = STATUS_SUCCESS;

    (void)context;
    for (item.number = 0; item.number < flood_count && !stopping; item.number++) {
        item.checksum = channels_mix(item.number);
        do {
            status = sb_notify_post(flood_open, &item, sizeof(item));
            if (status == STATUS_DEVICE_BUSY)
                pause();
        } while (status == STATUS_DEVICE_BUSY && !stopping);
        if (!NT_SUCCESS(status)) /* the subscriber has gone */
            break;
    }
    InterlockedExchange(&flooding, 0);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* The thread runs code of this image until it has ended. */
static void join_flood(void)
{
    if (flood_thread == NULL)
        return;
    KeWaitForSingleObject(flood_thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(flood_thread);
    flood_thread = NULL;
}

static NTSTATUS start_flood(uint64_t open, uint64_t count)
{
    NTSTATUS status;
    HANDLE handle;

    if (flooding)
        return STATUS_DEVICE_BUSY;
    join_flood();
    flood_open = open;
    flood_count = count;
    flooding = 1;
    status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, flood_others, NULL);
    if (!NT_SUCCESS(status)) {
        flooding = 0;
        return status;
    }
    ObReferenceObjectByHandle(handle, SYNCHRONIZE, NULL, KernelMode, &flood_thread, NULL);
    ZwClose(handle);
    return STATUS_SUCCESS;
}

static NTSTATUS flood(struct sb_call *call)
{
    const struct channels_flood *wanted = call->input;
    NTSTATUS status;

    if (InterlockedCompareExchange(&starting, 1, 0) != 0)
        return STATUS_DEVICE_BUSY;
    status = start_flood(call->open->id, wanted->count);
    InterlockedExchange(&starting, 0);
    return status;
}

static KDEFERRED_ROUTINE post_from_dpc;
static VOID NTAPI post_from_dpc(PKDPC dpc, PVOID context, PVOID first, PVOID second)
{
    (void)dpc;
    (void)context;
    (void)first;
    (void)second;
    sb_notify_post(SB_EVERY_OPEN, "t", 1);
    KeSetEvent(&timer_idle, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS set_timer(struct sb_call *call)
{
    LARGE_INTEGER due;

    due.QuadPart = *(const uint32_t *)call->input * -10000LL;
    KeClearEvent(&timer_idle);
    KeSetTimer(&timer, due, &timer_dpc);
    return STATUS_SUCCESS;
}

static NTSTATUS ask(struct sb_call *call)
{
    const struct channels_question *question = call->input;
    size_t length = 0;
    NTSTATUS status;

    status = sb_notify_ask(question->open != 0 ? question->open : call->open->id, question + 1,
                           call->input_length - sizeof(*question), call->output,
                           call->output_capacity, &length, question->timeout);
    call->reply_length = (uint32_t)length;
    return status;
}

static NTSTATUS tell_open(struct sb_call *call)
{
    return sb_reply(call, &call->open->id, sizeof(call->open->id));
}

/* The data may change meanwhile; each byte is read once. */
static NTSTATUS send(struct sb_call *call)
{
    UCHAR piece[512];
    uint64_t sum = 0;
    uint32_t offset;

    for (offset = 0; offset < call->data_length; offset += (uint32_t)sizeof(piece)) {
        uint32_t rest = call->data_length - offset;
        uint32_t length = rest < sizeof(piece) ? rest : (uint32_t)sizeof(piece);
        uint32_t index;

        if (!NT_SUCCESS(sb_snapshot(call, call->data, offset, piece, length)))
            return STATUS_INTERNAL_ERROR;
        for (index = 0; index < length; index++)
            sum += piece[index];
    }
    InterlockedExchange64(&last_sum, (LONG64)sum);
    return STATUS_SUCCESS;
}

static NTSTATUS tell_sum(struct sb_call *call)
{
    const LONG64 sum = InterlockedCompareExchange64(&last_sum, 0, 0);

    return sb_reply(call, &sum, sizeof(sum));
}

static NTSTATUS fetch(struct sb_call *call)
{
    UCHAR seed = *(const UCHAR *)call->input;
    UCHAR *output = call->output;
    uint32_t index;

    for (index = 0; index < call->output_capacity; index++)
        output[index] = (UCHAR)(index * 7 + seed);
    call->reply_length = call->output_capacity;
    return STATUS_SUCCESS;
}

static NTSTATUS wait(struct sb_call *call)
{
    return sb_pend(call, &waiting);
}

static NTSTATUS release(struct sb_call *call)
{
    struct sb_pended *pended;

    (void)call;
    while ((pended = sb_pended_take(&waiting)) != NULL)
        sb_pended_complete(pended, STATUS_SUCCESS, "\x77", 1);
    return STATUS_SUCCESS;
}

static const struct sb_command commands[] = {
    {.code = CHANNELS_ECHO, .input_minimum = 1, .input_maximum = 1 << 20, .handler = echo},
    {.code = CHANNELS_FAIL, .handler = fail},
    {.code = CHANNELS_POST, .input_maximum = 1000, .handler = post},
    {.code = CHANNELS_POST_ALL, .input_maximum = 1000, .handler = post_to_all},
    {.code = CHANNELS_FLOOD, SB_INPUT_EXACT(struct channels_flood), .handler = flood},
    {.code = CHANNELS_TIMER, SB_INPUT_EXACT(uint32_t), .handler = set_timer},
    {.code = CHANNELS_ASK,
     .input_minimum = sizeof(struct channels_question),
     .input_maximum = 1000,
     .output_minimum = 1,
     .handler = ask},
    {.code = CHANNELS_OPEN,
     SB_INPUT_NONE,
     .output_minimum = sizeof(uint64_t),
     .handler = tell_open},
    {.code = CHANNELS_SEND,
     .data_minimum = 1,
     .data_maximum = CHANNELS_DATA_MAXIMUM,
     .handler = send},
    {.code = CHANNELS_SUM, SB_INPUT_NONE, .output_minimum = sizeof(uint64_t), .handler = tell_sum},
    {.code = CHANNELS_FETCH, SB_INPUT_EXACT(uint8_t), .output_minimum = 1, .handler = fetch},
    {.code = CHANNELS_WAIT, SB_INPUT_NONE, .handler = wait},
    {.code = CHANNELS_WAIT_DIRECT, SB_INPUT_NONE, .handler = wait},
    {.code = CHANNELS_RELEASE, SB_INPUT_NONE, .handler = release},
};

static NTSTATUS load(void)
{
    sb_queue_initialize(&waiting);
    pipe_initialize();
    KeInitializeTimer(&timer);
    KeInitializeDpc(&timer_dpc, post_from_dpc, NULL);
    KeInitializeEvent(&timer_idle, NotificationEvent, TRUE);
    return STATUS_SUCCESS;
}

/* No post may come after this. */
static void unload(void)
{
    stopping = 1;
    join_flood();
    if (!KeCancelTimer(&timer))
        KeWaitForSingleObject(&timer_idle, Executive, KernelMode, FALSE, NULL);
}

static const struct sb_driver channels = {
    .device_name = CHANNELS_DEVICE_NAME,
    .link_name = CHANNELS_LINK_NAME,
    .access_level = SB_EVERYONE,
    .contract_version = CHANNELS_VERSION,
    .commands = commands,
    .command_count = SB_COUNT(commands),
    .read = {.output_minimum = 1, .handler = pipe_read},
    .write = {.input_minimum = 1, .input_maximum = 1 << 20, .handler = pipe_write},
    .direct_io = DIRECT_IO,
    .statistics = TRUE,
    .batch_maximum = 100,
    .notify = {CHANNELS_CAPACITY, CHANNELS_MAXIMUM, OVERFLOW_RULE},
    .socket = &sb_socket_channel,
    .load = load,
    .unload = unload,
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    return sb_driver_start(object, registry_path, &channels);
}
