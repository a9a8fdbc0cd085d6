/*
 * The client library on the host: the calls and errors that an application sees, against the
 * shipped driver and one whose calls stay under way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <pthread.h>
#include <cmocka.h>

#include <mydevice/contract.h>
#include <pend/contract.h>
#include <sysbuf/client.h>
#include <sysbuf/host.h>

static const struct mydevice_request sample = {2, 0x401234, 1024, 100, 2566};

static struct sb_client *open_device(const char *path)
{
    struct sb_client *client = NULL;

    assert_int_equal(sb_host_claim_faults(), 0);
    assert_int_equal(sb_open(path, &client), SB_OK);
    return client;
}

static int start_services(void **state)
{
    (void)state;
    return sb_service_install("MyDevice", MYDEVICE_SYS) != SB_OK ||
           sb_service_install("SbPend", PEND_SYS) != SB_OK ||
           sb_service_start("MyDevice") != SB_OK || sb_service_start("SbPend") != SB_OK;
}

static int end_services(void **state)
{
    (void)state;
    return sb_service_uninstall("MyDevice") != SB_OK || sb_service_uninstall("SbPend") != SB_OK;
}

static void services_say_what_is_wrong(void **state)
{
    enum sb_service_state service_state = SB_SERVICE_CHANGING;

    (void)state;
    assert_int_equal(sb_service_install("MyDevice", MYDEVICE_SYS), SB_ERROR_ALREADY_INSTALLED);
    assert_int_equal(sb_service_install("Other", "/no/such.sys"), SB_ERROR_FILE_NOT_FOUND);
    assert_int_equal(sb_service_install("Other", THIS_SOURCE), SB_ERROR_BAD_IMAGE);
    assert_int_equal(sb_service_install("Other", NULL), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_service_install("", MYDEVICE_SYS), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_service_status("Other", &service_state), SB_ERROR_NOT_INSTALLED);
    assert_int_equal(service_state, SB_SERVICE_CHANGING);
    assert_int_equal(sb_service_start("Other"), SB_ERROR_NOT_INSTALLED);
    assert_int_equal(sb_service_start("MyDevice"), SB_ERROR_ALREADY_RUNNING);
    assert_int_equal(sb_service_status("MyDevice", &service_state), SB_OK);
    assert_int_equal(service_state, SB_SERVICE_RUNNING);
    assert_int_equal(sb_service_uninstall("Other"), SB_ERROR_NOT_INSTALLED);
}

static void a_stopped_driver_has_no_device(void **state)
{
    struct sb_client *client = NULL;

    (void)state;
    assert_int_equal(sb_service_stop("MyDevice"), SB_OK);
    assert_int_equal(sb_service_stop("MyDevice"), SB_ERROR_NOT_RUNNING);
    assert_int_equal(sb_open(MYDEVICE_PATH, &client), SB_ERROR_NOT_FOUND);
    assert_null(client);
    assert_int_equal(sb_service_start("MyDevice"), SB_OK);
}

static void a_driver_that_is_open_does_not_stop(void **state)
{
    struct sb_client *client = open_device(MYDEVICE_PATH);

    (void)state;
    assert_int_equal(sb_service_stop("MyDevice"), SB_ERROR_STOP_FAILED);
    sb_close(client);
    assert_int_equal(sb_service_stop("MyDevice"), SB_OK);
    assert_int_equal(sb_service_start("MyDevice"), SB_OK);
}

static void an_exclusive_device_that_is_open_is_busy(void **state)
{
    struct sb_client *client = open_device(MYDEVICE_PATH);
    struct sb_client *second = NULL;

    (void)state;
    assert_int_equal(sb_open(MYDEVICE_PATH, &second), SB_ERROR_BUSY);
    assert_null(second);
    sb_close(client);
}

static void wrong_arguments_are_refused(void **state)
{
    struct sb_client *client = open_device(MYDEVICE_PATH);
    struct sb_client *other = NULL;
    char reply[20];

    (void)state;
    assert_int_equal(sb_open("MyDevice", &other), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_open("/dev/null", &other), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_open("", &other), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_open(NULL, &other), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_open(MYDEVICE_PATH, NULL), SB_ERROR_ARGUMENT);
    assert_int_equal(sb_call(NULL, MYDEVICE_HELLO, &sample, 20, reply, 20, NULL, SB_FOREVER),
                     SB_ERROR_ARGUMENT);
    assert_int_equal(sb_call(client, MYDEVICE_HELLO, NULL, 20, reply, 20, NULL, SB_FOREVER),
                     SB_ERROR_ARGUMENT);
    assert_int_equal(sb_call(client, MYDEVICE_HELLO, &sample, 20, NULL, 20, NULL, SB_FOREVER),
                     SB_ERROR_ARGUMENT);
    sb_close(client);
    sb_close(NULL);
}

/* Calls MyDevice; the outputs' bytes beyond the reply must stay. */
static enum sb_error hello(struct sb_client *client, size_t input_length, size_t capacity,
                           unsigned char *reply, size_t *length)
{
    memset(reply, 0xEE, 20);
    *length = 777;
    return sb_call(client, MYDEVICE_HELLO, &sample, input_length, reply, capacity, length, 5000);
}

