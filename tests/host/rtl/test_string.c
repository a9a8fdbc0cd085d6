/* Counted strings. */
#include "rtl_test.h"

static WCHAR long_text[40000];

static void strings_are_initialised(void **state)
{
    UNICODE_STRING wide;
    ANSI_STRING narrow;

    RtlInitUnicodeString(&wide, L"abc");
    assert_int_equal(6, wide.Length);
    assert_int_equal(8, wide.MaximumLength);
    RtlInitUnicodeString(&wide, NULL);
    assert_int_equal(0, wide.Length);
    assert_int_equal(0, wide.MaximumLength);
    assert_null(wide.Buffer);
    RtlInitAnsiString(&narrow, "abc");
    assert_int_equal(3, narrow.Length);
    assert_int_equal(4, narrow.MaximumLength);
}

static void a_string_too_long_is_cut_or_refused(void **state)
{
    UNICODE_STRING wide = {1, 2, NULL};

    for (int i = 0; i < 39999; i++)
        long_text[i] = 'x';
    assert_status(STATUS_NAME_TOO_LONG, RtlInitUnicodeStringEx(&wide, long_text));
    assert_int_equal(1, wide.Length);
    RtlInitUnicodeString(&wide, long_text);
    assert_int_equal(0xFFFC, wide.Length);
    assert_int_equal(0xFFFE, wide.MaximumLength);
    assert_false(RtlCreateUnicodeString(&wide, long_text));
}

static void a_copy_takes_what_fits(void **state)
{
    WCHAR buffer[4] = L"###";
    UNICODE_STRING destination = EMPTY_STRING(UNICODE_STRING, buffer);
    UNICODE_STRING source = SB_UNICODE(L"abcdef");

    RtlCopyUnicodeString(&destination, &source);
    assert_unicode(L"abcd", destination);
    source.Length = 4;
    RtlCopyUnicodeString(&destination, &source);
    assert_unicode(L"ab", destination);
    assert_int_equal(0, buffer[2]);
    assert_int_equal('d', buffer[3]);
    RtlCopyUnicodeString(&destination, NULL);
    assert_int_equal(0, destination.Length);
}

static void appending_needs_room_for_all(void **state)
{
    WCHAR buffer[6] = L"#####";
    UNICODE_STRING destination = EMPTY_STRING(UNICODE_STRING, buffer);
    UNICODE_STRING source = SB_UNICODE(L"abc");
    char bytes[4];
    STRING narrow = EMPTY_STRING(STRING, bytes), two = {2, 2, "xy"};

    assert_status(STATUS_SUCCESS, RtlAppendUnicodeStringToString(&destination, &source));
    assert_int_equal(0, buffer[3]);
    assert_status(STATUS_BUFFER_TOO_SMALL, RtlAppendUnicodeToString(&destination, L"defg"));
    assert_unicode(L"abc", destination);
    assert_status(STATUS_SUCCESS, RtlAppendUnicodeToString(&destination, L"def"));
    assert_unicode(L"abcdef", destination);
    assert_status(STATUS_SUCCESS, RtlAppendStringToString(&narrow, &two));
    assert_status(STATUS_SUCCESS, RtlAppendAsciizToString(&narrow, "zw"));
    assert_ansi("xyzw", narrow);
    assert_status(STATUS_BUFFER_TOO_SMALL, RtlAppendAsciizToString(&narrow, "!"));
}

