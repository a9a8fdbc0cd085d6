#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <mydevice/contract.h>

static void control_codes_are_laid_out_as_windows_has_them(void **state)
{
    (void)state;
    assert_int_equal(SB_CONTROL_CODE(0x22, 0x800, 0, 0), 0x222000);
    assert_int_equal(SB_CONTROL_CODE(0x22, 0x801, 3, 0), 0x222007);
    assert_int_equal(SB_CONTROL_CODE(0x8000, 0x900, 1, 3), 0x8000E401u);
    assert_int_equal(SB_CONTROL_CODE_METHOD(0x222007), SB_METHOD_NEITHER);
    assert_int_equal(SB_CONTROL_CODE_ACCESS(0x8000E401u), SB_ACCESS_READ | SB_ACCESS_WRITE);
    assert_int_equal(SB_CONTROL_CODE_ACCESS(0x222000), SB_ACCESS_ANY);
}

static void a_request_on_the_wire_is_five_little_endian_words(void **state)
{
    const struct mydevice_request request = {2, 0x401234, 1024, 100, 2566};
    const unsigned char wire[20] = {2, 0, 0,   0, 0x34, 0x12, 0x40, 0,    0, 0x04,
                                    0, 0, 100, 0, 0,    0,    0x06, 0x0A, 0, 0};

    (void)state;
    assert_memory_equal(&request, wire, sizeof(wire));
}

static void the_reply_is_the_text_with_its_terminator(void **state)
{
    const struct mydevice_reply reply = {MYDEVICE_REPLY_TEXT};

    (void)state;
    assert_memory_equal(&reply, "hello lyshark", 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_codes_are_laid_out_as_windows_has_them),
        cmocka_unit_test(a_request_on_the_wire_is_five_little_endian_words),
        cmocka_unit_test(the_reply_is_the_text_with_its_terminator),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
