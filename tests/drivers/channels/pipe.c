/*
 * A pipe: what is written can be read, once, in order.
 *
 * The lock orders a reader that finds nothing and waits against a writer that brings something: the
 * writer, under the same lock, finds the reader in the queue or the reader finds the bytes. Readers
 * wait only while the pipe is empty, so a writer that takes one gives it the oldest bytes.
 */
#include <sysbuf/pend.h>
#include <channels/contract.h>

#include "pipe.h"

static KSPIN_LOCK lock;
static struct sb_queue readers;
static UCHAR bytes[CHANNELS_PIPE];
static uint32_t first;
static uint32_t count;

void pipe_initialize(void)
{
    KeInitializeSpinLock(&lock);
    sb_queue_initialize(&readers);
    first = count = 0;
}

static uint32_t take_locked(UCHAR *output, uint32_t capacity)
{
    uint32_t taken = 0;

    for (; taken < capacity && count != 0; taken++, count--) {
        output[taken] = bytes[first];
        first = (first + 1) % CHANNELS_PIPE;
    }
    return taken;
}

static uint32_t put_locked(const UCHAR *input, uint32_t length)
{
    uint32_t put = 0;

    for (; put < length && count < CHANNELS_PIPE; put++, count++)
        bytes[(first + count) % CHANNELS_PIPE] = input[put];
    return put;
}

NTSTATUS pipe_read(struct sb_call *call)
{
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
    if (count != 0)
        call->reply_length = take_locked(call->output, call->output_capacity);
    else
        status = sb_pend(call, &readers);
    KeReleaseSpinLock(&lock, irql);
    return status;
}

/* Gives bytes to readers that wait, until either runs out. */
static void serve_readers(void)
{
    struct sb_pended *reader;
    uint32_t capacity;
    uint32_t taken;
    void *output;
    KIRQL irql;

    for (;;) {
        KeAcquireSpinLock(&lock, &irql);
        reader = count != 0 ? sb_pended_take(&readers) : NULL;
        taken = 0;
        if (reader != NULL) {
            output = sb_pended_output(reader, &capacity);
            taken = take_locked(output, capacity);
        }
        KeReleaseSpinLock(&lock, irql);
        if (reader == NULL)
            return;
        sb_pended_complete(reader, STATUS_SUCCESS, output, taken);
    }
}

NTSTATUS pipe_write(struct sb_call *call)
{
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
    call->reply_length = put_locked(call->input, call->input_length);
    KeReleaseSpinLock(&lock, irql);
    if (call->reply_length == 0)
        return STATUS_DEVICE_BUSY;
    serve_readers();
    return STATUS_SUCCESS;
}
