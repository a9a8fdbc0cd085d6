/*
 * Rtl and the C runtime from inside a driver: DriverEntry checks and refuses to load when a check
 * fails, so that loading it is the test, on any runtime. Each failure is told by DbgPrint.
 */
#include <ntifs.h>

#include "check.h"
#include "groups.h"

int __cdecl _snprintf(char *buffer, size_t count, const char *format, ...);
int __cdecl _snwprintf(wchar_t *buffer, size_t count, const wchar_t *format, ...);
int __cdecl sprintf(char *buffer, const char *format, ...);
void __cdecl qsort(void *base, size_t count, size_t width,
                   int(__cdecl *compare)(const void *, const void *));

void __cdecl srand(unsigned seed);
int __cdecl rand(void);

CHECK_DEFINITIONS("rtl")

static BOOLEAN is_text(const char *text, const char *expected)
{
    return strcmp(text, expected) == 0;
}

static void check_strings(void)
{
    WCHAR buffer[8];
    UNICODE_STRING target = {0, sizeof buffer, buffer}, upper, lower, copy;
    ANSI_STRING narrow;
    ULONG value = 0;

    RtlInitUnicodeString(&upper, L"\\Device\\MYDEV\xC9");
    RtlInitUnicodeString(&lower, L"\\device\\mydev\xE9");
    CHECK(upper.Length == 28 && upper.MaximumLength == 30);
    CHECK(RtlEqualUnicodeString(&upper, &lower, TRUE));
    CHECK(!RtlEqualUnicodeString(&upper, &lower, FALSE));
    RtlCopyUnicodeString(&target, &upper);
    CHECK(target.Length == 16 && buffer[7] == '\\');
    CHECK(RtlAppendUnicodeToString(&target, L"x") == STATUS_BUFFER_TOO_SMALL);
    CHECK(RtlUpcaseUnicodeString(&copy, &lower, TRUE) == STATUS_SUCCESS);
    CHECK(RtlCompareUnicodeString(&copy, &upper, TRUE) == 0);
    RtlFreeUnicodeString(&copy);
    CHECK(copy.Buffer == NULL);
    CHECK(RtlUnicodeStringToAnsiString(&narrow, &upper, TRUE) == STATUS_SUCCESS);
    CHECK(narrow.Length == 14 && narrow.Buffer[14] == 0 && (UCHAR)narrow.Buffer[13] == 0xC9);
    RtlFreeAnsiString(&narrow);
    CHECK(RtlIntegerToUnicodeString(0xBEEF, 16, &target) == STATUS_SUCCESS);
    CHECK(target.Length == 8 && wcsncmp(buffer, L"BEEF", 4) == 0);
    CHECK(RtlUnicodeStringToInteger(&target, 16, &value) == STATUS_SUCCESS && value == 0xBEEF);
    CHECK(RtlIntegerToUnicodeString(123456789, 10, &target) == STATUS_BUFFER_OVERFLOW);
}

static void check_formats(void)
{
    char text[80];
    WCHAR wide[40];
    UNICODE_STRING string;
    ANSI_STRING narrow;

    RtlInitUnicodeString(&string, L"wide");
    RtlInitAnsiString(&narrow, "narrow");
    CHECK(_snprintf(text, sizeof text, "%wZ %Z %ws %hs", &string, &narrow, L"w", "h") == 15);
    CHECK(is_text(text, "wide narrow w h"));
    CHECK(sprintf(text, "%I64d %llx %p %05d|%-4u|%+d", -5000000000ll, 0x123456789ull,
                  (void *)0x1234, -42, 7, 9) > 0);
    CHECK(is_text(text, "-5000000000 123456789 0000000000001234 -0042|7   |+9"));
    CHECK(_snprintf(text, 3, "%s", "abc") == 3);
    CHECK(_snprintf(text, 3, "%s", "abcd") == -1);
    CHECK(_snwprintf(wide, 40, L"%s %S %wZ %d", L"one", "two", &string, 3) == 14);
    CHECK(wcscmp(wide, L"one two wide 3") == 0);
}

