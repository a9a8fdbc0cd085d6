/* Frames of the socket channel: what is taken, what is not, and that the proofs tell sides apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <driver/socket_frame.h>

static const struct sb_socket_expectation requests = {
    .types = 1u << SB_SOCKET_REQUEST, .length_maximum = 100, .capacity_maximum = 200};

static struct sb_socket_header request(uint32_t length, uint32_t capacity)
{
    return (struct sb_socket_header){.magic = SB_SOCKET_MAGIC,
                                     .type = SB_SOCKET_REQUEST,
                                     .length = length,
                                     .sequence = 1,
                                     .code = 2,
                                     .capacity = capacity};
}

static enum sb_socket_verdict judge(const struct sb_socket_header *sent, size_t length,
                                    const struct sb_socket_expectation *expected, size_t *needed)
{
    struct sb_socket_header header;
    uint8_t bytes[256] = {0};

    memcpy(bytes, sent, sizeof(*sent));
    return sb_socket_frame(bytes, length, expected, &header, needed);
}

static void a_frame_is_short_until_its_last_byte(void **state)
{
    const struct sb_socket_header header = request(10, 0);
    size_t needed;

    (void)state;
    for (size_t length = 0; length < 32; length++) {
        assert_int_equal(SB_SOCKET_FRAME_SHORT, judge(&header, length, &requests, &needed));
        assert_int_equal(32, needed);
    }
    for (size_t length = 32; length < 42; length++) {
        assert_int_equal(SB_SOCKET_FRAME_SHORT, judge(&header, length, &requests, &needed));
        assert_int_equal(42, needed);
    }
    assert_int_equal(SB_SOCKET_FRAME_WHOLE, judge(&header, 42, &requests, &needed));
}

static void lengths_are_bounded(void **state)
{
    struct sb_socket_header header = request(100, 200);
    size_t needed;

    (void)state;
    assert_int_equal(SB_SOCKET_FRAME_WHOLE, judge(&header, 132, &requests, &needed));
    header = request(101, 200);
    assert_int_equal(SB_SOCKET_FRAME_TOO_LONG, judge(&header, 32, &requests, &needed));
    header = request(UINT32_MAX, 0);
    assert_int_equal(SB_SOCKET_FRAME_TOO_LONG, judge(&header, 32, &requests, &needed));
    header = request(0, 201);
    assert_int_equal(SB_SOCKET_FRAME_TOO_LONG, judge(&header, 32, &requests, &needed));
}

static void every_other_field_is_checked(void **state)
{
    size_t needed;

    (void)state;
    for (unsigned bit = 0; bit < 8 * sizeof(struct sb_socket_header); bit++) {
        struct sb_socket_header header = request(0, 0);
        unsigned field = bit / 32;
        enum sb_socket_verdict verdict;

        ((uint8_t *)&header)[bit / 8] ^= (uint8_t)(1 << bit % 8);
        verdict = judge(&header, 32, &requests, &needed);
        if (field == 0 || field == 1 || field == 6 ||
            field == 7) /* magic, type, status, reserved */
            assert_int_equal(SB_SOCKET_FRAME_UNKNOWN, verdict);
        else
            assert_int_not_equal(SB_SOCKET_FRAME_UNKNOWN, verdict);
    }
}

static void frames_of_the_handshake_have_one_length(void **state)
{
    static const struct {
        uint32_t type, length;
    } frames[] = {{SB_SOCKET_CHALLENGE, 40},
                  {SB_SOCKET_ANSWER, 72},
                  {SB_SOCKET_WELCOME, 48},
                  {SB_SOCKET_REFUSAL, 0}};
    size_t needed;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const struct sb_socket_expectation expected = {.types = 1u << frames[i].type,
                                                       .length_maximum = 1000};
        struct sb_socket_header header = {
            .magic = SB_SOCKET_MAGIC, .type = frames[i].type, .length = frames[i].length};

        assert_int_equal(SB_SOCKET_FRAME_WHOLE,
                         judge(&header, 32 + frames[i].length, &expected, &needed));
        header.length++;
        assert_int_equal(SB_SOCKET_FRAME_UNKNOWN, judge(&header, 256, &expected, &needed));
        header.length--;
        header.sequence = 1;
        assert_int_equal(SB_SOCKET_FRAME_UNKNOWN, judge(&header, 256, &expected, &needed));
        header.sequence = 0;
        assert_int_equal(SB_SOCKET_FRAME_UNKNOWN, judge(&header, 256, &requests, &needed));
    }
}

static void a_proof_depends_on_all_it_is_made_of(void **state)
{
    uint8_t secret[16] = "0123456789abcdef";
    uint8_t mine[32] = {1}, theirs[32] = {2};
    uint8_t proof[32], other[32];

    (void)state;
    sb_socket_prove(SB_SOCKET_CLIENT, secret, 16, 1, mine, theirs, proof);
    sb_socket_prove(SB_SOCKET_CLIENT, secret, 16, 1, mine, theirs, other);
    assert_memory_equal(proof, other, 32);
    sb_socket_prove(SB_SOCKET_DRIVER, secret, 16, 1, mine, theirs, other);
    assert_memory_not_equal(proof, other, 32);
    sb_socket_prove(SB_SOCKET_CLIENT, secret, 16, 2, mine, theirs, other);
    assert_memory_not_equal(proof, other, 32);
    sb_socket_prove(SB_SOCKET_CLIENT, secret, 16, 1, theirs, mine, other);
    assert_memory_not_equal(proof, other, 32);
    sb_socket_prove(SB_SOCKET_CLIENT, secret, 15, 1, mine, theirs, other);
    assert_memory_not_equal(proof, other, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_short_until_its_last_byte),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(every_other_field_is_checked),
        cmocka_unit_test(frames_of_the_handshake_have_one_length),
        cmocka_unit_test(a_proof_depends_on_all_it_is_made_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
