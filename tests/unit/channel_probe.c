/*
 * A driver with every channel, for the tests on the kernel of cardboard.
 */
#include <sysbuf/notify.h>
#include <sysbuf/pend.h>

#include "channel_probe.h"

static struct sb_queue waiting;
static BOOLEAN transfers_wait;
static uint32_t taken;
static uint64_t last_open;
static struct channel_seen seen;

static NTSTATUS pend(struct sb_call *call)
{
    return sb_pend(call, &waiting);
}

static NTSTATUS echo(struct sb_call *call)
{
    return sb_reply(call, call->input, call->input_length);
}

static NTSTATUS fail(struct sb_call *call)
{
    call->reply_length = call->output_capacity;
    return STATUS_UNSUCCESSFUL;
}

static NTSTATUS add(struct sb_call *call)
{
    UCHAR *bytes = call->output;
    uint32_t index;

    for (index = 0; index < call->input_length && index < call->output_capacity; index++)
        bytes[index]++;
    call->reply_length = index;
    return STATUS_SUCCESS;
}

static void look(const struct sb_call *call, const void *source, uint32_t length)
{
    uint32_t first = length < sizeof(seen.bytes) ? length : sizeof(seen.bytes);
    UCHAR more[2];

    RtlZeroMemory(&seen, sizeof(seen));
    seen.length = length;
    seen.offset = call->offset;
    seen.snapshot_status = (uint32_t)sb_snapshot(call, source, 0, seen.bytes, first);
    seen.beyond_status = (uint32_t)sb_snapshot(call, source, length - 1, more, 2);
}

static NTSTATUS send(struct sb_call *call)
{
    look(call, call->data, call->data_length);
    return call->output == NULL && call->output_capacity == 0 ? STATUS_SUCCESS
                                                              : STATUS_INTERNAL_ERROR;
}

static NTSTATUS fetch(struct sb_call *call)
{
    RtlFillMemory(call->output, call->output_capacity, 0x5C);
    call->reply_length = call->output_capacity;
    return STATUS_SUCCESS;
}

static NTSTATUS read(struct sb_call *call)
{
    if (transfers_wait)
        return sb_pend(call, &waiting);
    return sb_reply(call, "what is read", 13);
}

static NTSTATUS write(struct sb_call *call)
{
    if (transfers_wait)
        return sb_pend(call, &waiting);
    look(call, call->input, call->input_length);
    if (taken != 0)
        call->reply_length = taken;
    return STATUS_SUCCESS;
}

static struct sb_command commands[8];
static struct sb_driver description;

static NTSTATUS load(void)
{
    sb_queue_initialize(&waiting);
    return STATUS_SUCCESS;
}

static NTSTATUS create(const struct sb_open *open)
{
    last_open = open->id;
    return STATUS_SUCCESS;
}

void channel_reset(void)
{
    const struct sb_command table[SB_COUNT(commands)] = {
        {.code = CHANNEL_PEND, .input_maximum = 8, .handler = pend},
        {.code = CHANNEL_ECHO, .input_minimum = 1, .input_maximum = 70000, .handler = echo},
        {.code = CHANNEL_FAIL, .handler = fail},
        {.code = CHANNEL_ADD, .input_maximum = 400, .flags = SB_IN_PLACE, .handler = add},
        {.code = CHANNEL_SEND,
         .input_maximum = 16,
         .data_minimum = 1,
         .data_maximum = 100000,
         .handler = send},
        {.code = CHANNEL_FETCH, .output_minimum = 4, .handler = fetch},
        {.code = CHANNEL_GUARDED, .handler = echo, .input_maximum = 8},
        {.code = CHANNEL_PEND_DIRECT, .handler = pend},
    };
    const struct sb_driver fresh = {
        .device_name = L"\\Device\\Channel",
        .access_level = SB_EVERYONE,
        .contract_version = 7,
        .commands = commands,
        .command_count = SB_COUNT(commands),
        .read = {.output_minimum = 2, .handler = read},
        .write = {.input_minimum = 1, .input_maximum = 1000, .handler = write},
        .statistics = TRUE,
        .batch_maximum = 8,
        .notify = {CHANNEL_CAPACITY, CHANNEL_MAXIMUM, SB_DROP_OLDEST},
        .load = load,
        .create = create,
    };

    RtlCopyMemory(commands, table, sizeof(table));
    description = fresh;
    transfers_wait = FALSE;
    taken = 0;
}

