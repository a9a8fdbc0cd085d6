/*
 * MyDevice's driver on a kernel of cardboard: the scenario's answers, to the byte, and a start that
 * leaves nothing behind whatever fails in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <mydevice/contract.h>

#include "fake_kernel.h"

static const struct mydevice_request sample = {2, 0x401234, 1024, 100, 2566};

static int start(void **state)
{
    (void)state;
    fake_reset();
    if (fake_start() != FAKE_STATUS_SUCCESS)
        return -1;
    return fake_open(NULL, false).status == FAKE_STATUS_SUCCESS ? 0 : -1;
}

static int stop(void **state)
{
    struct fake_holdings held;

    (void)state;
    fake_simple(FAKE_CLEANUP);
    fake_simple(FAKE_CLOSE);
    fake_unload();
    held = fake_holdings();
    return held.devices | held.links | held.handles | held.blocks | held.mistakes;
}

static void assert_result(struct fake_result result, uint32_t status, uint64_t information)
{
    assert_int_equal(result.status, status);
    assert_int_equal(result.returned, status);
    assert_int_equal(result.information, information);
    assert_int_equal(result.completions, 1);
}

static void the_right_request_is_answered_and_logged(void **state)
{
    unsigned char reply[20];

    (void)state;
    memset(reply, 0xEE, sizeof(reply));
    assert_result(fake_control(MYDEVICE_HELLO, &sample, 20, reply, 20, 0), FAKE_STATUS_SUCCESS, 14);
    assert_memory_equal(reply, "hello lyshark\0\xEE\xEE\xEE\xEE\xEE\xEE", 20);
    assert_string_equal(fake_log(), "读取文件标志: 2\n"
                                    "读取写入地址: 401234\n"
                                    "读取缓冲区大小: 1024\n"
                                    "读取当前大小: 100\n"
                                    "要操作进程PID: 2566\n");
    assert_int_equal(fake_log_component(), 77); /* DPFLTR_IHVDRIVER_ID */
    assert_int_equal(fake_log_level(), 3);      /* DPFLTR_INFO_LEVEL */
}

static void the_contract_says_its_version(void **state)
{
    const struct sb_contract_version expected = {1, MYDEVICE_CONTRACT_VERSION};
    struct sb_contract_version version = {0, 0};

    (void)state;
    assert_result(fake_control(SB_QUERY_CONTRACT, NULL, 0, &version, sizeof(version), 0),
                  FAKE_STATUS_SUCCESS, sizeof(version));
    assert_memory_equal(&version, &expected, sizeof(version));
    assert_result(fake_control(SB_QUERY_CONTRACT, NULL, 0, NULL, 7, 0),
                  FAKE_STATUS_BUFFER_TOO_SMALL, 0);
    assert_result(fake_control(SB_QUERY_CONTRACT, &sample, 1, &version, sizeof(version), 0),
                  FAKE_STATUS_INFO_LENGTH_MISMATCH, 0);
}

static void fields_are_unsigned_to_the_last_bit(void **state)
{
    const struct mydevice_request full = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX,
                                          UINT32_MAX};

    (void)state;
    assert_result(fake_control(MYDEVICE_HELLO, &full, 20, NULL, 14, 0), FAKE_STATUS_SUCCESS, 14);
    assert_string_equal(fake_log(), "读取文件标志: 4294967295\n"
                                    "读取写入地址: ffffffff\n"
                                    "读取缓冲区大小: 4294967295\n"
                                    "读取当前大小: 4294967295\n"
                                    "要操作进程PID: 4294967295\n");
}

static void every_pair_of_lengths_gets_the_answer_of_the_table(void **state)
{
    unsigned char request[65] = {0};
    unsigned char reply[65];
    uint32_t input;
    uint32_t output;

    (void)state;
    memcpy(request, &sample, sizeof(sample));
    for (input = 0; input <= 64; input++)
        for (output = 0; output <= 64; output++) {
            struct fake_result result =
                fake_control(MYDEVICE_HELLO, request, input, reply, output, 0);

            if (input != 20)
                assert_result(result, FAKE_STATUS_INFO_LENGTH_MISMATCH, 0);
            else if (output == 0)
                assert_result(result, FAKE_STATUS_BUFFER_TOO_SMALL, 0);
            else if (output < 14)
                assert_result(result, FAKE_STATUS_BUFFER_OVERFLOW, output);
            else
                assert_result(result, FAKE_STATUS_SUCCESS, 14);
            assert_memory_equal(reply, "hello lyshark", result.information);
        }
}

static void short_input_is_refused_and_nothing_is_logged(void **state)
{
    (void)state;
    assert_result(fake_control(MYDEVICE_HELLO, &sample, 19, NULL, 14, 0),
                  FAKE_STATUS_INFO_LENGTH_MISMATCH, 0);
    assert_string_equal(fake_log(), "");
}

