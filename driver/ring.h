/*
 * What the files of the driver's rings share.
 *
 *   ring         the commands: open, report, close
 *   ring_list    the device's list of rings, and how they end
 *   ring_memory  the section, its views, the locked pages, the events
 *   ring_lock    one call that may raise
 *   ring_worker  the ring's thread: messages and calls to their handlers
 *   ring_send    messages to the client
 *
 * A ring's life:
 *
 *   made       by SB_RING_OPEN: memory, events, then the thread, which maps, locks, calls opened()
 *   open       in the device's list; reason is 0
 *   shut       reason is set, for good: by nonsense in the lane, by either side, by the last
 *              handle. Senders are refused, the thread is told to stop, the client is told.
 *   ended      the thread has called closed(), has unmapped its view and is gone; off the list
 *   freed      with the last reference
 *
 * Who looks at what: the reader, message and reply belong to the thread. The writer belongs to who
 * holds send_lock, and is not touched any more once the ring is shut. reason is set under
 * send_lock, and read without.
 */
#ifndef SYSBUF_DRIVER_RING_H
#define SYSBUF_DRIVER_RING_H

#include "internal.h"

#include <ring/lane.h>
#include <sysbuf/ring_driver.h>

enum ring_event {
    TO_DRIVER_DATA,  /* the driver waits */
    TO_DRIVER_SPACE, /* the client waits */
    TO_CLIENT_DATA,  /* the client waits */
    TO_CLIENT_SPACE, /* the driver waits */
    RING_EVENT_COUNT,
};

/* In the client; its own to unmap and close once it has been told of them. */
struct ring_client_side {
    void *view;
    SIZE_T view_length;
    HANDLE events[RING_EVENT_COUNT];
};

struct sb_ring {
    LIST_ENTRY entry; /* of the device's list, under its lock */
    PFILE_OBJECT file;
    LONG references;
    BOOLEAN is_ready; /* under the list's lock: made, and nobody is ending it yet */
    const struct sb_driver *driver;
    const struct sb_open *open; /* outlives the ring, which CLEANUP and CLOSE end */
    void *open_context;
    uint32_t process_id;
    uint32_t message_maximum;
    uint32_t to_driver_capacity;
    uint32_t to_client_capacity;

    HANDLE section;                         /* until the ring is open */
    HANDLE event_handles[RING_EVENT_COUNT]; /* likewise */
    PKEVENT
    events[RING_EVENT_COUNT]; /* the client has handles of them: never trusted to stay set */
    KEVENT stop;              /* nobody else's, so that a stop always gets through */
    volatile LONG reason;     /* enum sb_ring_reason */

    PVOID thread;
    KEVENT started; /* start_status is there */
    NTSTATUS start_status;
    void *view;                /* in the System process */
    PMDL pages;                /* its locked pages */
    struct sb_ring_page *page; /* valid in every context, at every IRQL */

    struct sb_lane_reader reader;
    sb_handler *handler; /* of messages, or NULL */
    uint32_t spin;
    void *message; /* message_maximum bytes */
    void *reply;   /* message_maximum bytes */

    KSPIN_LOCK send_lock;
    struct sb_lane_writer writer;
    KEVENT turn; /* of those who wait for room, one at a time */

    struct sb_ring_counters to_driver;
    struct sb_ring_counters to_client; /* under send_lock, but for sleeps */
    uint64_t calls;
    uint64_t failures;
};

static inline ULONG_PTR sb_ring_view_length(const struct sb_ring *ring)
{
    return (ULONG_PTR)SB_RING_PAGE + ring->to_driver_capacity + ring->to_client_capacity;
}

static inline BOOLEAN sb_ring_is_open(const struct sb_ring *ring)
{
    return ring->reason == SB_RING_IS_OPEN;
}

/* Bytes in use, by the driver's own positions, which other threads may move meanwhile. */
static inline uint32_t sb_ring_to_driver_fill(const struct sb_ring *ring)
{
    return ring->reader.tail - ring->reader.head;
}

