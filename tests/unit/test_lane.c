/*
 * One lane of a ring: what goes in comes out, at the right moment, and a peer that lies is found
 * out. Two threads, the doorbells and both ends asleep come last; that part runs under the thread
 * sanitizer too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdlib.h>
#include <cmocka.h>

#include <ring/lane.h>

#define CAPACITY 1024u
#define MAXIMUM  504u /* what always fits */

struct lane {
    struct sb_lane_lines lines;
    _Alignas(8) unsigned char bytes[CAPACITY];
    struct sb_lane_writer writer;
    struct sb_lane_reader reader;
};

static struct lane *new_lane(void)
{
    struct lane *lane = aligned_alloc(SB_RING_LINE, (sizeof(*lane) + SB_RING_LINE - 1) &
                                                        ~(size_t)(SB_RING_LINE - 1));

    assert_non_null(lane);
    memset(lane, 0, sizeof(*lane));
    sb_lane_writer_open(&lane->writer, &lane->lines, lane->bytes, CAPACITY);
    sb_lane_reader_open(&lane->reader, &lane->lines, lane->bytes, CAPACITY, MAXIMUM);
    return lane;
}

/* A message whose bytes follow from its number. */
static void fill(unsigned char *bytes, uint32_t length, uint32_t number)
{
    uint32_t index;

    for (index = 0; index < length; index++)
        bytes[index] = (unsigned char)(number * 31 + index * 7 + (index >> 8));
}

static enum sb_lane_result write_message(struct sb_lane_writer *writer, uint32_t length,
                                         uint32_t number)
{
    unsigned char message[MAXIMUM];
    enum sb_lane_result result;
    void *room;

    result = sb_lane_reserve(writer, length, &room);
    if (result == SB_LANE_OK) {
        fill(message, length, number);
        sb_lane_copy(room, message, length);
        sb_lane_commit(writer, length, number);
    }
    return result;
}

static void check_message(const struct sb_lane_message *message, uint32_t length, uint32_t number)
{
    unsigned char expected[MAXIMUM];
    unsigned char copy[MAXIMUM];

    assert_int_equal(message->length, length);
    assert_int_equal(message->kind, number);
    assert_int_equal((uintptr_t)message->bytes % 8, 0);
    fill(expected, length, number);
    sb_lane_copy(copy, message->bytes, length);
    assert_memory_equal(copy, expected, length);
}

static void read_message(struct sb_lane_reader *reader, uint32_t length, uint32_t number)
{
    struct sb_lane_message message;

    assert_int_equal(sb_lane_peek(reader, &message), SB_LANE_OK);
    check_message(&message, length, number);
    sb_lane_take(reader, &message);
}

static void nothing_is_read_before_it_is_published(void **state)
{
    struct lane *lane = new_lane();
    struct sb_lane_message message;

    (void)state;
    assert_int_equal(sb_lane_peek(&lane->reader, &message), SB_LANE_WAIT);
    assert_int_equal(write_message(&lane->writer, 5, 1), SB_LANE_OK);
    assert_int_equal(write_message(&lane->writer, 1, 2), SB_LANE_OK);
    assert_int_equal(sb_lane_peek(&lane->reader, &message), SB_LANE_WAIT);
    assert_false(sb_lane_publish(&lane->writer));
    read_message(&lane->reader, 5, 1);
    read_message(&lane->reader, 1, 2);
    assert_int_equal(sb_lane_peek(&lane->reader, &message), SB_LANE_WAIT);
    free(lane);
}

