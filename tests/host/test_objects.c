/* Objects and devices from inside a driver, built by either compiler: loading it is the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "checking_driver.h"

static void a_gcc_driver_finds_objects_right(void **state)
{
    (void)state;
    load_checking_driver(SYSBUF_TEST_DRIVERS "/objects-gcc.sys", 1, " 0 failed");
}

static void a_clang_driver_finds_objects_right(void **state)
{
    (void)state;
    load_checking_driver(SYSBUF_TEST_DRIVERS "/objects-clang.sys", 1, " 0 failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gcc_driver_finds_objects_right),
        cmocka_unit_test(a_clang_driver_finds_objects_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