static void every_answer_has_its_error(void **state)
{
    struct sb_client *client = open_device(MYDEVICE_PATH);
    unsigned char untouched[20];
    unsigned char reply[20];
    uint32_t version = 0;
    size_t length;

    (void)state;
    memset(untouched, 0xEE, sizeof(untouched));
    assert_int_equal(hello(client, 20, 20, reply, &length), SB_OK);
    assert_int_equal(length, 14);
    assert_memory_equal(reply, "hello lyshark\0\xEE\xEE\xEE\xEE\xEE\xEE", 20);
    assert_int_equal(hello(client, 20, 4, reply, &length), SB_ERROR_TRUNCATED);
    assert_int_equal(length, 4);
    assert_memory_equal(reply, "hell\xEE\xEE", 6);
    assert_int_equal(hello(client, 20, 0, reply, &length), SB_ERROR_REPLY_TOO_SMALL);
    assert_int_equal(hello(client, 19, 20, reply, &length), SB_ERROR_BAD_LENGTH);
    assert_int_equal(length, 777);
    assert_memory_equal(reply, untouched, 20);
    assert_int_equal(sb_call(client, MYDEVICE_HELLO + 4, &sample, 20, reply, 20, &length, 0),
                     SB_ERROR_UNKNOWN_COMMAND);
    assert_int_equal(sb_query_contract(client, &version), SB_OK);
    assert_int_equal(version, MYDEVICE_CONTRACT_VERSION);
    assert_int_equal(sb_query_contract(client, NULL), SB_ERROR_ARGUMENT);
    sb_close(client);
}

static void a_call_that_takes_too_long_is_cancelled(void **state)
{
    struct sb_client *client = open_device(PEND_PATH);
    struct pend_counts counts;
    unsigned char reply[4] = {1, 2, 3, 4};
    size_t length = 777;

    (void)state;
    assert_int_equal(sb_call(client, PEND_WAIT, NULL, 0, reply, 4, &length, 20), SB_ERROR_TIMEOUT);
    assert_int_equal(sb_call(client, PEND_WAIT, NULL, 0, reply, 4, &length, 0), SB_ERROR_TIMEOUT);
    assert_int_equal(length, 777);
    assert_memory_equal(reply, "\1\2\3\4", 4);
    assert_int_equal(sb_call(client, PEND_COUNTS, NULL, 0, &counts, sizeof(counts), NULL, 1000),
                     SB_OK);
    assert_int_equal(counts.waiting, 0);
    assert_true(counts.cancelled >= 2);
    sb_close(client);
}

