/*
 * One lane of a ring, the same at both ends and in both directions.
 *
 * Neither end trusts the other. Each keeps its own position and the last copy of the other's in
 * memory of its own; what it reads from the lane it reads once, into a local variable, checks it,
 * and works with the copy. Whatever does not fit is SB_LANE_BROKEN, and the lane is not to be used
 * any more. A message itself may still change under its reader's eyes: who decides by its bytes
 * copies it first.
 *
 * No wakeup is lost: an end that goes to sleep says so (reader_sleeps, writer_sleeps) and then
 * looks at the other's position again; an end that moves its position then looks at the flag. Both
 * stores are sequentially consistent, which on x86 makes each a full fence: of the two stores one
 * comes first, and the other end's load sees it. ring/model/wakeup.pml is the proof, and shows that
 * it does not hold without the fence or without the second look.
 *
 * Batches: any number of records may be committed before one publish, and read before one release.
 */
#ifndef SYSBUF_RING_LANE_H
#define SYSBUF_RING_LANE_H

#include "layout.h"

#include <stdbool.h>
#include <string.h>

enum sb_lane_result {
    SB_LANE_OK = 0,
    SB_LANE_WAIT,       /* full, or empty */
    SB_LANE_BAD_INDEX,  /* the other end's position is impossible */
    SB_LANE_BAD_RECORD, /* a length is impossible */
};

/* Used by one thread at a time. */
struct sb_lane_writer {
    struct sb_lane_lines *lines;
    unsigned char *bytes;
    uint32_t capacity;
    uint32_t next; /* end of what is committed */
    uint32_t tail; /* end of what is published; lines->tail is a copy of it */
    uint32_t head; /* the reader's, as last seen and found possible */
};

/* Used by one thread at a time. */
struct sb_lane_reader {
    struct sb_lane_lines *lines;
    const unsigned char *bytes;
    uint32_t capacity;
    uint32_t maximum; /* the longest message, bytes */
    uint32_t next;    /* end of what is taken */
    uint32_t head;    /* end of what is released; lines->head is a copy of it */
    uint32_t tail;    /* the writer's, as last seen and found possible */
};

/* A message in the lane; valid until its bytes are released. */
struct sb_lane_message {
    const void *bytes;
    uint32_t length;
    uint32_t kind;
};

/*
 * The longest message that always fits once the lane is empty: a record of half the capacity,
 * behind a wrap of at most as much.
 */
static inline uint32_t sb_lane_message_maximum(uint32_t capacity)
{
    return capacity / 2 - (uint32_t)sizeof(struct sb_lane_header);
}

/* Bytes of the record of a message of length bytes, length <= UINT32_MAX - 15. */
static inline uint32_t sb_lane_record_size(uint32_t length)
{
    return (length + (uint32_t)sizeof(struct sb_lane_header) + 7) & ~(uint32_t)7;
}

/* For a new lane: lines and bytes are all zero. capacity: a power of two, 64 bytes to 1 GiB. */
static inline void sb_lane_writer_open(struct sb_lane_writer *writer, struct sb_lane_lines *lines,
                                       void *bytes, uint32_t capacity)
{
    *writer = (struct sb_lane_writer){.lines = lines, .bytes = bytes, .capacity = capacity};
}

static inline void sb_lane_reader_open(struct sb_lane_reader *reader, struct sb_lane_lines *lines,
                                       const void *bytes, uint32_t capacity, uint32_t maximum)
{
    *reader = (struct sb_lane_reader){
        .lines = lines, .bytes = bytes, .capacity = capacity, .maximum = maximum};
}

/* Copies a message's bytes, short ones without a call: words, the last of which overlap. */
static inline void sb_lane_copy(void *to, const void *from, uint32_t length)
{
    unsigned char *target = to;
    const unsigned char *source = from;
    uint64_t first, last;
    uint32_t done;

    if (length >= 8 && length <= 64) {
        for (done = 0; done + 16 < length; done += 16)
            memcpy(target + done, source + done, 16);
        memcpy(&first, source + (length < 16 ? 0 : length - 16), 8);
        memcpy(&last, source + length - 8, 8);
        memcpy(target + (length < 16 ? 0 : length - 16), &first, 8);
        memcpy(target + length - 8, &last, 8);
    } else {
        memcpy(to, from, length);
    }
}

