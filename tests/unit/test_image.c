/*
 * The look at a driver's file before it is installed: only a native x64 image passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "client/image.h"

#define PE_OFFSET    0x80
#define IMAGE_LENGTH (PE_OFFSET + 24 + 240)

static unsigned char image[IMAGE_LENGTH];

/* The headers of a driver, as the PE format lays them out. */
static int make_image(void **state)
{
    (void)state;
    memset(image, 0, sizeof(image));
    memcpy(image, "MZ", 2);
    image[60] = PE_OFFSET;
    memcpy(image + PE_OFFSET, "PE\0\0\x64\x86", 6);
    memcpy(image + PE_OFFSET + 24, "\x0b\x02", 2);
    image[PE_OFFSET + 24 + 68] = 1;
    return 0;
}

static bool is_driver(size_t length)
{
    FILE *file = tmpfile();
    bool answer;

    assert_non_null(file);
    assert_int_equal(fwrite(image, 1, length, file), length);
    rewind(file);
    answer = sb_is_driver_image(file);
    fclose(file);
    return answer;
}

static void a_native_x64_image_is_a_driver(void **state)
{
    (void)state;
    assert_true(is_driver(sizeof(image)));
}

static void an_image_cut_anywhere_before_its_subsystem_is_none(void **state)
{
    size_t length;

    (void)state;
    for (length = 0; length < PE_OFFSET + 24 + 70; length++)
        assert_false(is_driver(length));
}

static void each_wrong_header_field_is_seen(void **state)
{
    static const size_t fields[] = {0,
                                    1,
                                    PE_OFFSET,
                                    PE_OFFSET + 1,
                                    PE_OFFSET + 2,
                                    PE_OFFSET + 4,
                                    PE_OFFSET + 5,
                                    PE_OFFSET + 24,
                                    PE_OFFSET + 25,
                                    PE_OFFSET + 24 + 68,
                                    PE_OFFSET + 24 + 69};
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(fields) / sizeof(fields[0]); index++) {
        image[fields[index]] ^= 0x41;
        assert_false(is_driver(sizeof(image)));
        image[fields[index]] ^= 0x41;
    }
    assert_true(is_driver(sizeof(image)));
}

static void a_header_said_to_be_outside_the_file_is_none(void **state)
{
    (void)state;
    memset(image + 60, 0xFF, 4);
    assert_false(is_driver(sizeof(image)));
    memcpy(image + 60, "\0\0\0\x7f", 4);
    assert_false(is_driver(sizeof(image)));
    memcpy(image + 60, "\0\x10\0\0", 4);
    assert_false(is_driver(sizeof(image)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_native_x64_image_is_a_driver, make_image),
        cmocka_unit_test_setup(an_image_cut_anywhere_before_its_subsystem_is_none, make_image),
        cmocka_unit_test_setup(each_wrong_header_field_is_seen, make_image),
        cmocka_unit_test_setup(a_header_said_to_be_outside_the_file_is_none, make_image),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