static void strings_compare_with_and_without_case(void **state)
{
    UNICODE_STRING lower = SB_UNICODE(L"stra\xDF\xE9\x3C2"),
                   upper = SB_UNICODE(L"STRA\xDF\xC9\x3A3");
    UNICODE_STRING prefix = SB_UNICODE(L"STR"), suffix = SB_UNICODE(L"\xC9\x3A3");
    STRING one = {3, 3, "aBc"}, two = {3, 3, "Abd"};

    assert_true(RtlEqualUnicodeString(&lower, &upper, TRUE));
    assert_false(RtlEqualUnicodeString(&lower, &upper, FALSE));
    assert_true(RtlCompareUnicodeString(&lower, &upper, FALSE) > 0);
    assert_int_equal(0, RtlCompareUnicodeString(&lower, &upper, TRUE));
    assert_true(RtlPrefixUnicodeString(&prefix, &lower, TRUE));
    assert_false(RtlPrefixUnicodeString(&prefix, &lower, FALSE));
    assert_false(RtlPrefixUnicodeString(&lower, &prefix, TRUE));
    assert_true(RtlSuffixUnicodeString(&suffix, &lower, TRUE));
    assert_ptr_equal(lower.Buffer + 5, RtlFindUnicodeSubstring(&lower, &suffix, TRUE));
    assert_null(RtlFindUnicodeSubstring(&lower, &suffix, FALSE));
    assert_true(RtlCompareString(&one, &two, TRUE) < 0);
    assert_true(RtlCompareString(&one, &two, FALSE) > 0);
    assert_false(RtlEqualString(&one, &two, TRUE));
}

static void case_maps_one_to_one(void **state)
{
    assert_int_equal('A', RtlUpcaseUnicodeChar('a'));
    assert_int_equal(0xD7, RtlUpcaseUnicodeChar(0xD7));
    assert_int_equal(0x178, RtlUpcaseUnicodeChar(0xFF));
    assert_int_equal(0x131, RtlUpcaseUnicodeChar(0x131));
    assert_int_equal(0xB5, RtlUpcaseUnicodeChar(0xB5));
    assert_int_equal(0x414, RtlUpcaseUnicodeChar(0x434));
    assert_int_equal(0x434, RtlDowncaseUnicodeChar(0x414));
    assert_int_equal((CHAR)0xC9, RtlUpperChar((CHAR)0xE9));
    assert_int_equal('?', RtlUpperChar('?'));
    for (ULONG unit = 0; unit < 0x10000; unit++) {
        WCHAR upper = RtlUpcaseUnicodeChar((WCHAR)unit);
        if (upper != unit && unit != 0x3C2)
            assert_int_equal(unit, RtlDowncaseUnicodeChar(upper));
    }
}

static void hashes_follow_x65599(void **state)
{
    UNICODE_STRING string = SB_UNICODE(L"aB");
    ULONG hash = 0;

    assert_status(STATUS_SUCCESS, RtlHashUnicodeString(&string, FALSE, 1, &hash));
    assert_int_equal('a' * 65599u + 'B', hash);
    assert_status(STATUS_SUCCESS, RtlHashUnicodeString(&string, TRUE, 0, &hash));
    assert_int_equal('A' * 65599u + 'B', hash);
    assert_status(STATUS_INVALID_PARAMETER, RtlHashUnicodeString(&string, TRUE, 2, &hash));
}

static void allocated_strings_are_freed_and_cleared(void **state)
{
    UNICODE_STRING source = SB_UNICODE(L"text"), copy;
    ANSI_STRING narrow;

    assert_status(STATUS_SUCCESS, RtlDuplicateUnicodeString(1, &source, &copy));
    assert_unicode(L"text", copy);
    assert_int_equal(10, copy.MaximumLength);
    assert_int_equal(0, copy.Buffer[4]);
    RtlFreeUnicodeString(&copy);
    assert_null(copy.Buffer);
    assert_int_equal(0, copy.MaximumLength);
    assert_status(STATUS_INVALID_PARAMETER, RtlDuplicateUnicodeString(2, &source, &copy));
    assert_status(STATUS_SUCCESS, RtlUpcaseUnicodeString(&copy, &source, TRUE));
    assert_unicode(L"TEXT", copy);
    RtlFreeUnicodeString(&copy);
    assert_status(STATUS_SUCCESS, RtlUnicodeStringToAnsiString(&narrow, &source, TRUE));
    assert_ansi("text", narrow);
    RtlFreeAnsiString(&narrow);
    assert_null(narrow.Buffer);
    assert_int_equal(0, pool_blocks);
    pool_fails = 1;
    assert_status(STATUS_NO_MEMORY, RtlUpcaseUnicodeString(&copy, &source, TRUE));
    assert_null(copy.Buffer);
    pool_fails = 0;
}

