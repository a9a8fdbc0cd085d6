/* Routines of several components, by drivers that check them from inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "checking_driver.h"

static void a_driver_built_by_gcc_finds_them_right(void **state)
{
    (void)state;
    load_checking_driver(SYSBUF_TEST_DRIVERS "/services-gcc.sys", 2, " 0 failed");
}

static void a_driver_built_by_clang_finds_them_right(void **state)
{
    (void)state;
    load_checking_driver(SYSBUF_TEST_DRIVERS "/services-clang.sys", 2, " 0 failed");
}

static void other_modules_are_there_for_gcc(void **state)
{
    (void)state;
    load_checking_driver(SYSBUF_TEST_DRIVERS "/libraries-gcc.sys", 2, " 0 failed");
}

static void other_modules_are_there_for_clang(void **state)
{
    (void)state;
    load_checking_driver(SYSBUF_TEST_DRIVERS "/libraries-clang.sys", 2, " 0 failed");
}

static void a_driver_finds_its_device_itself_by_gcc(void **state)
{
    (void)state;
    load_checking_driver(SYSBUF_TEST_DRIVERS "/found-gcc.sys", 2, " 0 failed");
}

static void a_driver_finds_its_device_itself_by_clang(void **state)
{
    (void)state;
    load_checking_driver(SYSBUF_TEST_DRIVERS "/found-clang.sys", 2, " 0 failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_built_by_gcc_finds_them_right),
        cmocka_unit_test(a_driver_built_by_clang_finds_them_right),
        cmocka_unit_test(other_modules_are_there_for_gcc),
        cmocka_unit_test(other_modules_are_there_for_clang),
        cmocka_unit_test(a_driver_finds_its_device_itself_by_gcc),
        cmocka_unit_test(a_driver_finds_its_device_itself_by_clang),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
