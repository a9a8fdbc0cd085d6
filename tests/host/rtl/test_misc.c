/* Time, versions, one-time initialisation, random numbers, error codes and name expressions. */
#include "rtl_test.h"

static void time_goes_to_fields_and_back(void **state)
{
    LARGE_INTEGER time = {.QuadPart = 0}, back;
    TIME_FIELDS fields;

    RtlTimeToTimeFields(&time, &fields);
    assert_int_equal(1601, fields.Year);
    assert_int_equal(1, fields.Month);
    assert_int_equal(1, fields.Day);
    assert_int_equal(1, fields.Weekday);
    RtlSecondsSince1970ToTime(951827696, &time); /* 2000-02-29 12:34:56, a Tuesday */
    time.QuadPart += 7890000;
    RtlTimeToTimeFields(&time, &fields);
    assert_int_equal(2000, fields.Year);
    assert_int_equal(2, fields.Month);
    assert_int_equal(29, fields.Day);
    assert_int_equal(12, fields.Hour);
    assert_int_equal(34, fields.Minute);
    assert_int_equal(56, fields.Second);
    assert_int_equal(789, fields.Milliseconds);
    assert_int_equal(2, fields.Weekday);
    assert_true(RtlTimeFieldsToTime(&fields, &back));
    assert_int_equal(time.QuadPart, back.QuadPart);
    for (LONGLONG day = 0; day < 500000; day += 37) {
        time.QuadPart = day * 864000000000ll;
        RtlTimeToTimeFields(&time, &fields);
        assert_true(RtlTimeFieldsToTime(&fields, &back));
        assert_int_equal(time.QuadPart, back.QuadPart);
    }
}

static void impossible_times_are_refused(void **state)
{
    TIME_FIELDS fields = {2001, 2, 29, 0, 0, 0, 0, 0};
    LARGE_INTEGER time = {.QuadPart = 5};
    ULONG seconds = 9;

    assert_false(RtlTimeFieldsToTime(&fields, &time));
    assert_int_equal(5, time.QuadPart);
    fields.Day = 28;
    assert_true(RtlTimeFieldsToTime(&fields, &time));
    fields.Hour = 24;
    assert_false(RtlTimeFieldsToTime(&fields, &time));
    time.QuadPart = 0;
    assert_false(RtlTimeToSecondsSince1970(&time, &seconds));
    assert_int_equal(9, seconds);
    RtlSecondsSince1980ToTime(1000, &time);
    assert_true(RtlTimeToSecondsSince1980(&time, &seconds));
    assert_int_equal(1000, seconds);
    assert_true(RtlTimeToSecondsSince1970(&time, &seconds));
    assert_int_equal(315532800 + 1000, seconds);
}

static NTSTATUS verify(ULONG major, ULONG minor, ULONG build, UCHAR condition)
{
    RTL_OSVERSIONINFOEXW wanted = {
        .dwMajorVersion = major, .dwMinorVersion = minor, .dwBuildNumber = build};
    ULONG types = VER_MAJORVERSION | VER_MINORVERSION | (build ? VER_BUILDNUMBER : 0);
    ULONGLONG mask = 0;

    mask = VerSetConditionMask(mask, VER_MAJORVERSION, condition);
    mask = VerSetConditionMask(mask, VER_MINORVERSION, condition);
    mask = VerSetConditionMask(mask, VER_BUILDNUMBER, condition);
    return RtlVerifyVersionInfo(&wanted, types, mask);
}

static void the_version_is_windows_10(void **state)
{
    RTL_OSVERSIONINFOEXW information = {.dwOSVersionInfoSize = sizeof information};

    assert_status(STATUS_SUCCESS, RtlGetVersion((PRTL_OSVERSIONINFOW)&information));
    assert_int_equal(10, information.dwMajorVersion);
    assert_int_equal(0, information.dwMinorVersion);
    assert_int_equal(19045, information.dwBuildNumber);
    assert_int_equal(VER_NT_WORKSTATION, information.wProductType);
    assert_status(STATUS_SUCCESS, verify(6, 1, 0, VER_GREATER_EQUAL));
    assert_status(STATUS_SUCCESS, verify(10, 0, 0, VER_EQUAL));
    assert_status(STATUS_SUCCESS, verify(10, 0, 19041, VER_GREATER_EQUAL));
    assert_status(STATUS_REVISION_MISMATCH, verify(10, 0, 22000, VER_GREATER_EQUAL));
    assert_status(STATUS_REVISION_MISMATCH, verify(10, 1, 0, VER_GREATER_EQUAL));
    assert_status(STATUS_REVISION_MISMATCH, verify(6, 3, 0, VER_LESS));
    assert_status(STATUS_INVALID_PARAMETER, RtlVerifyVersionInfo(&information, 0, 1));
}

