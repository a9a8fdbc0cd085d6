/*
 * Direct I/O: large buffers that are used where they lie.
 */
#include <sysbuf/driver.h>

#include "contract.h"

static volatile LONG64 last_sum;

/* Another thread of the caller's may change the data meanwhile. A sum does not care; what is
   checked before it is used is copied first, with sb_snapshot(). */
static NTSTATUS add(struct sb_call *call)
{
    const volatile UCHAR *data = call->data;
    LONG64 sum = 0;

    for (uint32_t i = 0; i < call->data_length; i++)
        sum += data[i];
    InterlockedExchange64(&last_sum, sum);
    return STATUS_SUCCESS;
}

static NTSTATUS tell_sum(struct sb_call *call)
{
    const LONG64 sum = InterlockedCompareExchange64(&last_sum, 0, 0);

    return sb_reply(call, &sum, sizeof(sum));
}

static NTSTATUS fill(struct sb_call *call)
{
    UCHAR *output = call->output;

    for (uint32_t i = 0; i < call->output_capacity; i++)
        output[i] = (UCHAR)i;
    call->reply_length = call->output_capacity;
    return STATUS_SUCCESS;
}

static const struct sb_command commands[] = {
    {.code = DIRECT_ADD, .data_minimum = 1, .data_maximum = DIRECT_MAXIMUM, .handler = add},
    {.code = DIRECT_SUM, .output_minimum = sizeof(uint64_t), .handler = tell_sum},
    {.code = DIRECT_FILL, .output_minimum = 1, .handler = fill},
};

static const struct sb_driver direct = {
    .device_name = L"\\Device\\SbDirect",
    .link_name = L"\\??\\SbDirect",
    .commands = commands,
    .command_count = SB_COUNT(commands),
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    return sb_driver_start(object, registry_path, &direct);
}
