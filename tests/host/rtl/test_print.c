/* The printf family, as ntoskrnl.exe has it. */
#include "rtl_test.h"
#include "host/crt/print.h"
#include "host/rtl/debug_print.h"

/* `format` with its arguments gives `expected` and its length from the 8-bit front end. */
#define assert_printed(expected, ...)                                                      \
    do {                                                                                   \
        char text[200] = {0};                                                              \
        assert_int_equal(sizeof(expected) - 1, _snprintf(text, sizeof text, __VA_ARGS__)); \
        assert_string_equal(expected, text);                                               \
    } while (0)

#define assert_wide_printed(expected, ...)                                              \
    do {                                                                                \
        WCHAR text[200] = {0};                                                          \
        assert_int_equal(sizeof(expected) / 2 - 1, _snwprintf(text, 200, __VA_ARGS__)); \
        assert_memory_equal(expected, text, sizeof(expected));                          \
    } while (0)

static void integers_have_their_size(void **state)
{
    assert_printed("-1 4294967295", "%d %u", -1, -1);
    assert_printed("-2147483648", "%i", (int)0x80000000);
    assert_printed("-9223372036854775808", "%I64d", (LONGLONG)(1ull << 63));
    assert_printed("18446744073709551615", "%llu", ~0ull);
    assert_printed("ffffffff", "%lx", 0xFFFFFFFFull);
    assert_printed("1", "%x", 0x100000001ull);
    assert_printed("1", "%I32x", 0x100000001ull);
    assert_printed("100000001", "%Ix", 0x100000001ull);
    assert_printed("100000001", "%zx", 0x100000001ull);
    assert_printed("5 -1", "%hu %hd", 0x10005, 0xFFFF);
    assert_printed("7 -1", "%hhu %hhd", 0x107, 0xFF);
}

static void flags_width_and_precision(void **state)
{
    assert_printed("[   42][42   ][00042][+42][ 42]", "[%5d][%-5d][%05d][%+d][% d]", 42, 42, 42, 42,
                   42);
    assert_printed("[  007][]", "[%5.3d][%.0d]", 7, 0);
    assert_printed("[  007]", "[%05.3d]", 7);
    assert_printed("[-0042]", "[%05d]", -42);
    assert_printed("0x1f 0X1F 017 0", "%#x %#X %#o %#x", 31, 31, 15, 0);
    assert_printed("0x00001f", "%#08x", 31);
    assert_printed("[   7][7   ]", "[%*d][%*d]", 4, 7, -4, 7);
    assert_printed("[ab]", "[%.*s]", 2, "abcdef");
    assert_printed("[abcdef]", "[%.*s]", -1, "abcdef");
    assert_printed("100%", "%d%%", 100);
}

static void pointers_have_sixteen_capital_digits(void **state)
{
    assert_printed("00007FFFDEADBEEF", "%p", (void *)0x7FFFDEADBEEF);
    assert_printed("0000000000000000", "%p", (void *)0);
}

static void strings_in_a_narrow_format(void **state)
{
    UNICODE_STRING wide = SB_UNICODE(L"wide\x263A");
    STRING narrow = {3, 3, "abcX"};

    assert_printed("one two three four", "%s %ws %S %ls", "one", L"two", L"three", L"four");
    assert_printed("hs hS", "%hs %hS", "hs", "hS");
    assert_printed("c C w", "%c %C %wc", 'c', L'C', L'w');
    assert_printed("wide? abc", "%wZ %Z", &wide, &narrow);
    assert_printed("(null) (null) (null) (nu", "%s %ws %wZ %.3s", (void *)0, (void *)0, (void *)0,
                   (void *)0);
    assert_printed("[  ab][ab  ]", "[%4s][%-4.2s]", "ab", "abc");
    assert_printed("\xE9", "%ws", L"\xE9");
}

static void strings_in_a_wide_format(void **state)
{
    UNICODE_STRING wide = SB_UNICODE(L"wide\x263A");
    STRING narrow = {3, 3, "ab\xE9X"};

    assert_wide_printed(L"one two three", L"%s %S %hs", L"one", "two", "three");
    assert_wide_printed(L"wide\x263A ab\xE9", L"%wZ %Z", &wide, &narrow);
    assert_wide_printed(L"c C 00FF", L"%c %C %04X", L'c', 'C', 255);
}