static void an_answer_that_comes_with_the_cancellation_counts(void **state)
{
    struct sb_client *client = open_device(PEND_PATH);
    unsigned char reply[4] = {0};
    size_t length = 777;

    (void)state;
    assert_int_equal(sb_call(client, PEND_WAIT_STUBBORN, NULL, 0, reply, 4, &length, 20), SB_OK);
    assert_int_equal(length, 4);
    assert_memory_equal(reply, "\x77\x77\x77\x77", 4);
    sb_close(client);
}

/* The driver answers long after the call has been given up: into memory that is not the caller's.
 */
static void a_driver_that_ignores_the_cancellation_is_left_behind(void **state)
{
    const struct timespec later = {PEND_DEAF_TIME / 1000, 0};
    struct sb_client *client = open_device(PEND_PATH);
    unsigned char reply[4] = {1, 2, 3, 4};

    (void)state;
    assert_int_equal(sb_call(client, PEND_DEAF, NULL, 0, reply, 4, NULL, 20), SB_ERROR_TIMEOUT);
    nanosleep(&later, NULL);
    assert_memory_equal(reply, "\1\2\3\4", 4);
    sb_close(client);
}

static void *wait_for_ever(void *client)
{
    return (void *)(uintptr_t)sb_call(client, PEND_WAIT, NULL, 0, NULL, 0, NULL, SB_FOREVER);
}

static void closing_ends_the_calls_of_other_threads(void **state)
{
    const struct timespec moment = {0, 20000000};
    struct sb_client *client = open_device(PEND_PATH);
    pthread_t threads[4];
    void *error;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_ever, client), 0);
    nanosleep(&moment, NULL);
    sb_close(client);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &error), 0);
        assert_int_equal((uintptr_t)error, SB_ERROR_CLOSED);
    }
}

/* The first half of closing: who was calling learns of it, who calls later too, and the client is
   there to be asked. */
static void calls_end_before_a_client_is_closed(void **state)
{
    const struct timespec moment = {0, 20000000};
    struct sb_client *client = open_device(PEND_PATH);
    uint32_t version;
    pthread_t thread;
    void *error;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, wait_for_ever, client), 0);
    nanosleep(&moment, NULL);
    sb_end_calls(client);
    assert_int_equal(pthread_join(thread, &error), 0);
    assert_int_equal((uintptr_t)error, SB_ERROR_CLOSED);
    assert_int_equal((uintptr_t)wait_for_ever(client), SB_ERROR_CLOSED);
    assert_int_equal(sb_query_contract(client, &version), SB_ERROR_CLOSED);
    sb_end_calls(client);
    sb_end_calls(NULL);
    sb_close(client);
}

static void *call_often(void *client)
{
    struct pend_counts counts;
    uintptr_t wrong = 0;

    for (int i = 0; i < 2000; i++)
        wrong +=
            sb_call(client, PEND_COUNTS, NULL, 0, &counts, sizeof(counts), NULL, 5000) != SB_OK;
    return (void *)wrong;
}

static void many_threads_share_a_client(void **state)
{
    struct sb_client *client = open_device(PEND_PATH);
    pthread_t threads[8];
    void *wrong;

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, client), 0);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    sb_close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_say_what_is_wrong),
        cmocka_unit_test(a_stopped_driver_has_no_device),
        cmocka_unit_test(a_driver_that_is_open_does_not_stop),
        cmocka_unit_test(an_exclusive_device_that_is_open_is_busy),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(every_answer_has_its_error),
        cmocka_unit_test(a_call_that_takes_too_long_is_cancelled),
        cmocka_unit_test(an_answer_that_comes_with_the_cancellation_counts),
        cmocka_unit_test(a_driver_that_ignores_the_cancellation_is_left_behind),
        cmocka_unit_test(closing_ends_the_calls_of_other_threads),
        cmocka_unit_test(calls_end_before_a_client_is_closed),
        cmocka_unit_test(many_threads_share_a_client),
    };

    return cmocka_run_group_tests(tests, start_services, end_services);
}
