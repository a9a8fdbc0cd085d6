/* Pool quota of application processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "drivers/quota/contract.h"
#include "loaded_driver.h"

#define STATUS_QUOTA_EXCEEDED 0xC0000044
#define CRITICAL_PROCESS_DIED 0xEF

static struct text log_text;

static struct sb_machine *start(const char *driver)
{
    struct sb_machine_options options = {.log = keep_log, .log_context = &log_text};
    struct sb_machine *machine;

    forget_log(&log_text);
    sb_host_claim_faults();
    assert_int_equal(0, sb_machine_create(&options, &machine));
    load_driver(machine, driver, &log_text);
    return machine;
}

static struct sb_process *limited_process(struct sb_machine *machine, sb_handle *file)
{
    struct sb_process_options options = {.nonpaged_quota = QUOTA_LIMIT, .paged_quota = QUOTA_LIMIT};
    struct sb_process *process;

    assert_int_equal(0, sb_process_create(machine, &options, &process));
    assert_int_equal(0, sb_process_open(process, "\\\\.\\SbQuota", NULL, file));
    return process;
}

static sb_status ask(struct sb_process *process, sb_handle file, uint32_t code, void *input,
                     uint32_t length)
{
    struct sb_io_status io;

    return sb_process_ioctl(process, file, 0, &io, code, input, length, NULL, 0);
}

static void check(const char *driver)
{
    struct sb_machine *machine = start(driver);
    sb_handle file;
    struct sb_process *process = limited_process(machine, &file);
    sb_status status = ask(process, file, IOCTL_CHECK, NULL, 0);

    if (status)
        print_message("%s", log_text.bytes);
    assert_int_equal(0, status);
    assert_non_null(strstr(log_text.bytes, " 0 failed"));
    sb_process_destroy(process);
    sb_machine_destroy(machine);
}

static void the_process_pays_by_gcc(void **state)
{
    (void)state;
    check(SYSBUF_TEST_DRIVERS "/quota-gcc.sys");
}

static void the_process_pays_by_clang(void **state)
{
    (void)state;
    check(SYSBUF_TEST_DRIVERS "/quota-clang.sys");
}

/* The system buffer of a request is the caller's too. */
static void a_request_beyond_the_quota_is_refused(void **state)
{
    struct sb_machine *machine = start(SYSBUF_TEST_DRIVERS "/quota-gcc.sys");
    sb_handle file;
    struct sb_process *process = limited_process(machine, &file);
    uint8_t *input = sb_process_allocate(process, 2 * QUOTA_LIMIT, false);

    (void)state;
    assert_int_equal(0, ask(process, file, IOCTL_KEEP, input, QUOTA_LIMIT));
    assert_int_equal(0, ask(process, file, IOCTL_RELEASE, input, QUOTA_LIMIT));
    assert_int_equal((sb_status)STATUS_QUOTA_EXCEEDED,
                     ask(process, file, IOCTL_KEEP, input, QUOTA_LIMIT + 1));
    assert_int_equal(0, ask(process, file, IOCTL_KEEP, input, QUOTA_LIMIT));
    sb_process_destroy(process);
    sb_machine_destroy(machine);
}

/* A block may outlive the process that pays for it. */
static void a_block_is_freed_after_its_process(void **state)
{
    struct sb_machine *machine = start(SYSBUF_TEST_DRIVERS "/quota-gcc.sys");
    sb_handle file;
    struct sb_process *process = limited_process(machine, &file);

    (void)state;
    assert_int_equal(0, ask(process, file, IOCTL_KEEP, NULL, 0));
    sb_process_destroy(process);
    process = limited_process(machine, &file);
    assert_int_equal(0, ask(process, file, IOCTL_RELEASE, NULL, 0));
    assert_int_equal(0, ask(process, file, IOCTL_CHECK, NULL, 0));
    sb_process_destroy(process);
    sb_machine_destroy(machine);
}

static void the_end_of_a_critical_process_stops_the_machine(void **state)
{
    struct sb_machine *machine = start(SYSBUF_TEST_DRIVERS "/quota-gcc.sys");
    struct sb_bug_check stop;
    sb_handle file;
    struct sb_process *process = limited_process(machine, &file);

    (void)state;
    assert_int_equal(0, ask(process, file, IOCTL_DIE, NULL, 0));
    assert_false(sb_machine_bug_check(machine, &stop));
    sb_process_destroy(process);
    assert_true(sb_machine_bug_check(machine, &stop));
    assert_int_equal(CRITICAL_PROCESS_DIED, stop.code);
    sb_machine_destroy(machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_process_pays_by_gcc),
        cmocka_unit_test(the_process_pays_by_clang),
        cmocka_unit_test(a_request_beyond_the_quota_is_refused),
        cmocka_unit_test(a_block_is_freed_after_its_process),
        cmocka_unit_test(the_end_of_a_critical_process_stops_the_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