/* ---- writing ---- */

/* Takes the reader's position: it can only have moved on, up to what is published. */
static inline enum sb_lane_result sb_lane_see_head(struct sb_lane_writer *writer)
{
    uint32_t head = atomic_load_explicit(&writer->lines->head, memory_order_acquire);

    if (head - writer->head > writer->tail - writer->head || head % 8 != 0)
        return SB_LANE_BAD_INDEX;
    writer->head = head;
    return SB_LANE_OK;
}

static inline void sb_lane_write_header(struct sb_lane_writer *writer, uint32_t length,
                                        uint32_t kind)
{
    struct sb_lane_header *header =
        (struct sb_lane_header *)(void *)(writer->bytes + (writer->next & (writer->capacity - 1)));

    atomic_store_explicit(&header->length, length, memory_order_relaxed);
    atomic_store_explicit(&header->kind, kind, memory_order_relaxed);
}

/*
 * Room for a message of length bytes, 1 to sb_lane_message_maximum(): *room is 8-byte aligned and
 * the caller's until sb_lane_commit(). Without a commit nothing has happened. SB_LANE_WAIT: full.
 */
static inline enum sb_lane_result sb_lane_reserve(struct sb_lane_writer *writer, uint32_t length,
                                                  void **room)
{
    uint32_t size = sb_lane_record_size(length);
    uint32_t offset = writer->next & (writer->capacity - 1);
    uint32_t to_end = writer->capacity - offset;
    uint32_t needed = size <= to_end ? size : to_end + size;
    enum sb_lane_result result;

    if (writer->capacity - (writer->next - writer->head) < needed) {
        result = sb_lane_see_head(writer);
        if (result != SB_LANE_OK)
            return result;
        if (writer->capacity - (writer->next - writer->head) < needed)
            return SB_LANE_WAIT;
    }
    if (size > to_end) {
        sb_lane_write_header(writer, SB_LANE_WRAP, 0);
        writer->next += to_end;
        offset = 0;
    }
    *room = writer->bytes + offset + sizeof(struct sb_lane_header);
    return SB_LANE_OK;
}

/* Ends a reservation: length is at least 1 and at most what was reserved. Not yet published. */
static inline void sb_lane_commit(struct sb_lane_writer *writer, uint32_t length, uint32_t kind)
{
    sb_lane_write_header(writer, length, kind);
    writer->next += sb_lane_record_size(length);
}

/*
 * Shows the reader all that is committed. True: the reader sleeps, and the caller is the one who
 * wakes it.
 */
static inline bool sb_lane_publish(struct sb_lane_writer *writer)
{
    if (writer->tail == writer->next)
        return false;
    writer->tail = writer->next;
    /* Before the flag is looked at: see the top. */
    atomic_store_explicit(&writer->lines->tail, writer->tail, memory_order_seq_cst);
    return atomic_load_explicit(&writer->lines->reader_sleeps, memory_order_seq_cst) != 0 &&
           atomic_exchange_explicit(&writer->lines->reader_sleeps, 0, memory_order_seq_cst) != 0;
}

/*
 * Before waiting for room; everything must be published. True: wait for the doorbell, then call
 * sb_lane_writer_woke(). False: look again at once, the reader has moved.
 */
static inline bool sb_lane_writer_may_sleep(struct sb_lane_writer *writer)
{
    atomic_store_explicit(&writer->lines->writer_sleeps, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&writer->lines->head, memory_order_seq_cst) == writer->head)
        return true;
    atomic_store_explicit(&writer->lines->writer_sleeps, 0, memory_order_relaxed);
    return false;
}

static inline void sb_lane_writer_woke(struct sb_lane_writer *writer)
{
    atomic_store_explicit(&writer->lines->writer_sleeps, 0, memory_order_relaxed);
}

/* ---- reading ---- */