static void code_pages_convert_both_ways(void **state)
{
    char bytes[8];
    WCHAR units[8];
    ANSI_STRING narrow = {3, 3, "a\x80\xE9"};
    UNICODE_STRING wide = EMPTY_STRING(UNICODE_STRING, units);
    UNICODE_STRING source = SB_UNICODE(L"\x20AC\x263A\xE9");
    ULONG written;

    assert_status(STATUS_SUCCESS, RtlAnsiStringToUnicodeString(&wide, &narrow, FALSE));
    assert_unicode(L"a\x20AC\xE9", wide);
    assert_int_equal(0, units[3]);
    wide.MaximumLength = 7;
    assert_status(STATUS_BUFFER_OVERFLOW, RtlAnsiStringToUnicodeString(&wide, &narrow, FALSE));
    assert_status(STATUS_SUCCESS,
                  RtlUnicodeToMultiByteN(bytes, 8, &written, source.Buffer, source.Length));
    assert_int_equal(3, written);
    assert_memory_equal("\x80?\xE9", bytes, 3);
    assert_status(STATUS_SUCCESS,
                  RtlUnicodeToMultiByteN(bytes, 2, &written, source.Buffer, source.Length));
    assert_int_equal(2, written);
    assert_status(STATUS_BUFFER_OVERFLOW,
                  RtlUnicodeToOemN(bytes, 2, &written, source.Buffer, source.Length));
    narrow = EMPTY_STRING(ANSI_STRING, bytes);
    narrow.MaximumLength = 3;
    assert_status(STATUS_BUFFER_OVERFLOW, RtlUnicodeStringToAnsiString(&narrow, &source, FALSE));
    assert_ansi("\x80?", narrow);
    assert_int_equal(0, bytes[2]);
    assert_status(STATUS_UNMAPPABLE_CHARACTER,
                  RtlUpcaseUnicodeStringToOemString(&narrow, &source, FALSE));
    assert_int_equal(8, RtlxAnsiStringToUnicodeSize(&(ANSI_STRING){3, 3, "abc"}));
    assert_int_equal(4, RtlxUnicodeStringToAnsiSize(&source));
}

static void utf8_is_strict(void **state)
{
    const char text[] = "a\xC3\xA9\xE2\x98\xBA\xF0\x9F\x98\x80";
    const WCHAR units[] = L"a\xE9\x263A\xD83D\xDE00";
    WCHAR wide[16];
    char narrow[16];
    ULONG length;

    assert_status(STATUS_SUCCESS, RtlUTF8ToUnicodeN(wide, 32, &length, text, 10));
    assert_int_equal(10, length);
    assert_memory_equal(units, wide, 10);
    assert_status(STATUS_SUCCESS, RtlUnicodeToUTF8N(narrow, 16, &length, units, 10));
    assert_int_equal(10, length);
    assert_memory_equal(text, narrow, 10);
    assert_status(STATUS_SUCCESS, RtlUnicodeToUTF8N(NULL, 0, &length, units, 10));
    assert_int_equal(10, length);
    assert_status(STATUS_BUFFER_TOO_SMALL, RtlUnicodeToUTF8N(narrow, 9, &length, units, 10));
    assert_int_equal(6, length);
    assert_status(STATUS_SOME_NOT_MAPPED, RtlUnicodeToUTF8N(narrow, 16, &length, L"\xD800x", 4));
    assert_memory_equal("\xEF\xBF\xBDx", narrow, 4);
    assert_status(STATUS_SOME_NOT_MAPPED,
                  RtlUTF8ToUnicodeN(wide, 32, &length, "\xC0\x80\xED\xA0x", 5));
    assert_int_equal(10, length);
    assert_memory_equal(L"\xFFFD\xFFFD\xFFFD\xFFFDx", wide, 10);
    assert_status(STATUS_SOME_NOT_MAPPED, RtlUTF8ToUnicodeN(wide, 32, &length, "\xE2\x98", 2));
    assert_int_equal(2, length);
    assert_status(STATUS_INVALID_PARAMETER_4, RtlUnicodeToUTF8N(narrow, 16, &length, NULL, 2));
    assert_status(STATUS_INVALID_PARAMETER, RtlUTF8ToUnicodeN(NULL, 0, NULL, "x", 1));
}

