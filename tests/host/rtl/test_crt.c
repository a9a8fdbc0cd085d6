/* The C runtime's strings, numbers, scanning, sorting and memory. */
#include "rtl_test.h"
#include "host/crt/scan.h"

/* Declared here as Microsoft documents them: mingw's headers hide or misdeclare them. */
CRT_API errno_t strcpy_s(char *, size_t, const char *);
CRT_API errno_t strcat_s(char *, size_t, const char *);
CRT_API errno_t strncpy_s(char *, size_t, const char *, size_t);
CRT_API errno_t strncat_s(char *, size_t, const char *, size_t);
CRT_API errno_t wcscpy_s(WCHAR *, size_t, const WCHAR *);
CRT_API errno_t memcpy_s(void *, size_t, const void *, size_t);
CRT_API errno_t memmove_s(void *, size_t, const void *, size_t);
CRT_API char *nt_strtok_s(char *, const char *, char **);
CRT_API char *crt_strncpy(char *, const char *, size_t);
CRT_API LONG crt_strtol(const char *, char **, int);
CRT_API ULONG crt_strtoul(const char *, char **, int);
CRT_API int crt_atoi(const char *);
CRT_API LONGLONG _atoi64(const char *);
CRT_API errno_t _itoa_s(int, char *, size_t, int);
CRT_API errno_t _i64tow_s(LONGLONG, WCHAR *, size_t, int);
CRT_API WCHAR *_ultow(ULONG, WCHAR *, int);
CRT_API void nt_qsort(void *, size_t, size_t, CRT_API int (*)(const void *, const void *));
CRT_API void *nt_bsearch(const void *, const void *, size_t, size_t,
                         CRT_API int (*)(const void *, const void *));
CRT_API size_t nt_mbstowcs(wchar_t *, const char *, size_t);
CRT_API size_t nt_wcstombs(char *, const wchar_t *, size_t);
CRT_API int nt_isspace(int);
CRT_API errno_t _splitpath_s(const char *, char *, size_t, char *, size_t, char *, size_t, char *,
                             size_t);
CRT_API errno_t _makepath_s(char *, size_t, const char *, const char *, const char *, const char *);
CRT_API errno_t _wsplitpath_s(const WCHAR *, WCHAR *, size_t, WCHAR *, size_t, WCHAR *, size_t,
                              WCHAR *, size_t);
CRT_API errno_t _wmakepath_s(WCHAR *, size_t, const WCHAR *, const WCHAR *, const WCHAR *,
                             const WCHAR *);
CRT_API int nt_toupper(int);
CRT_API wint_t nt_towupper(wint_t);

/* Every length up to past the threshold of the string instructions, at odd addresses, both ways. */
static void memory_moves_and_fills_exactly(void **state)
{
    static unsigned char from[2400], to[2400];

    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (unsigned char)(i * 7 + i / 256);
    for (size_t length = 0; length < 2300; length = length < 140 ? length + 1 : length + 61) {
        memset(to, 0xEE, sizeof to);
        assert_ptr_equal(to + 3, memcpy(to + 3, from + 5, length));
        assert_memory_equal(to + 3, from + 5, length);
        assert_int_equal(0xEE, to[2]);
        assert_int_equal(0xEE, to[3 + length]);
        memset(to + 3, 0x11, length);
        for (size_t i = 0; i < length; i++)
            assert_int_equal(0x11, to[3 + i]);
        assert_int_equal(0xEE, to[2]);
        assert_int_equal(0xEE, to[3 + length]);
        for (int distance = -20; distance <= 20; distance += 5) {
            memcpy(to, from, sizeof to);
            memmove(to + 30 + distance, to + 30, length);
            assert_memory_equal(to + 30 + distance, from + 30, length);
        }
    }
    assert_int_equal(0, memcmp("abcdefghij", "abcdefghij", 10));
    assert_true(memcmp("abcdefghiA", "abcdefghi\xFF", 10) < 0);
    assert_ptr_equal(from + 2, memchr(from, from[2], 9));
}

