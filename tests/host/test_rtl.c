/* Rtl and the C runtime from inside a driver, built by either compiler: loading it is the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "checking_driver.h"

static void a_gcc_driver_finds_rtl_right(void **state)
{
    (void)state;
    load_checking_driver(SYSBUF_TEST_DRIVERS "/rtl-gcc.sys", 1, "rtl: 335 checks, 0 failed");
}

static void a_clang_driver_finds_rtl_right(void **state)
{
    (void)state;
    load_checking_driver(SYSBUF_TEST_DRIVERS "/rtl-clang.sys", 1, "rtl: 335 checks, 0 failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gcc_driver_finds_rtl_right),
        cmocka_unit_test(a_clang_driver_finds_rtl_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
