/* Exceptions of a driver, without the rest of the host: tests/drivers/seh on the rig. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "tests/host/seh/rig.h"

#define STATUS_ACCESS_VIOLATION 0xC0000005
#define STATUS_DEVICE_BUSY      0x80000011

enum fatal {
    FATAL_NULL,
    FATAL_KERNEL_ADDRESS,
    FATAL_DISPATCH_LEVEL,
    FATAL_RAISE,
    FATAL_OWN_CODE,
    FATAL_FAST_FAIL,
    FATAL_STACK_OVERFLOW
};

static void unwinder_follows_and_refuses_tables(void **state)
{
    (void)state;
    assert_int_equal(rig_check_unwinder(), 0);
}

static void driver_tests_pass(void **state)
{
    (void)state;
    assert_int_equal(rig_run_tests(), 0);
}

static void unhandled_fault_of_a_call_is_a_system_service_exception(void **state)
{
    struct rig_stop stop;

    (void)state;
    assert_true(rig_run_fatal(FATAL_NULL, false, &stop));
    assert_int_equal(stop.code, 0x3B);
    assert_int_equal(stop.parameters[0], STATUS_ACCESS_VIOLATION);
    assert_true(stop.in_image);
    assert_int_equal(stop.rcx, 8);
    assert_int_equal(stop.parameters[3], 0);
}

static void unhandled_fault_of_a_system_thread_is_0x7e(void **state)
{
    struct rig_stop stop;

    (void)state;
    assert_true(rig_run_fatal(FATAL_NULL, true, &stop));
    assert_int_equal(stop.code, 0x7E);
    assert_int_equal(stop.parameters[0], 0xFFFFFFFF00000000u | STATUS_ACCESS_VIOLATION);
    assert_true(stop.in_image);
}

static void unhandled_raise_names_its_status(void **state)
{
    struct rig_stop stop;

    (void)state;
    assert_true(rig_run_fatal(FATAL_RAISE, false, &stop));
    assert_int_equal(stop.code, 0x3B);
    assert_int_equal(stop.parameters[0], STATUS_DEVICE_BUSY);
    assert_true(stop.in_image);
}

static void bad_kernel_address_stops_before_the_handler_is_asked(void **state)
{
    struct rig_stop stop;

    (void)state;
    assert_true(rig_run_fatal(FATAL_KERNEL_ADDRESS, false, &stop));
    assert_int_equal(stop.code, 0x50);
    assert_int_equal(stop.parameters[1], 0);
    assert_true(stop.in_image);
}

static void page_fault_at_dispatch_level_is_0xd1(void **state)
{
    struct rig_stop stop;

    (void)state;
    assert_true(rig_run_fatal(FATAL_DISPATCH_LEVEL, false, &stop));
    assert_int_equal(stop.code, 0xD1);
    assert_int_equal(stop.parameters[0], 16);
    assert_int_equal(stop.parameters[1], 2);
    assert_int_equal(stop.parameters[2], 1);
    assert_true(stop.in_image);
}

static void write_to_code_is_0xbe(void **state)
{
    struct rig_stop stop;

    (void)state;
    assert_true(rig_run_fatal(FATAL_OWN_CODE, false, &stop));
    assert_int_equal(stop.code, 0xBE);
    assert_int_equal(stop.parameters[0], stop.rcx);
}

static void fast_fail_is_0x139_with_its_code(void **state)
{
    struct rig_stop stop;

    (void)state;
    assert_true(rig_run_fatal(FATAL_FAST_FAIL, false, &stop));
    assert_int_equal(stop.code, 0x139);
    assert_int_equal(stop.parameters[0], 2);
}

static void stack_overflow_is_a_double_fault(void **state)
{
    struct rig_stop stop;

    (void)state;
    assert_true(rig_run_fatal(FATAL_STACK_OVERFLOW, true, &stop));
    assert_int_equal(stop.code, 0x7F);
    assert_int_equal(stop.parameters[0], 8);
}

static void machine_goes_on_after_stops(void **state)
{
    struct rig_stop stop;

    for (int i = 0; i < 100; i++)
        assert_true(rig_run_fatal(i % FATAL_STACK_OVERFLOW, false, &stop));
    driver_tests_pass(state);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unwinder_follows_and_refuses_tables),
        cmocka_unit_test(driver_tests_pass),
        cmocka_unit_test(unhandled_fault_of_a_call_is_a_system_service_exception),
        cmocka_unit_test(unhandled_fault_of_a_system_thread_is_0x7e),
        cmocka_unit_test(unhandled_raise_names_its_status),
        cmocka_unit_test(bad_kernel_address_stops_before_the_handler_is_asked),
        cmocka_unit_test(page_fault_at_dispatch_level_is_0xd1),
        cmocka_unit_test(write_to_code_is_0xbe),
        cmocka_unit_test(fast_fail_is_0x139_with_its_code),
        cmocka_unit_test(stack_overflow_is_a_double_fault),
        cmocka_unit_test(machine_goes_on_after_stops),
    };

    if (count != 2 || !rig_load(arguments[1]))
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
