/*
 * Messages to the client. The lane's writer is under a spin lock, so that any thread and any DPC
 * may send; a ring that is shut is not touched under the lock any more, and the ring's thread takes
 * the lock once before it gives the memory back.
 *
 * Waiting for room is for one at a time, who has the turn: an event that stays set while nobody
 * waits. It is private, as is the event that ends all waits; the doorbell the client can reset.
 */
#include "ring.h"

/* Under send_lock. A position that cannot be shuts the ring. */
static NTSTATUS put(struct sb_ring *ring, enum sb_ring_kind kind, const void *message,
                    uint32_t length)
{
    enum sb_lane_result result;
    void *room;

    if (!sb_ring_is_open(ring))
        return STATUS_PIPE_DISCONNECTED;
    result = sb_lane_reserve(&ring->writer, length, &room);
    if (result == SB_LANE_WAIT)
        return STATUS_DEVICE_BUSY;
    if (result != SB_LANE_OK) {
        sb_ring_set_reason_locked(ring, sb_ring_reason_of(result));
        return STATUS_PIPE_DISCONNECTED;
    }
    sb_lane_copy(room, message, length);
    sb_lane_commit(&ring->writer, length, (uint32_t)kind);
    ring->to_client.messages++;
    ring->to_client.bytes += length;
    return STATUS_SUCCESS;
}

/* Under send_lock. */
static void publish(struct sb_ring *ring)
{
    if (sb_ring_is_open(ring) && sb_lane_publish(&ring->writer)) {
        ring->to_client.doorbells++;
        KeSetEvent(ring->events[TO_CLIENT_DATA], IO_NO_INCREMENT, FALSE);
    }
}

static NTSTATUS try_send(struct sb_ring *ring, enum sb_ring_kind kind, const void *message,
                         uint32_t length, uint32_t flags)
{
    NTSTATUS status;
    KIRQL irql;

    KeAcquireSpinLock(&ring->send_lock, &irql);
    status = put(ring, kind, message, length);
    if ((flags & SB_RING_MORE) == 0 || status == STATUS_DEVICE_BUSY)
        publish(ring);
    KeReleaseSpinLock(&ring->send_lock, irql);
    return status;
}

static NTSTATUS check_length(const struct sb_ring *ring, size_t length)
{
    return length == 0 || length > ring->message_maximum ? STATUS_INVALID_BUFFER_SIZE
                                                         : STATUS_SUCCESS;
}

NTSTATUS sb_ring_send(struct sb_ring *ring, const void *message, size_t length, uint32_t flags)
{
    NTSTATUS status = check_length(ring, length);

    return NT_SUCCESS(status) ? try_send(ring, SB_RING_MESSAGE, message, (uint32_t)length, flags)
                              : status;
}

void sb_ring_publish(struct sb_ring *ring)
{
    KIRQL irql;

    KeAcquireSpinLock(&ring->send_lock, &irql);
    publish(ring);
    KeReleaseSpinLock(&ring->send_lock, irql);
}

/* Says that the writer sleeps, and looks again; FALSE: try once more instead of waiting. */
static BOOLEAN may_sleep(struct sb_ring *ring)
{
    BOOLEAN sleep = FALSE;
    KIRQL irql;

    KeAcquireSpinLock(&ring->send_lock, &irql);
    if (sb_ring_is_open(ring))
        sleep = sb_lane_writer_may_sleep(&ring->writer);
    KeReleaseSpinLock(&ring->send_lock, irql);
    return sleep;
}

/* Waits for an event of the ring's, or for its end. */
static NTSTATUS wait_for(struct sb_ring *ring, PKEVENT event, PLARGE_INTEGER deadline)
{
    PVOID objects[2] = {&ring->stop, event};
    NTSTATUS status;

    status =
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, deadline, NULL);
    if (status == STATUS_TIMEOUT)
        return STATUS_IO_TIMEOUT;
    return status == STATUS_WAIT_0 ? STATUS_PIPE_DISCONNECTED : STATUS_SUCCESS;
}

/* With the turn. The flag may stay set after a timeout: then a doorbell rings in vain. */
static NTSTATUS send_when_there_is_room(struct sb_ring *ring, enum sb_ring_kind kind,
                                        const void *message, uint32_t length,
                                        PLARGE_INTEGER deadline)
{
    NTSTATUS status;

    for (;;) {
        status = try_send(ring, kind, message, length, 0);
        if (status != STATUS_DEVICE_BUSY)
            return status;
        if (!may_sleep(ring))
            continue;
        InterlockedIncrement64((volatile LONG64 *)&ring->to_client.sleeps);
        status = wait_for(ring, ring->events[TO_CLIENT_SPACE], deadline);
        if (!NT_SUCCESS(status))
            return status;
    }
}

/* Absolute, so that it is one deadline for several waits. */
static PLARGE_INTEGER deadline_after(uint32_t milliseconds, PLARGE_INTEGER deadline)
{
    if (milliseconds == SB_RING_FOREVER)
        return NULL;
    KeQuerySystemTime(deadline);
    deadline->QuadPart += (LONGLONG)milliseconds * 10000;
    return deadline;
}

NTSTATUS sb_ring_post(struct sb_ring *ring, enum sb_ring_kind kind, const void *message,
                      size_t length, uint32_t milliseconds)
{
    LARGE_INTEGER storage;
    PLARGE_INTEGER deadline;
    NTSTATUS status;

    status = try_send(ring, kind, message, (uint32_t)length, 0);
    if (status != STATUS_DEVICE_BUSY)
        return status;
    deadline = deadline_after(milliseconds, &storage);
    status = wait_for(ring, &ring->turn, deadline);
    if (!NT_SUCCESS(status))
        return status;
    status = send_when_there_is_room(ring, kind, message, (uint32_t)length, deadline);
    KeSetEvent(&ring->turn, IO_NO_INCREMENT, FALSE);
    return status;
}

NTSTATUS sb_ring_send_wait(struct sb_ring *ring, const void *message, size_t length,
                           uint32_t milliseconds)
{
    NTSTATUS status = check_length(ring, length);

    return NT_SUCCESS(status) ? sb_ring_post(ring, SB_RING_MESSAGE, message, length, milliseconds)
                              : status;
}

uint32_t sb_ring_message_maximum(const struct sb_ring *ring)
{
    return ring->message_maximum;
}
