/*
 * What the files of the client's ring share.
 *
 *   ring         opening, closing, reports
 *   ring_lanes   sending and receiving
 *   ring_call    calls by the ring
 */
#ifndef SYSBUF_CLIENT_RING_H
#define SYSBUF_CLIENT_RING_H

#include "ring_system.h"

#include <ring/lane.h>
#include <sysbuf/ring_client.h>

/* A message that came while an answer was waited for. */
struct kept_message {
    struct kept_message *next;
    size_t length;
    _Alignas(8) unsigned char bytes[];
};

struct sb_ring {
    struct sb_client *client;
    struct sb_ring_page *page;
    uint32_t message_maximum;
    uint32_t spin;
    uint64_t events[4]; /* as in struct sb_ring_reply */

    /* The sending thread's. */
    struct sb_lane_writer writer;
    uint64_t next_tag;

    /* The receiving thread's. */
    struct sb_lane_reader reader;
    struct kept_message *kept; /* older than all in the lane */
    struct kept_message **kept_end;

    struct sb_ring_statistics statistics; /* each field of the thread that changes it */
};

enum ring_event { TO_DRIVER_DATA, TO_DRIVER_SPACE, TO_CLIENT_DATA, TO_CLIENT_SPACE };

/* When a wait ends; made when there is something to wait for. */
struct deadline {
    uint32_t timeout; /* milliseconds, or SB_FOREVER */
    uint64_t end;     /* 0: the wait has not begun */
};

/* Milliseconds that are left. */
uint32_t sb_ring_time_left(struct deadline *deadline);

/* As sb_ring_reserve() and sb_ring_commit(), for any kind and, for calls, a larger length. */
enum sb_error sb_ring_reserve_until(struct sb_ring *ring, uint32_t length, void **room,
                                    struct deadline *deadline);
void sb_ring_commit_kind(struct sb_ring *ring, uint32_t length, enum sb_ring_kind kind);

/* The next message in the lane, of any kind, kept ones aside. */
enum sb_error sb_ring_peek_lane(struct sb_ring *ring, struct sb_lane_message *message,
                                struct deadline *deadline);
void sb_ring_take_lane(struct sb_ring *ring, const struct sb_lane_message *message);

#endif