static void memory_is_compared_up_to_the_difference(void **state)
{
    ULONG words[3] = {7, 7, 8};

    assert_int_equal(13, RtlCompareMemory("0123456789abcdefg", "0123456789abcXefg", 17));
    assert_int_equal(17, RtlCompareMemory("0123456789abcdefg", "0123456789abcdefg", 17));
    assert_int_equal(8, RtlCompareMemoryUlong(words, 12, 7));
    assert_int_equal(0, RtlCompareMemoryUlong(words, 11, 7));
    assert_int_equal(0xCBF43926, RtlComputeCrc32(0, "123456789", 9));
    assert_int_equal(0xCBF43926, RtlComputeCrc32(RtlComputeCrc32(0, "1234", 4), "56789", 5));
    assert_true(RtlIsZeroMemory("\0\0\0", 3));
    assert_false(RtlIsZeroMemory("\0\0x", 3));
}

static void strings_follow_the_standard(void **state)
{
    char text[16] = "abc";

    assert_int_equal(3, strlen(text));
    assert_string_equal("abcdef", strcat(text, "def"));
    assert_string_equal("abcdefgh", strncat(text, "ghij", 2));
    assert_ptr_equal(text + 2, strchr(text, 'c'));
    assert_ptr_equal(text + 8, strchr(text, 0));
    assert_null(strrchr(text, 'z'));
    assert_ptr_equal(text + 4, strstr(text, "ef"));
    assert_null(strstr(text, "fe"));
    assert_int_equal(2, strspn(text, "ba"));
    assert_true(strcmp("a", "\xFF") < 0);
    assert_int_equal(0, strncmp("abX", "abY", 2));
    assert_int_equal(0, _stricmp("HeLLo", "hEllO"));
    assert_true(_strnicmp("abC", "ABd", 3) < 0);
    assert_string_equal("ABCDEFGH", _strupr(text));
    assert_string_equal("hgfedcba", _strrev(_strlwr(text)));
    memset(text, '#', sizeof text);
    crt_strncpy(text, "ab", 4);
    assert_memory_equal("ab\0\0#", text, 5);
    assert_int_equal(5, strnlen("abcdefg", 5));
}

static void wide_strings_follow_the_standard(void **state)
{
    WCHAR text[16] = L"abc";

    wcscat(text, L"Def");
    assert_int_equal(6, wcslen(text));
    assert_ptr_equal(text + 3, wcsstr(text, L"De"));
    assert_ptr_equal(text + 5, wcsrchr(text, 'f'));
    assert_int_equal(0, _wcsicmp(text, L"ABCDEF"));
    assert_true(_wcsicmp(L"\xE9", L"\xC9") != 0);
    assert_int_equal(0, _wcsnicmp(text, L"ABCxyz", 3));
    assert_int_equal(2, wcscspn(text, L"cD"));
    assert_memory_equal(L"ABCDEF", _wcsupr(text), 14);
}

static void secure_copies_refuse_and_empty(void **state)
{
    char text[6] = "#####";
    WCHAR wide[4];

    assert_int_equal(0, strcpy_s(text, sizeof text, "abcde"));
    assert_string_equal("abcde", text);
    assert_int_equal(CRT_ERANGE, strcpy_s(text, sizeof text, "abcdef"));
    assert_int_equal(0, text[0]);
    assert_int_equal(CRT_EINVAL, strcpy_s(NULL, 6, "a"));
    assert_int_equal(CRT_EINVAL, strcpy_s(text, 6, NULL));
    assert_int_equal(0, strncpy_s(text, 6, "abcdefgh", 3));
    assert_string_equal("abc", text);
    assert_int_equal(CRT_STRUNCATE, strncpy_s(text, 6, "abcdefgh", CRT_TRUNCATE));
    assert_string_equal("abcde", text);
    assert_int_equal(CRT_ERANGE, strcat_s(text, 6, "x"));
    assert_int_equal(0, text[0]);
    assert_int_equal(0, strcat_s(text, 6, "abc"));
    assert_int_equal(CRT_STRUNCATE, strncat_s(text, 6, "defg", CRT_TRUNCATE));
    assert_string_equal("abcde", text);
    memset(text, 'x', sizeof text);
    assert_int_equal(CRT_EINVAL, strcat_s(text, 6, "a"));
    assert_int_equal(0, wcscpy_s(wide, 4, L"abc"));
    assert_int_equal(CRT_ERANGE, wcscpy_s(wide, 4, L"abcd"));
    memset(text, 'x', sizeof text);
    assert_int_equal(CRT_ERANGE, memcpy_s(text, 4, "abcdef", 6));
    assert_memory_equal("\0\0\0\0xx", text, 6);
    assert_int_equal(CRT_ERANGE, memmove_s(text, 4, "abcdef", 6));
    assert_int_equal(0, memmove_s(text, 4, "abcd", 4));
    assert_memory_equal("abcdxx", text, 6);
}