static void other_codes_methods_and_accesses_are_unknown(void **state)
{
    uint32_t low;

    (void)state;
    for (low = 1; low < 4; low++)
        assert_result(fake_control(MYDEVICE_HELLO | low, &sample, 20, NULL, 14, 0),
                      FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
    for (low = 1; low < 4; low++)
        assert_result(fake_control(MYDEVICE_HELLO | low << 14, &sample, 20, NULL, 14, 5),
                      FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
    assert_result(fake_control(MYDEVICE_HELLO + 4, &sample, 20, NULL, 14, 0),
                  FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
    assert_result(fake_control(0, NULL, 0, NULL, 0, 0), FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
    assert_result(fake_control(UINT32_MAX, NULL, 0, NULL, 0, 0), FAKE_STATUS_INVALID_DEVICE_REQUEST,
                  0);
}

static void read_and_write_are_refused(void **state)
{
    (void)state;
    assert_result(fake_simple(FAKE_READ), FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
    assert_result(fake_simple(FAKE_WRITE), FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
}

static void the_device_opens_under_its_own_name_only(void **state)
{
    (void)state;
    assert_result(fake_open(NULL, false), FAKE_STATUS_SUCCESS, 0);
    assert_result(fake_simple(FAKE_CLEANUP), FAKE_STATUS_SUCCESS, 0);
    assert_result(fake_simple(FAKE_CLOSE), FAKE_STATUS_SUCCESS, 0);
    assert_result(fake_open("\\anything", false), FAKE_STATUS_OBJECT_NAME_NOT_FOUND, 0);
    assert_result(fake_open("\\", false), FAKE_STATUS_OBJECT_NAME_NOT_FOUND, 0);
    assert_result(fake_open("x", true), FAKE_STATUS_OBJECT_NAME_NOT_FOUND, 0);
}

static void an_open_relative_to_another_is_refused_on_an_exclusive_device(void **state)
{
    (void)state;
    assert_result(fake_open(NULL, true), FAKE_STATUS_ACCESS_DENIED, 0);
}

/* Wine delivers a refused open all the same, with calls and a CLOSE. */
static void an_open_that_was_refused_cannot_call(void **state)
{
    unsigned char reply[20];

    (void)state;
    assert_result(fake_open("\\anything", false), FAKE_STATUS_OBJECT_NAME_NOT_FOUND, 0);
    assert_result(fake_control(MYDEVICE_HELLO, &sample, 20, reply, 20, 0),
                  FAKE_STATUS_INVALID_DEVICE_REQUEST, 0);
    assert_result(fake_simple(FAKE_CLOSE), FAKE_STATUS_SUCCESS, 0);
}

static void the_device_is_exclusive_buffered_and_for_administrators(void **state)
{
    (void)state;
    assert_true(fake_device_exclusive());
    assert_int_equal(fake_device_flags() & 0x04, 0x04);             /* DO_BUFFERED_IO */
    assert_int_equal(fake_device_characteristics() & 0x100, 0x100); /* FILE_DEVICE_SECURE_OPEN */
    assert_int_equal(fake_dacl_count(), 2);
    assert_int_equal(fake_granted(5, 18, 0), 0x1F01FF);   /* SYSTEM, FILE_ALL_ACCESS */
    assert_int_equal(fake_granted(5, 32, 544), 0x1F01FF); /* administrators */
}

static void a_start_that_fails_anywhere_leaves_nothing(void **state)
{
    unsigned calls;
    unsigned failing;

    (void)state;
    fake_reset();
    assert_int_equal(fake_start(), FAKE_STATUS_SUCCESS);
    calls = fake_call_count();
    assert_true(calls > 8);
    for (failing = 1; failing <= calls; failing++) {
        struct fake_holdings held;

        fake_reset();
        fake_fail_call(failing);
        assert_int_equal(fake_start() >> 30, 3);
        held = fake_holdings();
        assert_int_equal(held.devices, 0);
        assert_int_equal(held.links, 0);
        assert_int_equal(held.handles, 0);
        assert_int_equal(held.blocks, 0);
    }
    fake_reset();
    assert_int_equal(fake_start(), FAKE_STATUS_SUCCESS);
}

#define driver_test(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        driver_test(the_right_request_is_answered_and_logged),
        driver_test(the_contract_says_its_version),
        driver_test(fields_are_unsigned_to_the_last_bit),
        driver_test(every_pair_of_lengths_gets_the_answer_of_the_table),
        driver_test(short_input_is_refused_and_nothing_is_logged),
        driver_test(other_codes_methods_and_accesses_are_unknown),
        driver_test(read_and_write_are_refused),
        driver_test(the_device_opens_under_its_own_name_only),
        driver_test(an_open_relative_to_another_is_refused_on_an_exclusive_device),
        driver_test(an_open_that_was_refused_cannot_call),
        driver_test(the_device_is_exclusive_buffered_and_for_administrators),
        driver_test(a_start_that_fails_anywhere_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
