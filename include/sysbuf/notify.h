/*
 * Notifications: the driver posts messages, applications that have subscribed receive them.
 *
 * A description whose notify.capacity is not 0 has them. Each subscriber has a queue of that many
 * messages and an overflow rule; messages are copied, and reach each subscriber in the order in
 * which they were posted (posts that run at once: in one order for all). Posting takes no memory,
 * so it fails only where the rule says so.
 *
 * Posts may come from load on until unload returns; a driver whose threads, timers or DPCs post
 * ends those in unload at the latest.
 */
#ifndef SYSBUF_NOTIFY_H
#define SYSBUF_NOTIFY_H

#include <sysbuf/driver.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SB_EVERY_OPEN 0u

/*
 * Posts a message of 0 to notify.maximum bytes to the subscriber whose open has that number
 * (struct sb_open), or to all with SB_EVERY_OPEN. IRQL <= DISPATCH_LEVEL, any context; no spin lock
 * may be held, since the post completes the subscribers' calls.
 *
 * STATUS_SUCCESS        it has been received, waits, or was dropped by the rule (and counted);
 *                       for all: the same for each, also where there are none;
 * STATUS_NOT_FOUND      no such open, or it has not subscribed;
 * STATUS_DEVICE_BUSY    SB_FAIL_POST: a queue is full; nobody got the message;
 * STATUS_INVALID_BUFFER_SIZE, STATUS_INVALID_DEVICE_STATE  too long; no notifications here.
 */
_IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS
    sb_notify_post(uint64_t open_id, _In_reads_bytes_(length) const void *message, size_t length);

/*
 * Asks one subscriber and waits for its answer, at most timeout milliseconds. The message reaches
 * it as any other, with a number to answer to; up to capacity bytes of the answer are put into
 * answer, *answer_length says how many. At PASSIVE_LEVEL, without locks; the wait ends early when
 * the calling thread is being ended. Not from a handler that serves the same subscriber's only
 * thread, which could then not answer.
 *
 * STATUS_SUCCESS          answered;
 * STATUS_IO_TIMEOUT       not in time; an answer that comes now is refused;
 * STATUS_CANCELLED        the subscriber unsubscribed or closed, or the calling thread is ending;
 * STATUS_DEVICE_BUSY      the queue is full, or the message was dropped from it;
 * STATUS_NOT_FOUND, STATUS_INVALID_BUFFER_SIZE, STATUS_INVALID_DEVICE_STATE  as above;
 * STATUS_INSUFFICIENT_RESOURCES.
 * On all but STATUS_SUCCESS answer and *answer_length are untouched.
 */
_IRQL_requires_(PASSIVE_LEVEL) NTSTATUS
    sb_notify_ask(uint64_t open_id, _In_reads_bytes_(length) const void *message, size_t length,
                  _Out_ void *answer, size_t capacity, _Out_ size_t *answer_length,
                  uint32_t timeout);

#ifdef __cplusplus
}
#endif

#endif