static void tokens_are_split(void **state)
{
    char text[] = ",one,,two", *context = NULL;

    assert_string_equal("one", nt_strtok_s(text, ",", &context));
    assert_string_equal("two", nt_strtok_s(NULL, ",", &context));
    assert_null(nt_strtok_s(NULL, ",", &context));
}

static void numbers_are_read_and_saturate(void **state)
{
    const char *text = "  -0x1Fg";
    char *end;

    assert_int_equal(-31, crt_strtol(text, &end, 0));
    assert_ptr_equal(text + 7, end);
    assert_int_equal(017, crt_strtol("017", NULL, 0));
    assert_int_equal(MAXLONG, crt_strtol("99999999999", NULL, 10));
    assert_int_equal((LONG)0x80000000, crt_strtol("-99999999999", NULL, 10));
    assert_int_equal(MAXULONG, crt_strtoul("0xFFFFFFFFFF", NULL, 16));
    assert_int_equal(0, crt_strtol("zz", &end, 10));
    assert_int_equal(35 * 36 + 35, crt_strtol("zz", &end, 36));
    assert_int_equal(-42, crt_atoi(" -42x"));
    assert_int_equal(-9000000000ll, _atoi64("-9000000000"));
}

static void numbers_are_written(void **state)
{
    char text[8];
    WCHAR wide[40];

    assert_int_equal(0, _itoa_s(-123, text, sizeof text, 10));
    assert_string_equal("-123", text);
    assert_int_equal(CRT_ERANGE, _itoa_s(-1, text, sizeof text, 16));
    assert_int_equal(0, text[0]);
    assert_int_equal(CRT_EINVAL, _itoa_s(1, text, sizeof text, 37));
    assert_int_equal(0, _i64tow_s((LONGLONG)(1ull << 63), wide, 40, 10));
    assert_memory_equal(L"-9223372036854775808", wide, 42);
    assert_memory_equal(L"deadbeef", _ultow(0xDEADBEEF, wide, 16), 18);
}

static void input_is_scanned(void **state)
{
    int number = 0, more = 0;
    ULONGLONG wide_number = 0;
    char word[8] = "", set[8] = "";
    WCHAR wide_word[8];
    double real = 0;

    assert_int_equal(3, sscanf_s("12 -0x1f abc", "%d %i %s", &number, &more, word, 8u));
    assert_int_equal(12, number);
    assert_int_equal(-31, more);
    assert_string_equal("abc", word);
    assert_int_equal(2, sscanf_s("k=v;", "%[a-z]=%[^;]", word, 8u, set, 8u));
    assert_string_equal("k", word);
    assert_string_equal("v", set);
    assert_int_equal(1, sscanf_s("1 toolongword", "%d %s", &number, word, 8u));
    assert_string_equal("", word);
    assert_int_equal(-1, sscanf_s("  ", "%d", &number));
    assert_int_equal(0, sscanf_s("x", "%d", &number));
    assert_int_equal(2, sscanf_s("ffffffffff 2.5e1", "%I64x %lf", &wide_number, &real));
    assert_true(wide_number == 0xFFFFFFFFFFull && real == 25.0);
    assert_int_equal(2, sscanf_s("1234", "%2d%1d", &number, &more));
    assert_int_equal(12, number);
    assert_int_equal(3, more);
    assert_int_equal(1, _snscanf_s("1234", 3, "%d", &number));
    assert_int_equal(123, number);
    assert_int_equal(2, swscanf_s(L"7 w\xEFx", L"%d %s", &number, wide_word, 8u));
    assert_memory_equal(L"w\xEFx", wide_word, 8);
    assert_int_equal(1, sscanf_s("a 5", "%*s %d%n", &number, &more));
    assert_int_equal(3, more);
}

static CRT_API int compare_ints(const void *first, const void *second)
{
    return *(const int *)first - *(const int *)second;
}

static void arrays_are_sorted_and_searched(void **state)
{
    int array[257], key = 100;

    for (int i = 0; i < 257; i++)
        array[i] = i * 101 % 257;
    nt_qsort(array, 257, sizeof array[0], compare_ints);
    for (int i = 0; i < 257; i++)
        assert_int_equal(i, array[i]);
    assert_ptr_equal(&array[100], nt_bsearch(&key, array, 257, sizeof key, compare_ints));
    key = 257;
    assert_null(nt_bsearch(&key, array, 257, sizeof key, compare_ints));
    nt_qsort(array, 0, sizeof array[0], compare_ints);
}