static void real_numbers(void **state)
{
    assert_printed("1.500000 -0.25 1.000000e+10", "%f %.2f %e", 1.5, -0.25, 1e10);
    assert_printed("[ 3.14][003.1][+2]", "[%5.2f][%05.1f][%+g]", 3.14159, 3.14159, 2.0);
}

static void unknown_letters_are_text_and_n_is_refused(void **state)
{
    char text[20] = "untouched";
    int count = 77;

    assert_printed("y!", "%y!");
    assert_int_equal(-1, _snprintf(text, sizeof text, "ab%n", &count));
    assert_int_equal(77, count);
}

static void snprintf_truncates_without_a_terminator(void **state)
{
    char text[8] = "#######";
    WCHAR wide[8] = L"#######";

    assert_int_equal(3, _snprintf(text, 4, "abc"));
    assert_string_equal("abc", text);
    assert_int_equal(4, _snprintf(text, 4, "wxyz"));
    assert_memory_equal("wxyz###", text, 8);
    assert_int_equal(-1, _snprintf(text, 4, "%s", "12345"));
    assert_memory_equal("1234###", text, 8);
    assert_int_equal(-1, _snwprintf(wide, 4, L"%s", L"12345"));
    assert_memory_equal(L"1234###", wide, 16);
    assert_int_equal(5, _snprintf(NULL, 0, "%s", "12345"));
    assert_int_equal(-1, _snprintf(NULL, 1, "x"));
}

static void secure_forms_always_terminate(void **state)
{
    char text[8] = "#######";
    WCHAR wide[8] = L"#######";

    assert_int_equal(7, sprintf_s(text, sizeof text, "%d", 1234567));
    assert_string_equal("1234567", text);
    assert_int_equal(-1, sprintf_s(text, sizeof text, "%d", 12345678));
    assert_int_equal(0, text[0]);
    assert_int_equal(-1, _snprintf_s(text, sizeof text, CRT_TRUNCATE, "%s", "abcdefghij"));
    assert_string_equal("abcdefg", text);
    assert_int_equal(-1, _snprintf_s(text, sizeof text, 3, "%s", "abcdefghij"));
    assert_string_equal("abc", text);
    assert_int_equal(-1, _snprintf_s(text, sizeof text, 8, "%s", "abcdefghij"));
    assert_int_equal(0, text[0]);
    assert_int_equal(3, swprintf_s(wide, 8, L"%03x", 10));
    assert_memory_equal(L"00a", wide, 8);
    assert_int_equal(-1, sprintf_s(text, 0, "x"));
    assert_int_equal(-1, sprintf_s(NULL, 8, "x"));
}

static __attribute__((ms_abi)) SIZE_T debug_text(char *buffer, SIZE_T size, const char *format, ...)
{
    __builtin_ms_va_list arguments;
    SIZE_T length;

    __builtin_ms_va_start(arguments, format);
    length = debug_format(buffer, size, format, arguments);
    __builtin_ms_va_end(arguments);
    return length;
}

static void debug_output_is_utf8(void **state)
{
    char text[32];
    UNICODE_STRING wide = SB_UNICODE(L"\x263A\xD83D\xDE00");

    assert_int_equal(2 + 1 + 7, debug_text(text, sizeof text, "\xC3\xA9 %wZ", &wide));
    assert_string_equal("\xC3\xA9 \xE2\x98\xBA\xF0\x9F\x98\x80", text);
    assert_int_equal(6, debug_text(text, 4, "abcdef"));
    assert_string_equal("abc", text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_have_their_size),
        cmocka_unit_test(flags_width_and_precision),
        cmocka_unit_test(pointers_have_sixteen_capital_digits),
        cmocka_unit_test(strings_in_a_narrow_format),
        cmocka_unit_test(strings_in_a_wide_format),
        cmocka_unit_test(real_numbers),
        cmocka_unit_test(unknown_letters_are_text_and_n_is_refused),
        cmocka_unit_test(snprintf_truncates_without_a_terminator),
        cmocka_unit_test(secure_forms_always_terminate),
        cmocka_unit_test(debug_output_is_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
