/*
 * The application's side of the requests driver as a Windows program: the tests are those of
 * tests/host/requests_*.c, which the host's test program runs too, each on a driver loaded anew.
 *
 *   calls SERVICE PATH [GROUP...] -- [TEST...]    the driver's groups and the tests are left out
 *
 * Prints what does not hold as drivers do; what the driver finds is in its debug output. Exit code
 * 0 if it came to its end; else 1, and the output says why.
 */
#include "../../host/requests_calls.h"
#include "../service.h"
#include "system.h"

static unsigned claims, failures;
static const char *current;

/* The test goes on, so that all that differs is seen. */
static void failed(const char *text, int line, const char *values)
{
    failures++;
    printf("calls %s: line %d: %s%s\n", current, line, text, values);
    fflush(stdout);
}

void call_claim(int holds, const char *text, int line)
{
    claims++;
    if (!holds)
        failed(text, line, "");
}

void call_claim_equal(uint64_t left, uint64_t right, const char *text, int line)
{
    char values[40];

    claims++;
    if (left == right)
        return;
    snprintf(values, sizeof(values), ": 0x%08x, not 0x%08x", (unsigned)left, (unsigned)right);
    failed(text, line, values);
}

/* The driver's own tests; it tells of them itself. */
static void inside(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    struct sb_io_status result;

    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result, code_of(INSIDE, BUFFERED),
                                      NULL, 0, fixture->buffer, 4),
                     0);
}

struct call_test {
    const char *name;
    void (*run)(void **state);
};

static void run(const struct call_test *test)
{
    static struct fixture fixture;
    void *state = &fixture;

    memset(&fixture, 0, sizeof(fixture));
    fixture.process = system_process();
    fixture.buffer = sb_process_allocate(fixture.process, 8192, false);
    current = test->name;
    test->run(&state);
    system_close_all();
    sb_process_free(fixture.process, fixture.buffer);
}

static bool run_loaded(SC_HANDLE service, const struct call_test *test)
{
    if (!StartServiceW(service, 0, NULL))
        return service_failed("start", GetLastError());
    run(test);
    return service_stop(service);
}

static bool is_named(const char *name, int count, WCHAR **names)
{
    WCHAR text[80];

    MultiByteToWideChar(CP_UTF8, 0, name, -1, text, ARRAYSIZE(text));
    for (int i = 0; i < count; i++)
        if (lstrcmpW(names[i], text) == 0)
            return true;
    return false;
}

static bool run_all(SC_HANDLE service, int count, WCHAR **left_out)
{
#define CALL_TEST(name) {#name, name},
    static const struct call_test tests[] = {REQUESTS_CALLS(CALL_TEST){"inside", inside}};

    for (size_t i = 0; i < ARRAYSIZE(tests); i++)
        if (is_named(tests[i].name, count, left_out))
            printf("calls: skips %s\n", tests[i].name);
        else if (!run_loaded(service, &tests[i]))
            return false;
    printf("calls: %u checks, %u failed\n", claims, failures);
    return true;
}

int wmain(int argc, WCHAR **argv)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS), service = NULL;
    int groups = 3;
    bool holds = false;

    while (groups < argc && lstrcmpW(argv[groups], L"--") != 0)
        groups++;
    if (groups < argc && manager)
        service = service_make(manager, argv[1], argv[2]);
    if (!service)
        return !service_failed("calls SERVICE PATH [GROUP...] -- [TEST...]", GetLastError());
    if (service_leave_out(argv[1], groups - 3, argv + 3))
        holds = run_all(service, argc - groups - 1, argv + groups + 1);
    service_forget(manager, service, argv[1]);
    CloseServiceHandle(manager);
    return holds ? 0 : 1;
}