static ULONG parse(PCWSTR text, ULONG base)
{
    UNICODE_STRING string;
    ULONG value = 0xBAD;

    RtlInitUnicodeString(&string, text);
    assert_status(STATUS_SUCCESS, RtlUnicodeStringToInteger(&string, base, &value));
    return value;
}

static void integers_are_read(void **state)
{
    UNICODE_STRING empty = SB_UNICODE(L""), large = SB_UNICODE(L"-0x123456789z");
    ULONG value = 77;
    LONG64 wide;
    PWSTR end;

    assert_int_equal(123, parse(L"123", 10));
    assert_int_equal((ULONG)-345, parse(L"-345", 10));
    assert_int_equal(0, parse(L"xyz", 10));
    assert_int_equal(678, parse(L"+678abc", 10));
    assert_int_equal(0x678ABC, parse(L"+678abc", 16));
    assert_int_equal(0xFF, parse(L" \t0xFf ", 0));
    assert_int_equal(8, parse(L"0o10", 0));
    assert_int_equal(2, parse(L"0b102", 0));
    assert_int_equal(10, parse(L"010", 0));
    assert_int_equal(0, parse(L"0x10", 16));
    assert_status(STATUS_INVALID_PARAMETER, RtlUnicodeStringToInteger(&empty, 10, &value));
    assert_status(STATUS_INVALID_PARAMETER, RtlCharToInteger("1", 7, &value));
    assert_int_equal(77, value);
    assert_status(STATUS_SUCCESS, RtlUnicodeStringToInt64(&large, 0, &wide, &end));
    assert_true(wide == -0x123456789ll);
    assert_ptr_equal(large.Buffer + 12, end);
    large.Length = 12 * sizeof(WCHAR);
    assert_status(STATUS_SUCCESS, RtlUnicodeStringToInt64(&large, 0, &wide, &end));
    assert_ptr_equal(large.Buffer + 12, end);
    assert_status(STATUS_SUCCESS, RtlCharToInteger("0x1G", 0, &value));
    assert_int_equal(1, value);
}

static void integers_are_written(void **state)
{
    WCHAR buffer[5] = L"####";
    UNICODE_STRING string = EMPTY_STRING(UNICODE_STRING, buffer);
    char text[8] = "#######";

    assert_status(STATUS_SUCCESS, RtlIntegerToUnicodeString(0xBEEF, 16, &string));
    assert_unicode(L"BEEF", string);
    assert_int_equal(0, buffer[4]);
    assert_status(STATUS_SUCCESS, RtlIntegerToUnicodeString(12345, 0, &string));
    assert_unicode(L"12345", string);
    assert_status(STATUS_BUFFER_OVERFLOW, RtlIntegerToUnicodeString(123456, 10, &string));
    assert_unicode(L"12345", string);
    assert_status(STATUS_INVALID_PARAMETER, RtlIntegerToUnicodeString(1, 3, &string));
    assert_status(STATUS_SUCCESS,
                  RtlInt64ToUnicodeString(~0ull, 16, &(UNICODE_STRING){0, 80, long_text}));
    assert_memory_equal(L"FFFFFFFFFFFFFFFF", long_text, 34);
    assert_status(STATUS_SUCCESS, RtlIntegerToChar(42, 10, 8, text));
    assert_string_equal("42", text);
    assert_status(STATUS_SUCCESS, RtlIntegerToChar(42, 10, -4, text));
    assert_memory_equal("0042", text, 4);
    assert_status(STATUS_BUFFER_OVERFLOW, RtlIntegerToChar(42, 2, 5, text));
}