void channel_spoil(enum channel_mistake mistake)
{
    switch (mistake) {
    case CHANNEL_NEITHER:
        commands[0].code |= SB_METHOD_NEITHER;
        break;
    case CHANNEL_NO_DATA:
        commands[4].data_minimum = commands[4].data_maximum = 0;
        break;
    case CHANNEL_DATA_BUFFERED:
        commands[0].data_maximum = 1;
        break;
    case CHANNEL_DATA_LIMITS:
        commands[4].data_minimum = 100001;
        break;
    case CHANNEL_DIRECT_OUTPUT:
        commands[4].output_minimum = 1;
        break;
    case CHANNEL_DIRECT_IN_PLACE:
        commands[5].flags = SB_IN_PLACE;
        break;
    case CHANNEL_STANDARD_CODE:
        commands[0].code = SB_BATCH;
        break;
    case CHANNEL_READ_CODE:
        description.read.code = 1;
        break;
    case CHANNEL_READ_INPUT:
        description.read.input_maximum = 1;
        break;
    case CHANNEL_WRITE_OUTPUT:
        description.write.output_minimum = 1;
        break;
    case CHANNEL_WRITE_EMPTY:
        description.write.input_minimum = description.write.input_maximum = 0;
        break;
    case CHANNEL_READ_IN_PLACE:
        description.read.flags = SB_IN_PLACE;
        break;
    case CHANNEL_WRITE_LIMITS:
        description.write.input_minimum = 1001;
        break;
    case CHANNEL_BATCH_COUNT:
        description.batch_maximum = 4097;
        break;
    case CHANNEL_NOTIFY_CAPACITY:
        description.notify.capacity = 65537;
        break;
    case CHANNEL_NOTIFY_MAXIMUM:
        description.notify.maximum = 0;
        break;
    case CHANNEL_NOTIFY_MEMORY:
        description.notify.capacity = 65536;
        description.notify.maximum = 65536;
        break;
    case CHANNEL_NOTIFY_RULE:
        description.notify.overflow = (enum sb_overflow)3;
        break;
    case CHANNEL_MISTAKES:
        break;
    }
}

void channel_set_overflow(enum sb_overflow overflow)
{
    description.notify.overflow = overflow;
}

void channel_set_direct(void)
{
    description.direct_io = TRUE;
}

void channel_disable_all(void)
{
    description.contract_version = 0;
    description.statistics = FALSE;
    description.batch_maximum = 0;
    description.notify.capacity = 0;
    description.read.handler = NULL;
    description.write.handler = NULL;
}

uint64_t channel_last_open(void)
{
    return last_open;
}

uint32_t channel_post(uint64_t open, const void *message, size_t length)
{
    return (uint32_t)sb_notify_post(open, message, length);
}

uint32_t channel_ask(uint64_t open, const char *message, void *answer, size_t capacity,
                     size_t *length, uint32_t timeout)
{
    return (uint32_t)sb_notify_ask(open, message, __builtin_strlen(message), answer, capacity,
                                   length, timeout);
}

int channel_answer(uint32_t status, const void *reply, size_t length)
{
    struct sb_pended *pended = sb_pended_take(&waiting);

    if (pended == NULL)
        return 0;
    sb_pended_complete(pended, (NTSTATUS)status, reply, length);
    return 1;
}

void channel_let_transfers_wait(void)
{
    transfers_wait = TRUE;
}

void channel_take(uint32_t bytes)
{
    taken = bytes;
}

struct channel_seen channel_seen(void)
{
    return seen;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    return sb_driver_start(object, path, &description);
}
