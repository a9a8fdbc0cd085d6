/* Requests and handles: what the driver sees, what its caller gets. */
#include <stdlib.h>
#include <uchar.h>

#include "requests_calls.h"

static const char *driver_path = SYSBUF_TEST_DRIVERS "/requests-gcc.sys";

static int start(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof(fixture));
    struct sb_machine_options options = {.log = keep_log, .log_context = &fixture.log};
    assert_int_equal(sb_machine_create(&options, &fixture.machine), 0);
    fixture.driver = load_driver(fixture.machine, driver_path, &fixture.log);
    assert_int_equal(sb_process_create(fixture.machine, NULL, &fixture.process), 0);
    fixture.buffer = sb_process_allocate(fixture.process, 8192, false);
    assert_non_null(fixture.buffer);
    *state = &fixture;
    return 0;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;
    sb_process_destroy(fixture->process);
    sb_machine_destroy(fixture->machine);
    return 0;
}

static void exit_cancels_what_pends(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle watcher = open_as(fixture, "\\\\.\\ReqBuffered", false);
    struct sb_process *other;
    struct sb_io_status overlapped = {.status = 0x77};
    struct sb_open_options options = {.is_overlapped = true};
    struct counts counts;
    pthread_t thread;
    sb_handle file;
    assert_int_equal(sb_process_create(fixture->machine, NULL, &other), 0);
    struct blocked blocked = {fixture, other, 0, QUEUE, 0};
    assert_int_equal(sb_process_open(other, "\\\\.\\ReqBuffered", NULL, &blocked.file), 0);
    assert_int_equal(sb_process_open(other, "\\\\.\\ReqBuffered", &options, &file), 0);
    assert_int_equal(
        sb_process_ioctl(other, file, 0, &overlapped, code_of(HOLD, BUFFERED), NULL, 0, NULL, 0),
        SB_STATUS_PENDING);
    pthread_create(&thread, NULL, block, &blocked);
    usleep(50000);
    sb_process_destroy(other);
    pthread_join(thread, NULL);
    assert_int_equal(overlapped.status, STATUS_CANCELLED);
    assert_true(blocked.status == STATUS_THREAD_IS_TERMINATING ||
                blocked.status == STATUS_CANCELLED);
    counts_of(fixture, watcher, &counts);
    assert_int_equal(counts.cancelled, 2);
    assert_int_equal(counts.cleanups, 2);
    assert_int_equal(counts.closes, 2);
}

static void exit_reports_what_hangs(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_process *other;
    struct sb_io_status stuck = {.status = 0x77}, result;
    struct sb_open_options options = {.is_overlapped = true};
    sb_handle file, watcher = open_as(fixture, "\\\\.\\ReqBuffered", false);
    assert_int_equal(sb_process_create(fixture->machine, NULL, &other), 0);
    assert_int_equal(sb_process_open(other, "\\\\.\\ReqBuffered", &options, &file), 0);
    assert_int_equal(
        sb_process_ioctl(other, file, 0, &stuck, code_of(STICK, BUFFERED), NULL, 0, NULL, 0),
        SB_STATUS_PENDING);
    sb_process_destroy(other);
    assert_non_null(strstr(fixture->log.bytes, "it hangs in \\Driver\\requests"));
    assert_int_equal(sb_process_ioctl(fixture->process, watcher, 0, &result,
                                      code_of(FINISH, BUFFERED), NULL, 0, NULL, 0),
                     0);
    assert_int_equal(stuck.status, 0x77); /* nobody is told any more */
}

static void shutdown_reaches_who_registered(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqLower", false);
    struct counts counts;
    assert_int_equal(sb_machine_shutdown(fixture->machine), 0);
    counts_of(fixture, file, &counts);
    assert_int_equal(counts.shutdowns, 1);
}

static void the_driver_finds_its_own_requests_right(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    struct sb_io_status result;
    uint64_t blocks[2] = {0}, bytes[2] = {0};
    /* Two runs in a row without growth; a worker thread may start once in between. */
    for (int i = 0; i < 6 && (i < 2 || blocks[0] != blocks[1] || bytes[0] != bytes[1]); i++) {
        assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result,
                                          code_of(INSIDE, BUFFERED), NULL, 0, fixture->buffer, 4),
                         0);
        if (*(uint32_t *)fixture->buffer)
            print_message("%s", fixture->log.bytes);
        assert_int_equal(*(uint32_t *)fixture->buffer, 0);
        blocks[0] = blocks[1];
        bytes[0] = bytes[1];
        sb_machine_pool_usage(fixture->machine, &blocks[1], &bytes[1]);
    }
    assert_int_equal(blocks[0], blocks[1]);
    assert_int_equal(bytes[0], bytes[1]);
}

static void copy_file(const char *from, const char *to)
{
    char buffer[4096];
    size_t count;
    FILE *source = fopen(from, "rb"), *target = fopen(to, "wb");
    assert_true(source && target);
    while ((count = fread(buffer, 1, sizeof(buffer), source)) > 0)
        assert_int_equal(fwrite(buffer, 1, count, target), count);
    fclose(source);
    fclose(target);
}

