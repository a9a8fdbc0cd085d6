/* Winsock Kernel: the driver checks it by itself; here, that nothing is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sysbuf/host.h>

#include "checking_driver.h"

static void show_findings(struct sb_machine *machine)
{
    struct sb_finding finding;
    char stack[2048];

    for (uint32_t i = 0; sb_machine_finding(machine, i, &finding, stack, sizeof(stack)); i++)
        print_message("%s: %s\n%s\n", finding.rule.identifier, finding.message, stack);
}

static void run(const char *path, uint32_t processors)
{
    static struct text log;
    const struct sb_machine_options options = {
        .processors = processors,
        .log = keep_log,
        .log_context = &log,
        .verify = SB_VERIFY_ALL,
    };
    struct sb_machine *machine;
    struct sb_driver *driver;
    uint64_t blocks, bytes, blocks_after;
    char error[512] = "";
    sb_status status;

    memset(&log, 0, sizeof(log));
    sb_host_claim_faults();
    assert_int_equal(0, sb_machine_create(&options, &machine));
    sb_machine_pool_usage(machine, &blocks, &bytes);
    status = sb_machine_load_driver_file(machine, path, &driver, error, sizeof(error));
    if (status != 0)
        print_message("%s%s\n", log.bytes, error);
    assert_int_equal(0, status);
    assert_non_null(strstr(log.bytes, "checks, 0 failed"));
    assert_int_equal(0, sb_machine_unload_driver(machine, driver));
    show_findings(machine);
    assert_int_equal(0, sb_machine_finding_count(machine));
    sb_machine_pool_usage(machine, &blocks_after, &bytes);
    sb_machine_destroy(machine);
    print_message("%s", log.bytes);
    /* The network and worker threads have blocks of their own; no socket, no data may be left. */
    assert_in_range(blocks_after, blocks, blocks + 16);
}

static void works_with_a_driver_of_gcc(void **state)
{
    (void)state;
    run(SYSBUF_TEST_DRIVERS "/wsk-gcc.sys", 1);
}

static void works_with_a_driver_of_clang_and_more_processors(void **state)
{
    (void)state;
    run(SYSBUF_TEST_DRIVERS "/wsk-clang.sys", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(works_with_a_driver_of_gcc),
        cmocka_unit_test(works_with_a_driver_of_clang_and_more_processors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