static void guids_round_trip(void **state)
{
    const GUID guid = {0x12345678, 0x9ABC, 0xDEF0, {1, 2, 3, 4, 5, 6, 7, 8}};
    UNICODE_STRING string;
    GUID back = {0};

    assert_status(STATUS_SUCCESS, RtlStringFromGUID(&guid, &string));
    assert_unicode(L"{12345678-9abc-def0-0102-030405060708}", string);
    assert_status(STATUS_SUCCESS, RtlGUIDFromString(&string, &back));
    assert_memory_equal(&guid, &back, sizeof guid);
    string.Buffer[1] = 'g';
    assert_status(STATUS_INVALID_PARAMETER, RtlGUIDFromString(&string, &back));
    RtlFreeUnicodeString(&string);
    assert_int_equal(0, pool_blocks);
}

static BOOLEAN is_short_name(PCWSTR text, BOOLEAN *spaces)
{
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, text);
    return RtlIsNameLegalDOS8Dot3(&name, NULL, spaces);
}

static void short_names_are_eight_and_three(void **state)
{
    UNICODE_STRING name = SB_UNICODE(L"read me.t\xE9x");
    CHAR buffer[12];
    OEM_STRING oem = EMPTY_STRING(OEM_STRING, buffer);
    BOOLEAN spaces = FALSE;

    assert_true(RtlIsNameLegalDOS8Dot3(&name, &oem, &spaces));
    assert_ansi("READ ME.T\x90X", oem);
    assert_true(spaces);
    assert_true(is_short_name(L".", &spaces));
    assert_false(spaces);
    assert_true(is_short_name(L"..", NULL));
    assert_true(is_short_name(L"12345678.123", NULL));
    assert_true(is_short_name(L"A", NULL));
    assert_false(is_short_name(L"", NULL));
    assert_false(is_short_name(L"123456789", NULL));
    assert_false(is_short_name(L"A.1234", NULL));
    assert_false(is_short_name(L"A.B.C", NULL));
    assert_false(is_short_name(L".A", NULL));
    assert_false(is_short_name(L"A.", NULL));
    assert_false(is_short_name(L"A+B", NULL));
    assert_false(is_short_name(L"A\x263A", NULL));
    assert_false(is_short_name(L"A .B", NULL));
}

static void bad_strings_are_told(void **state)
{
    WCHAR buffer[2];

    assert_status(STATUS_SUCCESS, RtlValidateUnicodeString(0, &(UNICODE_STRING){2, 4, buffer}));
    assert_status(STATUS_SUCCESS, RtlValidateUnicodeString(0, NULL));
    assert_status(STATUS_INVALID_PARAMETER,
                  RtlValidateUnicodeString(0, &(UNICODE_STRING){3, 4, buffer}));
    assert_status(STATUS_INVALID_PARAMETER,
                  RtlValidateUnicodeString(0, &(UNICODE_STRING){4, 2, buffer}));
    assert_status(STATUS_INVALID_PARAMETER,
                  RtlValidateUnicodeString(0, &(UNICODE_STRING){0, 2, NULL}));
    assert_status(STATUS_INVALID_PARAMETER, RtlValidateUnicodeString(1, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_initialised),
        cmocka_unit_test(a_string_too_long_is_cut_or_refused),
        cmocka_unit_test(a_copy_takes_what_fits),
        cmocka_unit_test(appending_needs_room_for_all),
        cmocka_unit_test(strings_compare_with_and_without_case),
        cmocka_unit_test(case_maps_one_to_one),
        cmocka_unit_test(hashes_follow_x65599),
        cmocka_unit_test(allocated_strings_are_freed_and_cleared),
        cmocka_unit_test(code_pages_convert_both_ways),
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(integers_are_read),
        cmocka_unit_test(integers_are_written),
        cmocka_unit_test(guids_round_trip),
        cmocka_unit_test(short_names_are_eight_and_three),
        cmocka_unit_test(bad_strings_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
