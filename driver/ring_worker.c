/*
 * The ring's thread: maps the memory, takes messages and calls to their handlers, sleeps when there
 * are none, ends when the ring is shut. Handlers run here one after another.
 *
 * Replies of messages wait for room while the client does not read: then nothing is taken from the
 * client either, until it reads or the ring ends.
 */
#include "ring.h"

#define DEFAULT_SPIN 200

/* Messages that are served before what handlers have left unpublished is published. */
#define BURST 64

/* The part of the reply buffer behind an answer's head. */
static void *answer_output(const struct sb_ring *ring)
{
    return (UCHAR *)ring->reply + sizeof(struct sb_ring_answer);
}

/* A message, or without its head a call; the output is room for a message. */
static void describe_call(const struct sb_ring *ring, struct sb_call *call)
{
    RtlZeroMemory(call, sizeof(*call));
    call->input = ring->message;
    call->output = ring->reply;
    call->output_capacity = ring->message_maximum;
    call->process_id = ring->process_id;
    call->open = ring->open;
    call->open_context = ring->open_context;
    call->driver = ring->driver;
    call->ring = (struct sb_ring *)(ULONG_PTR)ring;
}

/* call is as describe_call() left it, but for what earlier messages' handlers have set. */
static void serve_message(struct sb_ring *ring, struct sb_call *call, uint32_t length)
{
    NTSTATUS status;

    if (ring->handler == NULL) {
        sb_ring_set_reason(ring, SB_RING_BAD_MESSAGE);
        return;
    }
    call->input_length = length;
    call->reply_length = 0;
    status = ring->handler(call);
    if (status == STATUS_SUCCESS && call->reply_length == 0)
        return; /* as most are */
    status = sb_settle(call, status);
    if (NT_ERROR(status))
        ring->failures++;
    else if (call->reply_length != 0)
        sb_ring_post(ring, SB_RING_MESSAGE, ring->reply, call->reply_length, SB_RING_FOREVER);
}

/* A call whose output could not be carried back is answered without being made. */
static NTSTATUS make_call(struct sb_ring *ring, const struct sb_ring_call *head, uint32_t length,
                          uint32_t *reply_length)
{
    struct sb_call call;
    NTSTATUS status;

    if (head->output_capacity > ring->message_maximum - sizeof(struct sb_ring_answer))
        return STATUS_INVALID_BUFFER_SIZE;
    describe_call(ring, &call);
    call.input_length = length - sizeof(*head);
    call.input = call.input_length != 0 ? (UCHAR *)ring->message + sizeof(*head) : NULL;
    call.output_capacity = head->output_capacity;
    call.output = call.output_capacity != 0 ? answer_output(ring) : NULL;
    status = sb_dispatch_call(&call, head->code);
    *reply_length = call.reply_length;
    return status;
}

static void serve_call(struct sb_ring *ring, uint32_t length)
{
    struct sb_ring_answer *answer = ring->reply;
    struct sb_ring_call head;
    uint32_t reply_length = 0;
    NTSTATUS status;

    if (length < sizeof(head)) {
        sb_ring_set_reason(ring, SB_RING_BAD_MESSAGE);
        return;
    }
    RtlCopyMemory(&head, ring->message, sizeof(head));
    ring->calls++;
    status = make_call(ring, &head, length, &reply_length);
    answer->status = (uint32_t)status;
    answer->reserved = 0;
    answer->tag = head.tag;
    sb_ring_post(ring, SB_RING_REPLY, ring->reply, sizeof(*answer) + reply_length, SB_RING_FOREVER);
}

static void release(struct sb_ring *ring)
{
    if (sb_lane_release(&ring->reader)) {
        ring->to_driver.doorbells++;
        KeSetEvent(ring->events[TO_DRIVER_SPACE], IO_NO_INCREMENT, FALSE);
    }
}

/* Takes the next message out of the shared memory: its bytes and kind are then the driver's own.
   FALSE: there is none, or the ring is shut. */
static BOOLEAN take_message(struct sb_ring *ring, struct sb_lane_message *message)
{
    enum sb_lane_result result = sb_lane_peek(&ring->reader, message);

    if (result == SB_LANE_OK) {
        sb_lane_copy(ring->message, message->bytes, message->length);
        sb_lane_take(&ring->reader, message);
        if (sb_lane_release_is_due(&ring->reader))
            release(ring);
        ring->to_driver.messages++;
        ring->to_driver.bytes += message->length;
        return TRUE;
    }
    if (result != SB_LANE_WAIT)
        sb_ring_set_reason(ring, sb_ring_reason_of(result));
    return FALSE;
}

static void serve(struct sb_ring *ring, struct sb_call *call, const struct sb_lane_message *message)
{
    if (message->kind == SB_RING_MESSAGE)
        serve_message(ring, call, message->length);
    else if (message->kind == SB_RING_CALL)
        serve_call(ring, message->length);
    else
        sb_ring_set_reason(ring, SB_RING_BAD_MESSAGE);
}

