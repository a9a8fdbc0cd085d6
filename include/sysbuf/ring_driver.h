/*
 * A driver with shared rings: its description says so,
 *
 *     static const struct sb_ring_service rings = {SB_RING, .message = heard};
 *     static const struct sb_driver driver = {..., .ring = &rings};
 *
 * and each open of the device may then have one ring. The client's messages go to `message`, its
 * calls to the handlers of the command table, the same that serve DeviceIoControl. A driver that
 * does not say SB_RING links nothing of it.
 *
 * Every ring has a thread of its own, on which its handlers run one after another at PASSIVE_LEVEL,
 * in the context of the System process and not of the caller; call->process_id is the process that
 * opened the ring. call->ring is the ring. A message lies in memory of the driver's when a handler
 * sees it: the client cannot change it any more.
 */
#ifndef SYSBUF_RING_DRIVER_H
#define SYSBUF_RING_DRIVER_H

#include <sysbuf/driver.h>
#include <sysbuf/ring.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sb_ring;
struct sb_ring_channel;

/* The library's part; SB_RING in a service names it. */
extern const struct sb_ring_channel sb_ring_channel;
#define SB_RING .channel = &sb_ring_channel

/* Never sleep-wait by looking first: each wait is a sleep at once. */
#define SB_RING_NO_SPIN UINT32_MAX

struct sb_ring_service {
    const struct sb_ring_channel *channel; /* SB_RING */
    uint32_t message_maximum;  /* bytes, the most that a client may ask for; 0: the format's */
    uint32_t capacity_maximum; /* bytes in each direction, a power of two; 0: 4 MiB. Memory that
                                  cannot be paged out: this, twice, for each ring */
    uint32_t count_maximum;    /* rings of the device at once; 0: 64 */
    uint32_t spin;             /* looks before the ring's thread sleeps, about 40 ns each; 0: 200 */

    /*
     * Serves a message. input is the message; output has room for the longest one, not zeroed, and
     * what the handler replies is sent to the client as a message, waiting for room. An error is
     * counted and sends nothing. NULL: the driver takes calls only, and a message closes the ring.
     */
    sb_handler *message;

    /* Optional. opened runs before the client has its ring; an error refuses it. The ring may be
       used from now on, also from other threads and DPCs that hold a reference. closed runs once,
       after the last handler, whatever ended the ring; nothing can be sent any more. Both on the
       ring's thread. */
    NTSTATUS (*opened)(struct sb_ring *ring, void *open_context);
    void (*closed)(struct sb_ring *ring, void *open_context, enum sb_ring_reason reason);
};

enum sb_ring_send_flags {
    /* More follows: the client need not see it before sb_ring_publish(), or before the next message
       without this flag. The ring's thread publishes what handlers have left so. */
    SB_RING_MORE = 1,
};

/*
 * Sends a message to the client, of 1 to sb_ring_message_maximum() bytes, copied. Never waits.
 * IRQL <= DISPATCH_LEVEL; any number of threads. The copy is made under a spin lock.
 *
 * STATUS_DEVICE_BUSY: there is no room now. STATUS_PIPE_DISCONNECTED: the ring is closed.
 * STATUS_INVALID_BUFFER_SIZE: the length is 0 or too great.
 */
_IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS
    sb_ring_send(_Inout_ struct sb_ring *ring, _In_reads_bytes_(length) const void *message,
                 size_t length, uint32_t flags);

/* Waiting as long as it takes, in sb_ring_send_wait(). */
#define SB_RING_FOREVER UINT32_MAX

/*
 * The same, waiting up to that many milliseconds for room. PASSIVE_LEVEL. The end of the ring ends
 * the wait. Besides: STATUS_IO_TIMEOUT instead of STATUS_DEVICE_BUSY.
 */
_IRQL_requires_(PASSIVE_LEVEL) NTSTATUS
    sb_ring_send_wait(_Inout_ struct sb_ring *ring, _In_reads_bytes_(length) const void *message,
                      size_t length, uint32_t milliseconds);

/* Shows the client what was sent with SB_RING_MORE. IRQL <= DISPATCH_LEVEL. */
_IRQL_requires_max_(DISPATCH_LEVEL) void sb_ring_publish(_Inout_ struct sb_ring *ring);

/* Bytes of the longest message, as agreed at the opening. Any IRQL. */
uint32_t sb_ring_message_maximum(const struct sb_ring *ring);

/* Closes the ring from the driver's side; the client is told. Does not wait: handlers under way end
   as they do, then closed() runs. IRQL <= DISPATCH_LEVEL. */
_IRQL_requires_max_(DISPATCH_LEVEL) void sb_ring_shut(_Inout_ struct sb_ring *ring);

/* Keeps the structure valid beyond closed(), for others who may still call with it. Release each
   before the driver unloads. IRQL <= DISPATCH_LEVEL. */
_IRQL_requires_max_(DISPATCH_LEVEL) void sb_ring_reference(_Inout_ struct sb_ring *ring);
_IRQL_requires_max_(DISPATCH_LEVEL) void sb_ring_release(_Inout_ struct sb_ring *ring);

#ifdef __cplusplus
}
#endif

#endif
