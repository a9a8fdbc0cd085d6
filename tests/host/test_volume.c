/* What file systems ask of the I/O manager, by a driver that checks it from inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "checking_driver.h"

static void a_file_system_built_by_gcc_is_served(void **state)
{
    (void)state;
    load_checking_driver(SYSBUF_TEST_DRIVERS "/volume-gcc.sys", 2, " 0 failed");
}

static void a_file_system_built_by_clang_is_served(void **state)
{
    (void)state;
    load_checking_driver(SYSBUF_TEST_DRIVERS "/volume-clang.sys", 2, " 0 failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_system_built_by_gcc_is_served),
        cmocka_unit_test(a_file_system_built_by_clang_is_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