static int initialisations;

static ULONG NTAPI initialise(PRTL_RUN_ONCE once, PVOID parameter, PVOID *context)
{
    initialisations++;
    *context = parameter;
    return parameter != NULL;
}

static void initialisation_runs_once(void **state)
{
    RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
    PVOID context = NULL;

    assert_status(STATUS_UNSUCCESSFUL, RtlRunOnceExecuteOnce(&once, initialise, NULL, &context));
    assert_null(once.Ptr);
    assert_status(STATUS_SUCCESS,
                  RtlRunOnceExecuteOnce(&once, initialise, (PVOID)0x1000, &context));
    assert_ptr_equal((PVOID)0x1000, context);
    context = NULL;
    assert_status(STATUS_SUCCESS,
                  RtlRunOnceExecuteOnce(&once, initialise, (PVOID)0x2000, &context));
    assert_ptr_equal((PVOID)0x1000, context);
    assert_int_equal(2, initialisations);
}

static void initialisation_may_be_split(void **state)
{
    RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
    PVOID context = NULL;

    assert_status(STATUS_UNSUCCESSFUL,
                  RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context));
    assert_status(STATUS_PENDING, RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context));
    assert_status(STATUS_PENDING, RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context));
    assert_status(STATUS_INVALID_PARAMETER, RtlRunOnceBeginInitialize(&once, 0, &context));
    assert_status(STATUS_INVALID_OWNER, RtlRunOnceComplete(&once, 0, NULL));
    assert_status(STATUS_INVALID_PARAMETER,
                  RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, (PVOID)1));
    assert_status(STATUS_SUCCESS, RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, (PVOID)0x30));
    assert_status(STATUS_UNSUCCESSFUL, RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, (PVOID)0x40));
    assert_status(STATUS_SUCCESS,
                  RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context));
    assert_ptr_equal((PVOID)0x30, context);
}

static void random_numbers_repeat_with_their_seed(void **state)
{
    ULONG seed = 1, again = 1;

    for (int i = 0; i < 1000; i++) {
        ULONG number = RtlRandom(&seed);
        assert_in_range(number, 0, MAXLONG - 1);
        assert_int_equal(number, RtlRandom(&again));
        assert_int_not_equal(number, seed);
    }
}

static void statuses_become_win32_errors(void **state)
{
    assert_int_equal(0, RtlNtStatusToDosError(STATUS_SUCCESS));
    assert_int_equal(5, RtlNtStatusToDosError(STATUS_ACCESS_DENIED));
    assert_int_equal(87, RtlNtStatusToDosError(STATUS_INVALID_PARAMETER));
    assert_int_equal(1, RtlNtStatusToDosError(STATUS_INVALID_DEVICE_REQUEST));
    assert_int_equal(122, RtlNtStatusToDosError(STATUS_BUFFER_TOO_SMALL));
    assert_int_equal(234, RtlNtStatusToDosError(STATUS_BUFFER_OVERFLOW));
    assert_int_equal(995, RtlNtStatusToDosError(STATUS_CANCELLED));
    assert_int_equal(1450, RtlNtStatusToDosError(STATUS_INSUFFICIENT_RESOURCES));
    assert_int_equal(5, RtlNtStatusToDosError((NTSTATUS)0xD0000022));
    assert_int_equal(1234, RtlNtStatusToDosError((NTSTATUS)(0xC0070000 | 1234)));
    assert_int_equal(0xE0001234, RtlNtStatusToDosError((NTSTATUS)0xE0001234));
    assert_int_equal(317, RtlNtStatusToDosError((NTSTATUS)0xC0FFFFFF));
}