static inline uint32_t sb_ring_to_client_fill(const struct sb_ring *ring)
{
    return ring->writer.next - ring->writer.head;
}

/* The first reason stays. Tells the thread and the client; does not wait. IRQL <= DISPATCH. */
void sb_ring_set_reason(struct sb_ring *ring, enum sb_ring_reason reason);
/* The same for who holds send_lock. */
void sb_ring_set_reason_locked(struct sb_ring *ring, enum sb_ring_reason reason);

/* What a lane's result means for the ring: SB_RING_BAD_INDEX or SB_RING_BAD_RECORD. */
enum sb_ring_reason sb_ring_reason_of(enum sb_lane_result result);

/* ---- ring_list ---- */

/* The open's ring with a reference; NULL if there is none, none yet, or one that is being ended. */
struct sb_ring *sb_ring_find(struct sb_ring_list *list, PFILE_OBJECT file);

/* Takes a place in the list before anything is made, so that an open never has two; and gives it
   back where making the ring failed. */
enum sb_ring_refusal sb_ring_enlist(struct sb_ring_list *list, struct sb_ring *ring,
                                    uint32_t limit);
void sb_ring_delist(struct sb_ring_list *list, struct sb_ring *ring);

/* Sets the rings' counters, of those that are gone as well. IRQL <= DISPATCH. */
void sb_ring_tell_statistics(struct sb_device *device, uint64_t *values);

/* The ring is made: from now on it can be found, and ended. */
void sb_ring_set_ready(struct sb_ring_list *list, struct sb_ring *ring);

/* Ends the open's ring and waits for its thread. FALSE: there is none to end. PASSIVE_LEVEL. */
BOOLEAN sb_ring_end(struct sb_ring_list *list, PFILE_OBJECT file);

/* Only where a driver is unloaded although files are open, as Wine 8 does: their rings' threads
   must not run on. Nothing is opened any more. */
void sb_ring_end_all(struct sb_ring_list *list);

/* ---- ring_memory ---- */

/* The section, the four events and the buffers; on failure some of them, for the two below. */
NTSTATUS sb_ring_make_memory(struct sb_ring *ring);
/* The handles of section and events: the objects live on. PASSIVE_LEVEL. */
void sb_ring_close_handles(struct sb_ring *ring);
/* The events and the buffers, as far as there are any. IRQL <= DISPATCH. */
void sb_ring_free_memory(struct sb_ring *ring);

/* Maps the section into the calling process and gives it handles of the events, undone on failure.
   is_32_bit: below 4 GiB. PASSIVE_LEVEL, in the client's context. */
NTSTATUS sb_ring_show(struct sb_ring *ring, BOOLEAN is_32_bit, struct ring_client_side *side);
void sb_ring_hide(struct sb_ring *ring, const struct ring_client_side *side);

/* The driver's own view, locked: from a system thread, and back from the same one. */
NTSTATUS sb_ring_map(struct sb_ring *ring);
void sb_ring_unmap(struct sb_ring *ring);

/* ---- ring_lock ---- */

typedef VOID NTAPI sb_ring_probe(PMDL pages, KPROCESSOR_MODE mode, LOCK_OPERATION operation);
/* Calls MmProbeAndLockPages, which raises where it fails: its status. */
NTSTATUS NTAPI sb_ring_lock_pages(sb_ring_probe *probe, PMDL pages);

/* ---- ring_worker ---- */

/* Starts the thread and waits for what it says of its start. */
NTSTATUS sb_ring_start(struct sb_ring *ring);
/* Waits for the thread's end; the ring is shut. */
void sb_ring_join(struct sb_ring *ring);

/* ---- ring_send ---- */

/* As sb_ring_send_wait(), for any kind. */
NTSTATUS sb_ring_post(struct sb_ring *ring, enum sb_ring_kind kind, const void *message,
                      size_t length, uint32_t milliseconds);

#endif