static void check_memory(void)
{
    static UCHAR first[3000], second[3000];

    for (ULONG i = 0; i < sizeof first; i++)
        first[i] = (UCHAR)i;
    RtlCopyMemory(second, first, sizeof first);
    CHECK(RtlCompareMemory(first, second, sizeof first) == sizeof first);
    RtlMoveMemory(second + 7, second, 2900);
    CHECK(RtlCompareMemory(first, second + 7, 2900) == 2900);
    RtlZeroMemory(second, sizeof second);
    CHECK(second[0] == 0 && second[2999] == 0);
}

static void check_bitmaps(void)
{
    ULONG words[3] = {0, 0, 0}, start = 0;
    RTL_BITMAP map;

    RtlInitializeBitMap(&map, words, 80);
    RtlSetBits(&map, 10, 40);
    CHECK(RtlNumberOfSetBits(&map) == 40);
    CHECK(RtlFindClearBitsAndSet(&map, 20, 0) == 50);
    CHECK(RtlFindLongestRunClear(&map, &start) == 10);
    CHECK(RtlAreBitsSet(&map, 10, 60) && !RtlAreBitsClear(&map, 5, 6));
}

static RTL_GENERIC_COMPARE_RESULTS NTAPI compare(PRTL_AVL_TABLE table, PVOID first, PVOID second)
{
    LONG left = *(PLONG)first, right = *(PLONG)second;

    return left < right ? GenericLessThan : left > right ? GenericGreaterThan : GenericEqual;
}

static PVOID NTAPI allocate(PRTL_AVL_TABLE table, CLONG size)
{
    return ExAllocatePoolWithTag(NonPagedPool, size, 0x526C7474);
}

static VOID NTAPI release(PRTL_AVL_TABLE table, PVOID block)
{
    ExFreePoolWithTag(block, 0x526C7474);
}

static void check_table(void)
{
    RTL_AVL_TABLE table;
    LONG expected = 0;

    RtlInitializeGenericTableAvl(&table, compare, allocate, release, NULL);
    for (LONG i = 0; i < 100; i++) {
        LONG key = i * 37 % 100;
        CHECK(RtlInsertElementGenericTableAvl(&table, &key, sizeof key, NULL) != NULL);
    }
    CHECK(RtlNumberGenericTableElementsAvl(&table) == 100);
    for (LONG key = 0; key < 100; key++) {
        PLONG found = RtlLookupElementGenericTableAvl(&table, &key);
        CHECK(found && *found == expected++);
        CHECK(RtlDeleteElementGenericTableAvl(&table, &key));
    }
}

static int __cdecl order(const void *first, const void *second)
{
    return *(const int *)first - *(const int *)second;
}

static void check_time(void)
{
    LARGE_INTEGER time = {.QuadPart = 125963012967890000ll}; /* 2000-02-29 12:34:56.789 */
    TIME_FIELDS fields;

    RtlTimeToTimeFields(&time, &fields);
    CHECK(fields.Year == 2000 && fields.Month == 2 && fields.Day == 29 && fields.Weekday == 2);
    CHECK(fields.Hour == 12 && fields.Minute == 34 && fields.Milliseconds == 789);
}

static void check_library(void)
{
    int numbers[5] = {5, 3, 9, 1, 7};

    qsort(numbers, 5, sizeof numbers[0], order);
    CHECK(numbers[0] == 1 && numbers[4] == 9);
    srand(1);
    CHECK(rand() == 41);
    CHECK(rand() == 18467);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
}

static struct check_group groups[] = {
    CHECK_GROUP(strings), CHECK_GROUP(formats), CHECK_GROUP(memory),  CHECK_GROUP(bitmaps),
    CHECK_GROUP(table),   CHECK_GROUP(time),    CHECK_GROUP(library),
};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverUnload = unload;
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    return groups_result();
}