static void every_length_fits_at_every_offset(void **state)
{
    struct lane *lane = new_lane();
    uint32_t number = 0;
    uint32_t length;
    uint32_t offset;

    (void)state;
    assert_int_equal(sb_lane_message_maximum(CAPACITY), MAXIMUM);
    for (offset = 0; offset < CAPACITY; offset += 8)
        for (length = 1; length <= MAXIMUM; length += length < 20 ? 1 : 11) {
            lane->writer.next = lane->writer.tail = lane->writer.head = offset - 512;
            lane->reader.next = lane->reader.tail = lane->reader.head = offset - 512;
            atomic_store(&lane->lines.head, offset - 512);
            atomic_store(&lane->lines.tail, offset - 512);
            assert_int_equal(write_message(&lane->writer, length, ++number), SB_LANE_OK);
            sb_lane_publish(&lane->writer);
            read_message(&lane->reader, length, number);
        }
    free(lane);
}

static void a_full_lane_waits_for_the_release(void **state)
{
    struct lane *lane = new_lane();
    uint32_t number;

    (void)state;
    for (number = 0; number < CAPACITY / 64; number++)
        assert_int_equal(write_message(&lane->writer, 56, number), SB_LANE_OK);
    assert_int_equal(write_message(&lane->writer, 1, 99), SB_LANE_WAIT);
    sb_lane_publish(&lane->writer);
    read_message(&lane->reader, 56, 0);
    assert_int_equal(write_message(&lane->writer, 1, 99), SB_LANE_WAIT);
    sb_lane_release(&lane->reader);
    assert_int_equal(write_message(&lane->writer, 1, 99), SB_LANE_OK);
    for (number = 1; number < CAPACITY / 64; number++)
        read_message(&lane->reader, 56, number);
    sb_lane_publish(&lane->writer);
    read_message(&lane->reader, 1, 99);
    free(lane);
}

static void a_reservation_may_be_cut_short(void **state)
{
    struct lane *lane = new_lane();
    void *room = NULL;

    (void)state;
    assert_int_equal(sb_lane_reserve(&lane->writer, 400, &room), SB_LANE_OK);
    fill(room, 3, 7);
    sb_lane_commit(&lane->writer, 3, 7);
    assert_int_equal(sb_lane_reserve(&lane->writer, 400, &room), SB_LANE_OK);
    assert_int_equal(write_message(&lane->writer, 9, 8), SB_LANE_OK);
    sb_lane_publish(&lane->writer);
    assert_int_equal(lane->writer.tail, 16 + 24);
    read_message(&lane->reader, 3, 7);
    read_message(&lane->reader, 9, 8);
    free(lane);
}

static void a_doorbell_rings_once_and_only_for_a_sleeper(void **state)
{
    struct lane *lane = new_lane();
    struct sb_lane_message message;
    uint32_t number;

    (void)state;
    assert_int_equal(sb_lane_peek(&lane->reader, &message), SB_LANE_WAIT);
    assert_true(sb_lane_reader_may_sleep(&lane->reader));
    write_message(&lane->writer, 8, 1);
    assert_true(sb_lane_publish(&lane->writer));
    assert_false(sb_lane_publish(&lane->writer));
    write_message(&lane->writer, 8, 2);
    assert_false(sb_lane_publish(&lane->writer));
    assert_false(sb_lane_reader_may_sleep(&lane->reader)); /* there is something to read */
    read_message(&lane->reader, 8, 1);

    for (number = 3; write_message(&lane->writer, 8, number) == SB_LANE_OK; number++)
        continue;
    sb_lane_publish(&lane->writer);
    assert_true(sb_lane_writer_may_sleep(&lane->writer));
    read_message(&lane->reader, 8, 2);
    assert_true(sb_lane_release_is_due(&lane->reader));
    assert_true(sb_lane_release(&lane->reader));
    assert_false(sb_lane_writer_may_sleep(&lane->writer)); /* there is room */
    sb_lane_writer_woke(&lane->writer);
    free(lane);
}

static void a_reader_refuses_impossible_positions(void **state)
{
    static const uint32_t bad[] = {1, 4, 15, CAPACITY + 8, 0x80000000, 0xFFFFFFF8};
    struct sb_lane_message message;
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(bad) / sizeof(bad[0]); index++) {
        struct lane *lane = new_lane();

        atomic_store(&lane->lines.tail, bad[index]);
        assert_int_equal(sb_lane_peek(&lane->reader, &message), SB_LANE_BAD_INDEX);
        assert_int_equal(lane->reader.tail, 0);
        free(lane);
    }
}

