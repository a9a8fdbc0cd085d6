/*
 * The driver's counters.
 *
 * Three numbers change with every call: calls, bytes in, bytes out. Three interlocked additions
 * would be felt beside a call of a hundred nanoseconds, so the three are packed into one word and
 * added at once; whoever brings the word's count to SB_TALLY_FULL moves the word's content to the
 * counters. Between the addition that fills it and the exchange that empties it, other processors
 * may add as well: there is room for seven times as many calls. What does not fit into the word's
 * fields (a call with 64 KiB or more) goes to the counters itself.
 *
 *   bits 63-52  calls    bits 51-26  bytes in    bits 25-0  bytes out
 */
#include "internal.h"

#include <sysbuf/ring_driver.h>

#define TALLY_BYTES (SB_TALLY_IN - 1)

static void add(struct sb_device *device, enum sb_counter counter, uint64_t amount)
{
    InterlockedExchangeAdd64(&device->counters[counter], (LONG64)amount);
}

void sb_empty_tally(struct sb_device *device)
{
    uint64_t taken = (uint64_t)InterlockedExchange64(&device->tally.packed, 0);

    add(device, SB_COUNTER_CALLS, taken / SB_TALLY_CALL);
    add(device, SB_COUNTER_BYTES_IN, taken / SB_TALLY_IN & TALLY_BYTES);
    add(device, SB_COUNTER_BYTES_OUT, taken & TALLY_BYTES);
}

void sb_count_long_call(struct sb_device *device, uint32_t bytes_in, uint32_t bytes_out)
{
    add(device, SB_COUNTER_CALLS, 1);
    add(device, SB_COUNTER_BYTES_IN, bytes_in);
    add(device, SB_COUNTER_BYTES_OUT, bytes_out);
}

static void read_counters(struct sb_device *device, uint64_t values[SB_COUNTER_COUNT])
{
    size_t index;

    sb_empty_tally(device);
    for (index = 0; index < SB_COUNTER_COUNT; index++)
        values[index] = (uint64_t)InterlockedExchangeAdd64(&device->counters[index], 0);
    if (device->driver->ring != NULL)
        device->driver->ring->channel->tell_statistics(device, values);
}

/* As many counters as fit behind the header. Each is read at once; together they are of one moment
   only while nothing else calls. */
NTSTATUS sb_tell_statistics(struct sb_call *call)
{
    const struct sb_statistics_header header = {1, SB_COUNTER_COUNT};
    size_t room = (call->output_capacity - sizeof(header)) / sizeof(uint64_t);
    size_t count = room < SB_COUNTER_COUNT ? room : SB_COUNTER_COUNT;
    uint64_t values[SB_COUNTER_COUNT];

    read_counters(sb_this_device, values);
    RtlCopyMemory(call->output, &header, sizeof(header));
    RtlCopyMemory((UCHAR *)call->output + sizeof(header), values, count * sizeof(*values));
    call->reply_length = (uint32_t)(sizeof(header) + count * sizeof(*values));
    return count == SB_COUNTER_COUNT ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}
