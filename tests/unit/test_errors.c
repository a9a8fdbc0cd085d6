#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <sysbuf/client.h>

static const enum sb_error every_error[] = {
    SB_OK,
    SB_ERROR_ARGUMENT,
    SB_ERROR_NO_MEMORY,
    SB_ERROR_NOT_FOUND,
    SB_ERROR_BUSY,
    SB_ERROR_ACCESS_DENIED,
    SB_ERROR_TIMEOUT,
    SB_ERROR_TRUNCATED,
    SB_ERROR_BAD_LENGTH,
    SB_ERROR_REPLY_TOO_SMALL,
    SB_ERROR_UNKNOWN_COMMAND,
    SB_ERROR_CLOSED,
    SB_ERROR_STATE,
    SB_ERROR_TOO_LATE,
    SB_ERROR_VERSION,
    SB_ERROR_NOT_RUN,
    SB_ERROR_NOT_INSTALLED,
    SB_ERROR_ALREADY_INSTALLED,
    SB_ERROR_ALREADY_RUNNING,
    SB_ERROR_NOT_RUNNING,
    SB_ERROR_FILE_NOT_FOUND,
    SB_ERROR_BAD_IMAGE,
    SB_ERROR_SIGNATURE,
    SB_ERROR_START_FAILED,
    SB_ERROR_STOP_FAILED,
    SB_ERROR_DELETE_PENDING,
    SB_ERROR_RING_VERSION,
    SB_ERROR_RING_SIZES,
    SB_ERROR_RING_LIMIT,
    SB_ERROR_RING_OPEN,
    SB_ERROR_RING_COUNT,
    SB_ERROR_RING_FULL,
    SB_ERROR_RING_EMPTY,
    SB_ERROR_RING_BROKEN,
    SB_ERROR_PROTOCOL,
    SB_ERROR_DISCONNECTED,
    SB_ERROR_SECRET,
};

#define ERROR_COUNT (sizeof(every_error) / sizeof(every_error[0]))

static void success_is_zero(void **state)
{
    (void)state;
    assert_int_equal(SB_OK, 0);
}

static void each_error_has_a_sentence_of_its_own(void **state)
{
    size_t one;
    size_t other;

    (void)state;
    for (one = 0; one < ERROR_COUNT; one++) {
        const char *text = sb_error_text(every_error[one]);

        assert_string_not_equal(text, sb_error_text(SB_ERROR_SYSTEM));
        assert_int_equal(text[strlen(text) - 1], '.');
        for (other = 0; other < one; other++)
            assert_string_not_equal(text, sb_error_text(every_error[other]));
    }
}

static void unknown_numbers_have_a_sentence_too(void **state)
{
    (void)state;
    assert_string_equal(sb_error_text((enum sb_error)12345), sb_error_text(SB_ERROR_SYSTEM));
    assert_string_equal(sb_error_text((enum sb_error) - 1), sb_error_text(SB_ERROR_SYSTEM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_is_zero),
        cmocka_unit_test(each_error_has_a_sentence_of_its_own),
        cmocka_unit_test(unknown_numbers_have_a_sentence_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