/* Some messages; TRUE if there was at least one. */
static BOOLEAN serve_burst(struct sb_ring *ring)
{
    struct sb_lane_message message;
    struct sb_call call;
    int served = 0;

    describe_call(ring, &call);
    while (served < BURST && sb_ring_is_open(ring) && take_message(ring, &message)) {
        serve(ring, &call, &message);
        served++;
    }
    if (served != 0)
        sb_ring_publish(ring);
    return served != 0;
}

/* Looks for a while whether the client writes on. */
static BOOLEAN spin(struct sb_ring *ring)
{
    uint32_t looks;

    for (looks = 0; looks < ring->spin; looks++) {
        if (atomic_load_explicit(&ring->reader.lines->tail, memory_order_relaxed) !=
            ring->reader.tail)
            return TRUE;
        YieldProcessor();
    }
    return FALSE;
}

static void sleep(struct sb_ring *ring)
{
    PVOID objects[2] = {&ring->stop, ring->events[TO_DRIVER_DATA]};

    release(ring);
    if (spin(ring))
        return;
    if (sb_lane_reader_may_sleep(&ring->reader)) {
        ring->to_driver.sleeps++;
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
    }
    sb_lane_reader_woke(&ring->reader);
}

static void open_lanes(struct sb_ring *ring)
{
    struct sb_ring_page *page = ring->page;
    UCHAR *to_driver = (UCHAR *)page + SB_RING_PAGE;
    UCHAR *to_client = to_driver + ring->to_driver_capacity;

    page->version = SB_RING_VERSION;
    page->to_driver_capacity = ring->to_driver_capacity;
    page->to_client_capacity = ring->to_client_capacity;
    page->message_maximum = ring->message_maximum;
    sb_lane_reader_open(&ring->reader, &page->to_driver, to_driver, ring->to_driver_capacity,
                        ring->message_maximum);
    sb_lane_writer_open(&ring->writer, &page->to_client, to_client, ring->to_client_capacity);
}

static NTSTATUS begin(struct sb_ring *ring)
{
    const struct sb_ring_service *service = ring->driver->ring;
    NTSTATUS status;

    status = sb_ring_map(ring);
    if (!NT_SUCCESS(status))
        return status;
    open_lanes(ring);
    ring->handler = service->message;
    ring->spin = service->spin == 0                 ? DEFAULT_SPIN
                 : service->spin == SB_RING_NO_SPIN ? 0
                                                    : service->spin;
    if (service->opened != NULL)
        status = service->opened(ring, ring->open_context);
    if (!NT_SUCCESS(status))
        sb_ring_unmap(ring);
    return status;
}

/* Nobody sends any more once the lock has been had after the ring was shut. */
static void end(struct sb_ring *ring)
{
    const struct sb_ring_service *service = ring->driver->ring;
    KIRQL irql;

    if (service->closed != NULL)
        service->closed(ring, ring->open_context, (enum sb_ring_reason)ring->reason);
    KeAcquireSpinLock(&ring->send_lock, &irql);
    KeReleaseSpinLock(&ring->send_lock, irql);
    sb_ring_unmap(ring);
}

static VOID NTAPI ring_thread(PVOID context)
{
    struct sb_ring *ring = context;

    ring->start_status = begin(ring);
    if (NT_SUCCESS(ring->start_status)) {
        KeSetEvent(&ring->started, IO_NO_INCREMENT, FALSE);
        while (sb_ring_is_open(ring))
            if (!serve_burst(ring))
                sleep(ring);
        end(ring);
    } else {
        KeSetEvent(&ring->started, IO_NO_INCREMENT, FALSE);
    }
    /* Whoever joins has a reference to the thread: the driver stays loaded until it is gone. */
    PsTerminateSystemThread(STATUS_SUCCESS);
}

NTSTATUS sb_ring_start(struct sb_ring *ring)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, NULL, NULL, ring_thread,
                                  ring);
    if (!NT_SUCCESS(status))
        return status;
    /* A new handle of our own to a thread: this cannot fail. Were it to, the thread would be waited
       for by its handle. */
    status = ObReferenceObjectByHandle(handle, SYNCHRONIZE, NULL, KernelMode, &ring->thread, NULL);
    KeWaitForSingleObject(&ring->started, Executive, KernelMode, FALSE, NULL);
    if (NT_SUCCESS(status))
        status = ring->start_status;
    if (!NT_SUCCESS(status)) {
        sb_ring_set_reason(ring, SB_RING_CLOSED_BY_DRIVER);
        ZwWaitForSingleObject(handle, FALSE, NULL);
    }
    ZwClose(handle);
    return status;
}

void sb_ring_join(struct sb_ring *ring)
{
    KeWaitForSingleObject(ring->thread, Executive, KernelMode, FALSE, NULL);
}
