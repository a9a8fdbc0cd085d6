/*
 * READ and WRITE: a letter box for one message. A reader that finds it empty waits.
 */
#include <sysbuf/pend.h>

#include "contract.h"

static KSPIN_LOCK lock; /* a reader begins to wait, or a writer sees it wait: never in between */
static struct sb_queue readers;
static UCHAR letter[STREAM_MAXIMUM];
static uint32_t letter_length;

static NTSTATUS read(struct sb_call *call)
{
    NTSTATUS status;
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
    status = letter_length != 0 ? sb_reply(call, letter, letter_length) : sb_pend(call, &readers);
    letter_length = 0;
    KeReleaseSpinLock(&lock, irql);
    return status;
}

static NTSTATUS write(struct sb_call *call)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct sb_pended *reader;
    KIRQL irql;

    KeAcquireSpinLock(&lock, &irql);
    reader = sb_pended_take(&readers);
    if (reader == NULL && letter_length != 0) {
        status = STATUS_DEVICE_BUSY;
        call->reply_length = 0; /* nothing was taken */
    } else if (reader == NULL) {
        RtlCopyMemory(letter, call->input, call->input_length);
        letter_length = call->input_length;
    }
    KeReleaseSpinLock(&lock, irql);
    if (reader != NULL)
        sb_pended_complete(reader, STATUS_SUCCESS, call->input, call->input_length);
    return status;
}

static const struct sb_driver stream = {
    .device_name = L"\\Device\\SbStream",
    .link_name = L"\\??\\SbStream",
    .read = {.output_minimum = 1, .handler = read},
    .write = {.input_minimum = 1, .input_maximum = STREAM_MAXIMUM, .handler = write},
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    KeInitializeSpinLock(&lock);
    sb_queue_initialize(&readers);
    return sb_driver_start(object, registry_path, &stream);
}
