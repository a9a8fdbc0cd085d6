/*
 * What both ends of a shared ring see: one page of control lines, then the bytes of two lanes.
 *
 *   offset 0                 struct sb_ring_page
 *   SB_RING_PAGE             lane to the driver: a power of two of bytes
 *   ... + its capacity       lane to the client: a power of two of bytes
 *
 * A lane is a queue of records with one writer and one reader. A record is an 8-byte header and its
 * message, rounded up to 8 bytes, and never wraps: where it would, a header with the length
 * SB_LANE_WRAP fills the lane's end and the record begins at its start. Positions count bytes from
 * the lane's opening, modulo 2^32; a position modulo the capacity is an offset.
 *
 * Fixed-width fields without pointers: a 32-bit client and a 64-bit driver see the same.
 */
#ifndef SYSBUF_RING_LAYOUT_H
#define SYSBUF_RING_LAYOUT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Two cache lines: processors fetch them in pairs. */
#define SB_RING_LINE 128u

/* Bytes before the first lane, a page. */
#define SB_RING_PAGE 4096u

/* Each field has lines of its own, named by who writes it. */
struct sb_lane_lines {
    _Alignas(SB_RING_LINE) _Atomic uint32_t tail;          /* writer: end of what is published */
    _Alignas(SB_RING_LINE) _Atomic uint32_t head;          /* reader: end of what is released */
    _Alignas(SB_RING_LINE) _Atomic uint32_t reader_sleeps; /* reader: 1; whoever wakes it: 0 */
    _Alignas(SB_RING_LINE) _Atomic uint32_t writer_sleeps; /* writer: 1; whoever wakes it: 0 */
};

struct sb_ring_page {
    _Alignas(SB_RING_LINE) uint32_t version; /* SB_RING_VERSION; for debuggers, never read back */
    uint32_t to_driver_capacity;
    uint32_t to_client_capacity;
    uint32_t message_maximum;
    /* The driver's hint that it has closed the ring; the reason stays in kernel memory. */
    _Alignas(SB_RING_LINE) _Atomic uint32_t closed;
    struct sb_lane_lines to_driver;
    struct sb_lane_lines to_client;
};

/* Written with two stores, read with two loads, each once. */
struct sb_lane_header {
    _Atomic uint32_t length; /* bytes of message, or SB_LANE_WRAP */
    _Atomic uint32_t kind;   /* the users' own */
};

#define SB_LANE_WRAP UINT32_MAX

#define SB_RING_ASSERT(condition) \
    _Static_assert(condition, "the ring's layout is the same on every target")

SB_RING_ASSERT(sizeof(_Atomic uint32_t) == 4);
SB_RING_ASSERT(sizeof(struct sb_lane_header) == 8);
SB_RING_ASSERT(sizeof(struct sb_lane_lines) == 4 * SB_RING_LINE);
SB_RING_ASSERT(offsetof(struct sb_lane_lines, head) == 1 * SB_RING_LINE);
SB_RING_ASSERT(offsetof(struct sb_lane_lines, reader_sleeps) == 2 * SB_RING_LINE);
SB_RING_ASSERT(offsetof(struct sb_lane_lines, writer_sleeps) == 3 * SB_RING_LINE);
SB_RING_ASSERT(offsetof(struct sb_ring_page, message_maximum) == 12);
SB_RING_ASSERT(offsetof(struct sb_ring_page, closed) == 1 * SB_RING_LINE);
SB_RING_ASSERT(offsetof(struct sb_ring_page, to_driver) == 2 * SB_RING_LINE);
SB_RING_ASSERT(offsetof(struct sb_ring_page, to_client) == 6 * SB_RING_LINE);
SB_RING_ASSERT(sizeof(struct sb_ring_page) == 10 * SB_RING_LINE);
SB_RING_ASSERT(sizeof(struct sb_ring_page) <= SB_RING_PAGE);

#endif