static void a_tail_that_goes_back_is_refused(void **state)
{
    struct lane *lane = new_lane();
    struct sb_lane_message message;

    (void)state;
    write_message(&lane->writer, 8, 1);
    write_message(&lane->writer, 8, 2);
    sb_lane_publish(&lane->writer);
    read_message(&lane->reader, 8, 1);
    atomic_store(&lane->lines.tail, 16);
    read_message(&lane->reader, 8, 2); /* was seen before; not looked at again */
    assert_int_equal(sb_lane_peek(&lane->reader, &message), SB_LANE_BAD_INDEX);
    free(lane);
}

static void a_writer_refuses_impossible_positions(void **state)
{
    static const uint32_t bad[] = {1, CAPACITY + 8, 0xFFFFFFF8, CAPACITY * 4, 0x80000000};
    size_t index;
    uint32_t number;

    (void)state;
    for (index = 0; index < sizeof(bad) / sizeof(bad[0]); index++) {
        struct lane *lane = new_lane();

        for (number = 0; write_message(&lane->writer, 8, number) == SB_LANE_OK; number++)
            sb_lane_publish(&lane->writer);
        atomic_store(&lane->lines.head, bad[index]);
        assert_int_equal(write_message(&lane->writer, 8, 1), SB_LANE_BAD_INDEX);
        free(lane);
    }
}

/* Puts a header with this length where the next message would be, with so much published. */
static enum sb_lane_result read_forged(uint32_t at, uint32_t length, uint32_t published)
{
    struct lane *lane = new_lane();
    struct sb_lane_message message;
    enum sb_lane_result result;

    lane->reader.next = lane->reader.head = lane->reader.tail = at;
    memcpy(lane->bytes + at, &length, 4);
    atomic_store(&lane->lines.tail, at + published);
    result = sb_lane_peek(&lane->reader, &message);
    free(lane);
    return result;
}

static void impossible_lengths_are_refused(void **state)
{
    (void)state;
    assert_int_equal(read_forged(0, 8, 16), SB_LANE_OK);
    assert_int_equal(read_forged(0, 0, 16), SB_LANE_BAD_RECORD);
    assert_int_equal(read_forged(0, 9, 16), SB_LANE_BAD_RECORD);
    assert_int_equal(read_forged(0, MAXIMUM, 512), SB_LANE_OK);
    assert_int_equal(read_forged(0, MAXIMUM + 1, CAPACITY), SB_LANE_BAD_RECORD);
    assert_int_equal(read_forged(0, 0xFFFFFFFE, CAPACITY), SB_LANE_BAD_RECORD);
    assert_int_equal(read_forged(0, 0xFFFFFFF1, CAPACITY), SB_LANE_BAD_RECORD);
    assert_int_equal(read_forged(0, 0x80000000, CAPACITY), SB_LANE_BAD_RECORD);
    assert_int_equal(read_forged(CAPACITY - 16, 8, 16), SB_LANE_OK);
    assert_int_equal(read_forged(CAPACITY - 16, 9, 64), SB_LANE_BAD_RECORD);
    assert_int_equal(read_forged(0, SB_LANE_WRAP, CAPACITY), SB_LANE_BAD_RECORD);
    assert_int_equal(read_forged(512, SB_LANE_WRAP, 504), SB_LANE_BAD_RECORD);
    assert_int_equal(read_forged(512, SB_LANE_WRAP, 512), SB_LANE_WAIT);
    assert_int_equal(read_forged(512, SB_LANE_WRAP, 520), SB_LANE_BAD_RECORD); /* length 0 there */
}

/* ---- two threads ---- */

#ifndef MESSAGES
#define MESSAGES 200000u
#endif

struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    bool is_set;
    unsigned count;
};

