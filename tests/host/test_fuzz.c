/* Inputs as programs: every string is one, and writing it keeps its meaning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fuzz/program.h"

static const uint32_t known[] = {0x222000, 0x222004, 0x22C00B};
static const struct program_codes codes = {known, 3};
static struct program first, second;

static void expect_same(const struct operation *left, const struct operation *right)
{
    struct operation one = *left, other = *right;
    /* Zeros at the end may be given or not. */
    while (one.data_length && one.kind != OPERATION_OPEN && one.data[one.data_length - 1] == 0)
        one.data_length--;
    while (other.data_length && other.kind != OPERATION_OPEN &&
           other.data[other.data_length - 1] == 0)
        other.data_length--;
    assert_int_equal(one.data_length, other.data_length);
    if (one.data_length)
        assert_memory_equal(one.data, other.data, one.data_length);
    one.data = other.data = NULL;
    assert_memory_equal(&one, &other, sizeof(one));
}

static void every_string_is_a_program_and_survives_writing(void **state)
{
    uint8_t string[512], written[65536];
    (void)state;
    srand(1);
    for (int round = 0; round < 20000; round++) {
        size_t length = (size_t)rand() % sizeof(string);
        for (size_t i = 0; i < length; i++)
            string[i] = (uint8_t)rand();
        program_read(&first, string, length, &codes);
        size_t size = program_write(&first, written, sizeof(written), &codes);
        assert_true(size < sizeof(written));
        program_read(&second, written, size, &codes);
        assert_int_equal(first.count, second.count);
        for (size_t i = 0; i < first.count; i++)
            expect_same(&first.operations[i], &second.operations[i]);
    }
}

static void a_buffer_that_is_too_small_gets_whole_operations(void **state)
{
    const uint8_t string[] = {0, 1, 4, 8, 'a', 'b', 'c', 'd', 3, 16, 0};
    uint8_t written[10];
    (void)state;
    program_read(&first, string, sizeof(string), &codes);
    assert_int_equal(first.count, 2);
    assert_int_equal(program_write(&first, written, sizeof(written), &codes), 8);
    assert_memory_equal(written, string, 8);
}

static void an_empty_string_does_nothing(void **state)
{
    (void)state;
    program_read(&first, NULL, 0, &codes);
    assert_int_equal(first.count, 0);
}

static void codes_are_known_by_number_or_given(void **state)
{
    const uint8_t string[] = {0, 2, 0, 0, 0, 0, 0x78, 0x56, 0x34, 0x12, 0, 0};
    (void)state;
    program_read(&first, string, sizeof(string), &codes);
    assert_int_equal(first.count, 2);
    assert_int_equal(first.operations[0].code, known[1]);
    assert_int_equal(first.operations[1].code, 0x12345678);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_string_is_a_program_and_survives_writing),
        cmocka_unit_test(a_buffer_that_is_too_small_gets_whole_operations),
        cmocka_unit_test(an_empty_string_does_nothing),
        cmocka_unit_test(codes_are_known_by_number_or_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
