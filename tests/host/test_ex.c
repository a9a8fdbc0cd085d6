/* Ex: a driver that checks it from inside, and frees that must stop the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <sysbuf/host.h>

static char text[8192];

static void keep_log(void *context, const char *line, size_t length)
{
    (void)context;
    size_t used = strlen(text);
    if (used + length < sizeof(text))
        memcpy(text + used, line, length);
}

static void load_and_unload(const char *path)
{
    struct sb_machine *machine;
    struct sb_driver *driver;
    uint64_t blocks[2], bytes[2];
    char error[512] = "";
    struct sb_machine_options options = {.log = keep_log, .processors = 2};
    memset(text, 0, sizeof(text));
    assert_int_equal(0, sb_machine_create(&options, &machine));
    sb_status status = sb_machine_load_driver_file(machine, path, &driver, error, sizeof(error));
    if (status)
        print_message("%s%s\n", text, error);
    assert_int_equal(0, status);
    assert_non_null(strstr(text, " 0 failed"));
    assert_int_equal(0, sb_machine_unload_driver(machine, driver));
    sb_machine_pool_usage(machine, &blocks[0], &bytes[0]);
    status = sb_machine_load_driver_file(machine, path, &driver, error, sizeof(error));
    if (status)
        print_message("%s%s\n", text, error);
    assert_int_equal(0, status);
    assert_int_equal(0, sb_machine_unload_driver(machine, driver));
    sb_machine_pool_usage(machine, &blocks[1], &bytes[1]);
    if (blocks[1] > blocks[0] + 8) /* a worker or two more */
        fail_msg("%d pool blocks were left", (int)(blocks[1] - blocks[0]));
    sb_machine_destroy(machine);
}

static void a_driver_built_by_gcc_finds_ex_right(void **state)
{
    (void)state;
    load_and_unload(SYSBUF_TEST_DRIVERS "/executive-gcc.sys");
}

static void a_driver_built_by_clang_finds_ex_right(void **state)
{
    (void)state;
    load_and_unload(SYSBUF_TEST_DRIVERS "/executive-clang.sys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_built_by_gcc_finds_ex_right),
        cmocka_unit_test(a_driver_built_by_clang_finds_ex_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