struct pair {
    struct lane *lane;
    struct bell data;
    struct bell space;
    uint32_t pause; /* the reader takes a break after so many, 0: never */
    uint32_t batch; /* messages before each publish */
};

static void ring(struct bell *bell)
{
    pthread_mutex_lock(&bell->lock);
    bell->is_set = true;
    bell->count++;
    pthread_cond_signal(&bell->rung);
    pthread_mutex_unlock(&bell->lock);
}

static void wait_for(struct bell *bell)
{
    pthread_mutex_lock(&bell->lock);
    while (!bell->is_set)
        pthread_cond_wait(&bell->rung, &bell->lock);
    bell->is_set = false;
    pthread_mutex_unlock(&bell->lock);
}

static uint32_t stress_length(uint32_t number)
{
    uint32_t mixed = number * 2654435761u;

    return (mixed >> 8) % 16 == 0 ? 1 + (mixed >> 12) % MAXIMUM : 1 + (mixed >> 12) % 40;
}

static void *write_all(void *context)
{
    struct pair *pair = context;
    struct sb_lane_writer *writer = &pair->lane->writer;
    uint32_t number = 0;

    while (number < MESSAGES) {
        if (write_message(writer, stress_length(number), number) == SB_LANE_OK) {
            if (++number % pair->batch == 0 && sb_lane_publish(writer))
                ring(&pair->data);
            continue;
        }
        if (sb_lane_publish(writer))
            ring(&pair->data);
        if (sb_lane_writer_may_sleep(writer))
            wait_for(&pair->space);
        sb_lane_writer_woke(writer);
    }
    if (sb_lane_publish(writer))
        ring(&pair->data);
    return NULL;
}

static void read_all(struct pair *pair)
{
    struct sb_lane_reader *reader = &pair->lane->reader;
    struct sb_lane_message message;
    uint32_t number = 0;

    while (number < MESSAGES) {
        enum sb_lane_result result = sb_lane_peek(reader, &message);

        if (result == SB_LANE_OK) {
            check_message(&message, stress_length(number), number);
            sb_lane_take(reader, &message);
            number++;
            if (sb_lane_release_is_due(reader) && sb_lane_release(reader))
                ring(&pair->space);
            continue;
        }
        assert_int_equal(result, SB_LANE_WAIT);
        if (sb_lane_release(reader))
            ring(&pair->space);
        if (sb_lane_reader_may_sleep(reader))
            wait_for(&pair->data);
        sb_lane_reader_woke(reader);
    }
}

static void run_pair(uint32_t batch)
{
    struct pair pair = {
        .lane = new_lane(),
        .data = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0},
        .space = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0},
        .batch = batch,
    };
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, write_all, &pair), 0);
    read_all(&pair);
    pthread_join(thread, NULL);
    print_message("batch %u: %u data doorbells, %u space doorbells\n", batch, pair.data.count,
                  pair.space.count);
    free(pair.lane);
}

static void two_threads_lose_nothing_and_wake_each_other(void **state)
{
    (void)state;
    run_pair(1);
    run_pair(16);
    run_pair(1000); /* more than fit: published when the lane is full */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_read_before_it_is_published),
        cmocka_unit_test(every_length_fits_at_every_offset),
        cmocka_unit_test(a_full_lane_waits_for_the_release),
        cmocka_unit_test(a_reservation_may_be_cut_short),
        cmocka_unit_test(a_doorbell_rings_once_and_only_for_a_sleeper),
        cmocka_unit_test(a_reader_refuses_impossible_positions),
        cmocka_unit_test(a_tail_that_goes_back_is_refused),
        cmocka_unit_test(a_writer_refuses_impossible_positions),
        cmocka_unit_test(impossible_lengths_are_refused),
        cmocka_unit_test(two_threads_lose_nothing_and_wake_each_other),
    };

    return cmocka_run_group_tests_name("lane", tests, NULL, NULL);
}
