/* DMA adapters, by a driver that checks them from inside. */
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
    load_checking_driver(SYSBUF_TEST_DRIVERS "/dma-gcc.sys", 2, " 0 failed");
}

static void a_driver_built_by_clang_finds_them_right(void **state)
{
    (void)state;
    load_checking_driver(SYSBUF_TEST_DRIVERS "/dma-clang.sys", 2, " 0 failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_built_by_gcc_finds_them_right),
        cmocka_unit_test(a_driver_built_by_clang_finds_them_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
