/* Ke from inside a driver, built by either compiler: loading it is the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <sysbuf/host.h>

struct text {
    size_t length;
    char bytes[8192];
};

static void keep_log(void *context, const char *line, size_t length)
{
    struct text *log = context;

    if (log->length + length >= sizeof log->bytes)
        return;
    memcpy(log->bytes + log->length, line, length);
    log->length += length;
}

/* The driver tells each failed check and then refuses to load. */
static void load(const char *path)
{
    static struct text log;
    struct sb_machine_options options = {.processors = 4, .log = keep_log, .log_context = &log};
    struct sb_machine *machine;
    char error[512] = "";
    sb_status status;

    memset(&log, 0, sizeof log);
    sb_host_claim_faults();
    assert_int_equal(0, sb_machine_create(&options, &machine));
    status = sb_machine_load_driver_file(machine, path, NULL, error, sizeof error);
    sb_machine_destroy(machine);
    if (status != 0)
        print_message("%s%s\n", log.bytes, error);
    assert_int_equal(0, status);
    assert_non_null(strstr(log.bytes, " checks, 0 failed"));
}

static void a_gcc_driver_finds_ke_right(void **state)
{
    (void)state;
    load(SYSBUF_TEST_DRIVERS "/ke-gcc.sys");
}

static void a_clang_driver_finds_ke_right(void **state)
{
    (void)state;
    load(SYSBUF_TEST_DRIVERS "/ke-clang.sys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gcc_driver_finds_ke_right),
        cmocka_unit_test(a_clang_driver_finds_ke_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
