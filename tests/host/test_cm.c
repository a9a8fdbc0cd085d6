/* The registry from inside a driver, built by either compiler: loading it is the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <sysbuf/host.h>

struct text {
    size_t length;
    char bytes[4096];
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
    struct text log = {0, ""};
    struct sb_machine_options options = {.log = keep_log, .log_context = &log};
    struct sb_machine *machine;
    struct sb_driver *driver;
    char error[512] = "";
    sb_status status;

    assert_int_equal(0, sb_machine_create(&options, &machine));
    status = sb_machine_load_driver_file(machine, path, &driver, error, sizeof error);
    sb_machine_destroy(machine);
    if (status != 0)
        print_message("%s%s\n", log.bytes, error);
    assert_int_equal(0, status);
    assert_non_null(strstr(log.bytes, " 0 failed"));
}

static void a_gcc_driver_finds_the_registry_right(void **state)
{
    (void)state;
    load(SYSBUF_TEST_DRIVERS "/cm-gcc.sys");
}

static void a_clang_driver_finds_the_registry_right(void **state)
{
    (void)state;
    load(SYSBUF_TEST_DRIVERS "/cm-clang.sys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gcc_driver_finds_the_registry_right),
        cmocka_unit_test(a_clang_driver_finds_the_registry_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