static BOOLEAN matches(PCWSTR expression, PCWSTR name)
{
    UNICODE_STRING pattern, string;

    RtlInitUnicodeString(&pattern, expression);
    RtlInitUnicodeString(&string, name);
    return FsRtlIsNameInExpression(&pattern, &string, TRUE, NULL);
}

static void names_match_expressions(void **state)
{
    static WCHAR stars[600], letters[600];

    assert_true(matches(L"*", L"anything.at.all"));
    assert_true(matches(L"*.TXT", L"a.b.txt"));
    assert_false(matches(L"*.TXT", L"a.txt.b"));
    assert_true(matches(L"A?C", L"abc"));
    assert_false(matches(L"A?C", L"ac"));
    assert_true(matches(L"A*B*C", L"aXbbYbZc"));
    assert_false(matches(L"ABC", L"abcd"));
    assert_true(matches(L"<.TXT", L"a.b.txt"));
    assert_false(matches(L"<B", L"a.b"));
    assert_true(matches(L">>>.C", L"ab.c"));
    assert_false(matches(L">.C", L"ab.c"));
    assert_true(matches(L"<\"*", L"noextension"));
    assert_true(matches(L"AB\"", L"ab"));
    assert_true(matches(L"AB\"", L"ab."));
    assert_false(matches(L"*", L""));
    assert_true(matches(L"", L""));
    for (int i = 0; i < 599; i++) {
        stars[i] = i % 2 ? 'A' : '*';
        letters[i] = 'a';
    }
    assert_true(matches(stars, letters));
    letters[598] = 'b';
    assert_false(matches(L"*A*A*A*A*A*A*A*A*A*A*A*A*A*A*A*A*A*A*AC", letters));
    assert_int_equal(0, pool_blocks);
}

static void paths_are_dissected(void **state)
{
    UNICODE_STRING path = SB_UNICODE(L"\\one\\two\\three"), first, rest;

    FsRtlDissectName(path, &first, &rest);
    assert_unicode(L"one", first);
    assert_unicode(L"two\\three", rest);
    FsRtlDissectName(rest, &first, &rest);
    FsRtlDissectName(rest, &first, &rest);
    assert_unicode(L"three", first);
    assert_int_equal(0, rest.Length);
    assert_false(FsRtlDoesNameContainWildCards(&first));
}

static LONG compare_altitudes(PCWSTR first, PCWSTR second)
{
    UNICODE_STRING left, right;

    RtlInitUnicodeString(&left, first);
    RtlInitUnicodeString(&right, second);
    return RtlCompareAltitudes(&left, &right);
}

static void altitudes_compare_as_numbers(void **state)
{
    assert_true(compare_altitudes(L"100", L"99") > 0);
    assert_true(compare_altitudes(L"100.5", L"100.45") > 0);
    assert_true(compare_altitudes(L"3333.33", L"3333.333") < 0);
    assert_int_equal(0, compare_altitudes(L"03333", L"3333.0"));
}

NTSTATUS NTAPI RtlSystemTimeToLocalTime(PLARGE_INTEGER, PLARGE_INTEGER);
NTSTATUS NTAPI RtlLocalTimeToSystemTime(PLARGE_INTEGER, PLARGE_INTEGER);

/* The test's time zone is one hour west. */
static void local_time_is_system_time_less_the_bias(void **state)
{
    LARGE_INTEGER system = {.QuadPart = 72000000000}, local;

    assert_status(STATUS_SUCCESS, RtlSystemTimeToLocalTime(&system, &local));
    assert_int_equal(36000000000, local.QuadPart);
    assert_status(STATUS_SUCCESS, RtlLocalTimeToSystemTime(&local, &local));
    assert_int_equal(system.QuadPart, local.QuadPart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_goes_to_fields_and_back),
        cmocka_unit_test(impossible_times_are_refused),
        cmocka_unit_test(the_version_is_windows_10),
        cmocka_unit_test(initialisation_runs_once),
        cmocka_unit_test(initialisation_may_be_split),
        cmocka_unit_test(random_numbers_repeat_with_their_seed),
        cmocka_unit_test(statuses_become_win32_errors),
        cmocka_unit_test(names_match_expressions),
        cmocka_unit_test(paths_are_dissected),
        cmocka_unit_test(altitudes_compare_as_numbers),
        cmocka_unit_test(local_time_is_system_time_less_the_bias),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