static sb_status service_call(struct fixture *fixture, sb_handle file, int function,
                              const char16_t *service)
{
    static const char16_t prefix[] = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";
    struct sb_io_status result;
    uint32_t length = sizeof(prefix) - 2, count = 0;
    while (service[count])
        count++;
    memcpy(fixture->buffer, prefix, length);
    memcpy(fixture->buffer + length, service, count * 2);
    return sb_process_ioctl(fixture->process, file, 0, &result, code_of(function, BUFFERED),
                            fixture->buffer, length + count * 2, NULL, 0);
}

/* Unloading goes on in the background; until then every further request of it succeeds. */
static void wait_until_gone(struct fixture *fixture, sb_handle file, const char16_t *service)
{
    sb_status status = 0;
    for (int turn = 0; turn < 1000 && status == 0; turn++) {
        usleep(5000);
        status = service_call(fixture, file, UNLOAD, service);
    }
    assert_int_equal(status, STATUS_OBJECT_NAME_NOT_FOUND);
}

static void drivers_load_drivers_from_the_folder(void **state)
{
    struct fixture *fixture = claim_state(state);
    char folder[] = "/tmp/sysbuf-requests-XXXXXX", path[256];
    static const char16_t image[] = u"\\??\\C:\\other.sys";
    struct sb_machine *machine;
    struct fixture own = {0};
    sb_handle file, plain, refused;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/other.sys", folder);
    copy_file(SYSBUF_TEST_DRIVERS "/plain-gcc.sys", path);
    struct sb_machine_options options = {
        .log = keep_log, .log_context = fixture, .root_directory = folder};
    assert_int_equal(sb_machine_create(&options, &machine), 0);
    assert_int_equal(sb_machine_load_driver_file(machine, driver_path, &own.driver, NULL, 0), 0);
    assert_int_equal(sb_process_create(machine, NULL, &own.process), 0);
    own.buffer = sb_process_allocate(own.process, 4096, false);
    file = open_as(&own, "\\\\.\\ReqBuffered", false);
    assert_int_equal(service_call(&own, file, LOAD, u"Missing"), (sb_status)0xC000003A);
    assert_int_equal(
        sb_process_write_registry(own.process,
                                  "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\Other",
                                  "ImagePath", 1, image, sizeof(image)),
        0);
    assert_int_equal(service_call(&own, file, LOAD, u"Other"), 0);
    assert_int_equal(service_call(&own, file, LOAD, u"Other"), (sb_status)0xC000010E);
    plain = open_as(&own, "\\\\.\\Plain", false);
    /* In use it goes when the last file is closed; nobody can open it meanwhile. */
    assert_int_equal(service_call(&own, file, UNLOAD, u"Other"), 0);
    assert_int_equal(service_call(&own, file, UNLOAD, u"Other"), 0);
    assert_int_equal(
        sb_process_open(own.process, "\\\\.\\Plain", &(struct sb_open_options){0}, &refused),
        (sb_status)0xC000000E);
    assert_int_equal(sb_process_close(own.process, plain), 0);
    wait_until_gone(&own, file, u"Other");
    assert_int_equal(service_call(&own, file, LOAD, u"Other"), 0);
    assert_int_equal(service_call(&own, file, UNLOAD, u"Other"), 0);
    assert_int_equal(service_call(&own, file, UNLOAD, u"Other"), STATUS_OBJECT_NAME_NOT_FOUND);
    sb_process_destroy(own.process);
    sb_machine_destroy(machine);
    unlink(path);
    rmdir(folder);
}

static void nothing_remains_after_unload(void **state)
{
    struct fixture *fixture = claim_state(state);
    uint64_t blocks[2], bytes[2];
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    assert_int_equal(sb_machine_unload_driver(fixture->machine, fixture->driver),
                     STATUS_DEVICE_BUSY);
    assert_int_equal(sb_process_close(fixture->process, file), 0);
    assert_int_equal(sb_machine_unload_driver(fixture->machine, fixture->driver), 0);
    sb_machine_pool_usage(fixture->machine, &blocks[0], &bytes[0]);
    for (int i = 0; i < 20; i++) {
        struct sb_driver *driver;
        assert_int_equal(
            sb_machine_load_driver_file(fixture->machine, driver_path, &driver, NULL, 0), 0);
        file = open_as(fixture, "\\\\.\\ReqLower", false);
        assert_int_equal(sb_process_close(fixture->process, file), 0);
        assert_int_equal(sb_machine_unload_driver(fixture->machine, driver), 0);
    }
    sb_machine_pool_usage(fixture->machine, &blocks[1], &bytes[1]);
    assert_int_equal(blocks[0], blocks[1]);
    assert_int_equal(bytes[0], bytes[1]);
}

#define TEST(function)      cmocka_unit_test_setup_teardown(function, start, stop)
#define TEST_ITEM(function) TEST(function),

int main(void)
{
    const struct CMUnitTest tests[] = {
        REQUESTS_CALLS(TEST_ITEM) TEST(exit_cancels_what_pends),
        TEST(exit_reports_what_hangs),
        TEST(shutdown_reaches_who_registered),
        TEST(the_driver_finds_its_own_requests_right),
        TEST(drivers_load_drivers_from_the_folder),
        TEST(nothing_remains_after_unload),
    };
    int failed = cmocka_run_group_tests_name("requests built by gcc", tests, NULL, NULL);
    driver_path = SYSBUF_TEST_DRIVERS "/requests-clang.sys";
    failed += cmocka_run_group_tests_name("requests built by clang", tests, NULL, NULL);
    return failed;
}
