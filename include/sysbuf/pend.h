/*
 * Calls that wait in the driver: a handler that cannot answer yet puts its call into a queue, and
 * whoever has the answer later takes the call out and completes it.
 *
 *     static struct sb_queue readers;            sb_queue_initialize(&readers) in load
 *
 *     in the handler, under the driver's own spin lock:
 *         if there is nothing to answer with:    return sb_pend(call, &readers);
 *     where an answer comes up, under the same lock:
 *         struct sb_pended *reader = sb_pended_take(&readers);
 *         ... release the lock, then
 *         if (reader != NULL)                    sb_pended_complete(reader, status, bytes, length);
 *
 * The library ends calls that wait when their caller cancels them, when their thread or process
 * ends, when their handle is closed: with STATUS_CANCELLED, and then sb_pended_take() does not
 * find them. A call that was taken is the taker's alone and must be completed.
 */
#ifndef SYSBUF_PEND_H
#define SYSBUF_PEND_H

#include <sysbuf/driver.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Calls of one open that may wait at a time, in all queues. */
#define SB_PENDING_MAXIMUM 256u

/* Calls that wait, oldest first. Nonpaged memory that stays until the driver is unloaded, or within
   an open's context. The fields are the library's. */
struct sb_queue {
    LIST_ENTRY calls;
};

/* A call that was taken out of a queue. */
struct sb_pended;

/* Makes an empty queue. Any IRQL. */
void sb_queue_initialize(_Out_ struct sb_queue *queue);

/*
 * Lets the call wait at the end of the queue. On STATUS_PENDING the call is no longer the
 * handler's: it must not look at it again, but return STATUS_PENDING. Its input is gone as well.
 * The driver's own spin lock may be held; the library's is taken inside. IRQL <= DISPATCH_LEVEL.
 *
 * Else the call stays the handler's, to answer with the error: STATUS_CANCELLED where the open is
 * being closed; STATUS_QUOTA_EXCEEDED beyond SB_PENDING_MAXIMUM; STATUS_NOT_SUPPORTED within a
 * batch, or where the call has no file object.
 */
_IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS
    sb_pend(_Inout_ struct sb_call *call, _Inout_ struct sb_queue *queue);

/* Takes the oldest call that is not being cancelled; NULL if there is none. As sb_pend() for locks.
   IRQL <= DISPATCH_LEVEL. */
_IRQL_requires_max_(DISPATCH_LEVEL) struct sb_pended *sb_pended_take(
    _Inout_ struct sb_queue *queue);

/* The room for the call's reply: its address and bytes, NULL and 0 if there is none. Until it is
   completed. Any IRQL. */
void *sb_pended_output(_In_ struct sb_pended *pended, _Out_ uint32_t *capacity);

/*
 * Completes the call with a status and length bytes of reply, as many as fit; where they do not
 * all fit and status is a success, it becomes STATUS_BUFFER_OVERFLOW. reply may be the room
 * itself. An error delivers no bytes. Of a WRITE length says how many bytes were taken and reply is
 * NULL. No spin lock may be held. IRQL <= DISPATCH_LEVEL.
 */
_IRQL_requires_max_(DISPATCH_LEVEL) void sb_pended_complete(_In_ struct sb_pended *pended,
                                                            NTSTATUS status,
                                                            _In_reads_bytes_(length)
                                                                const void *reply,
                                                            size_t length);

#ifdef __cplusplus
}
#endif

#endif
