/* Ex: a driver that checks it from inside, and frees that must stop the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "loaded_driver.h"

static struct text log;

static void load_and_unload(const char *path)
{
    struct sb_machine *machine;
    struct sb_driver *driver;
    uint64_t blocks[2], bytes[2];
    struct sb_machine_options options = {.log = keep_log, .log_context = &log, .processors = 2};
    forget_log(&log);
    assert_int_equal(0, sb_machine_create(&options, &machine));
    driver = load_driver(machine, path, &log);
    assert_non_null(strstr(log.bytes, " 0 failed"));
    assert_int_equal(0, sb_machine_unload_driver(machine, driver));
    sb_machine_pool_usage(machine, &blocks[0], &bytes[0]);
    driver = load_driver(machine, path, &log);
    assert_int_equal(0, sb_machine_unload_driver(machine, driver));
    sb_machine_pool_usage(machine, &blocks[1], &bytes[1]);
    if (blocks[1] > blocks[0] + 8) /* a worker or two more */
        fail_msg("%d pool blocks were left", (int)(blocks[1] - blocks[0]));
    sb_machine_destroy(machine);
}

static void a_driver_built_by_gcc_finds_ex_right(void **state)
{
    (void)state;
    load_and_unload(SYSBUF_TEST_DRIVERS "/executive-gcc.sys");
}

static void a_driver_built_by_clang_finds_ex_right(void **state)
{
    (void)state;
    load_and_unload(SYSBUF_TEST_DRIVERS "/executive-clang.sys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_built_by_gcc_finds_ex_right),
        cmocka_unit_test(a_driver_built_by_clang_finds_ex_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