/* Takes the writer's position: it can only have moved on, up to a full lane. */
static inline enum sb_lane_result sb_lane_see_tail(struct sb_lane_reader *reader)
{
    uint32_t tail = atomic_load_explicit(&reader->lines->tail, memory_order_acquire);
    uint32_t room = reader->capacity - (reader->tail - reader->head);

    if (tail - reader->tail > room || tail % 8 != 0)
        return SB_LANE_BAD_INDEX;
    reader->tail = tail;
    return SB_LANE_OK;
}

/* Takes one header from what is known to be there; SB_LANE_WAIT: a wrap, look again. */
static inline enum sb_lane_result sb_lane_look(struct sb_lane_reader *reader,
                                               struct sb_lane_message *message)
{
    uint32_t available = reader->tail - reader->next;
    uint32_t offset = reader->next & (reader->capacity - 1);
    uint32_t to_end = reader->capacity - offset;
    const struct sb_lane_header *header =
        (const struct sb_lane_header *)(const void *)(reader->bytes + offset);
    uint32_t length = atomic_load_explicit(&header->length, memory_order_relaxed);
    uint32_t kind = atomic_load_explicit(&header->kind, memory_order_relaxed);

    if (length == SB_LANE_WRAP) {
        if (offset == 0 || to_end > available)
            return SB_LANE_BAD_RECORD;
        reader->next += to_end;
        return SB_LANE_WAIT;
    }
    if (length == 0 || length > reader->maximum || sb_lane_record_size(length) > available ||
        sb_lane_record_size(length) > to_end)
        return SB_LANE_BAD_RECORD;
    *message = (struct sb_lane_message){header + 1, length, kind};
    return SB_LANE_OK;
}

/* The next message, which stays next until sb_lane_take(). SB_LANE_WAIT: empty. */
static inline enum sb_lane_result sb_lane_peek(struct sb_lane_reader *reader,
                                               struct sb_lane_message *message)
{
    enum sb_lane_result result;

    do {
        if (reader->next == reader->tail) {
            result = sb_lane_see_tail(reader);
            if (result != SB_LANE_OK)
                return result;
            if (reader->next == reader->tail)
                return SB_LANE_WAIT;
        }
        result = sb_lane_look(reader, message);
    } while (result == SB_LANE_WAIT);
    return result;
}

/* Goes on behind the message that sb_lane_peek() gave; its bytes stay until the release. */
static inline void sb_lane_take(struct sb_lane_reader *reader,
                                const struct sb_lane_message *message)
{
    reader->next += sb_lane_record_size(message->length);
}

/*
 * Gives the writer the room of all that is taken. True: the writer sleeps, and the caller is the
 * one who wakes it.
 */
static inline bool sb_lane_release(struct sb_lane_reader *reader)
{
    if (reader->head == reader->next)
        return false;
    reader->head = reader->next;
    atomic_store_explicit(&reader->lines->head, reader->head, memory_order_seq_cst);
    return atomic_load_explicit(&reader->lines->writer_sleeps, memory_order_seq_cst) != 0 &&
           atomic_exchange_explicit(&reader->lines->writer_sleeps, 0, memory_order_seq_cst) != 0;
}

/*
 * Is it time to release? Rarely, so that the writer's cache keeps the line; at once where the
 * writer is seen to sleep. (One that falls asleep just now is served by the next release, and a
 * reader releases before it sleeps.)
 */
static inline bool sb_lane_release_is_due(const struct sb_lane_reader *reader)
{
    return reader->next - reader->head >= reader->capacity / 8 ||
           atomic_load_explicit(&reader->lines->writer_sleeps, memory_order_relaxed) != 0;
}

/* Before waiting for messages; everything must be released. As sb_lane_writer_may_sleep(). */
static inline bool sb_lane_reader_may_sleep(struct sb_lane_reader *reader)
{
    atomic_store_explicit(&reader->lines->reader_sleeps, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&reader->lines->tail, memory_order_seq_cst) == reader->tail)
        return true;
    atomic_store_explicit(&reader->lines->reader_sleeps, 0, memory_order_relaxed);
    return false;
}

static inline void sb_lane_reader_woke(struct sb_lane_reader *reader)
{
    atomic_store_explicit(&reader->lines->reader_sleeps, 0, memory_order_relaxed);
}

#endif