static void characters_convert(void **state)
{
    WCHAR wide[4];
    char text[4];

    assert_int_equal(2, nt_mbstowcs(wide, "a\xE9", 4));
    assert_memory_equal(L"a\xE9", wide, 6);
    assert_int_equal(2, nt_wcstombs(text, L"a\xE9", 4));
    assert_int_equal(-1, nt_wcstombs(text, L"\x263A", 4));
    assert_int_equal(5, nt_mbstowcs(NULL, "abcde", 0));
    assert_true(nt_isspace('\v') && !nt_isspace('x'));
    assert_int_equal('Z', nt_toupper('z'));
    assert_int_equal(0xC9, nt_towupper(0xE9));
}

static void check_split(const char *path, const char *drive, const char *folder, const char *name,
                        const char *extension)
{
    char parts[4][16];

    assert_int_equal(0, _splitpath_s(path, parts[0], 3, parts[1], 16, parts[2], 16, parts[3], 16));
    assert_string_equal(drive, parts[0]);
    assert_string_equal(folder, parts[1]);
    assert_string_equal(name, parts[2]);
    assert_string_equal(extension, parts[3]);
}

static void paths_are_taken_apart(void **state)
{
    char name[4] = "old", extension[4] = "old";
    WCHAR wide[16];

    (void)state;
    check_split("C:\\a\\b/c.d.txt", "C:", "\\a\\b/", "c.d", ".txt");
    check_split("C:file", "C:", "", "file", "");
    check_split("\\dir.x\\", "", "\\dir.x\\", "", "");
    check_split(".sys", "", "", "", ".sys");
    check_split("", "", "", "", "");
    assert_int_equal(0, _splitpath_s("abc.de", NULL, 0, NULL, 0, name, 4, NULL, 0));
    assert_string_equal("abc", name);
    assert_int_equal(CRT_ERANGE, _splitpath_s("abcd.e", NULL, 0, NULL, 0, name, 4, extension, 4));
    assert_string_equal("", name);
    assert_string_equal("", extension);
    assert_int_equal(CRT_EINVAL, _splitpath_s("a", NULL, 1, NULL, 0, name, 4, NULL, 0));
    assert_int_equal(CRT_EINVAL, _splitpath_s(NULL, NULL, 0, NULL, 0, name, 4, NULL, 0));
    assert_int_equal(0, _wsplitpath_s(L"\\x\\y.z", NULL, 0, wide, 16, NULL, 0, NULL, 0));
    assert_memory_equal(L"\\x\\", wide, 4 * sizeof(WCHAR));
}

static void paths_are_put_together(void **state)
{
    char path[16];
    WCHAR wide[8];

    (void)state;
    assert_int_equal(0, _makepath_s(path, 16, "C", "a\\b", "c", "txt"));
    assert_string_equal("C:a\\b\\c.txt", path);
    assert_int_equal(0, _makepath_s(path, 16, "C:", "\\a/", "c", ".t"));
    assert_string_equal("C:\\a/c.t", path);
    assert_int_equal(0, _makepath_s(path, 16, NULL, NULL, "c", NULL));
    assert_string_equal("c", path);
    assert_int_equal(CRT_ERANGE, _makepath_s(path, 5, "C", "a", "b", NULL));
    assert_string_equal("", path);
    assert_int_equal(0, _makepath_s(path, 6, "C", "a", "b", NULL));
    assert_int_equal(CRT_EINVAL, _makepath_s(path, 0, "C", "a", "b", NULL));
    assert_int_equal(0, _wmakepath_s(wide, 8, L"D", NULL, L"n", L"s"));
    assert_memory_equal(L"D:n.s", wide, 6 * sizeof(WCHAR));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_moves_and_fills_exactly),
        cmocka_unit_test(memory_is_compared_up_to_the_difference),
        cmocka_unit_test(strings_follow_the_standard),
        cmocka_unit_test(wide_strings_follow_the_standard),
        cmocka_unit_test(secure_copies_refuse_and_empty),
        cmocka_unit_test(tokens_are_split),
        cmocka_unit_test(numbers_are_read_and_saturate),
        cmocka_unit_test(numbers_are_written),
        cmocka_unit_test(input_is_scanned),
        cmocka_unit_test(arrays_are_sorted_and_searched),
        cmocka_unit_test(characters_convert),
        cmocka_unit_test(paths_are_taken_apart),
        cmocka_unit_test(paths_are_put_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
