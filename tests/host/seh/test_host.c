/* The same driver on the whole host: its own tests run in DriverEntry; then what stops a machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <sysbuf/host.h>

#define STATUS_ACCESS_VIOLATION 0xC0000005u
#define CODE(which)             (0x222000u + ((uint32_t)(which) << 2))

enum fatal {
    FATAL_NULL,
    FATAL_KERNEL_ADDRESS,
    FATAL_DISPATCH_LEVEL,
    FATAL_RAISE,
    FATAL_OWN_CODE,
    FATAL_FAST_FAIL,
    FATAL_STACK_OVERFLOW,
    FATAL_RAISE_AT_DISPATCH_LEVEL
};

static const char *driver_path;

struct run {
    struct sb_bug_check stop;
    char log[16384];
    size_t used;
};

static void keep(void *context, const char *text, size_t length)
{
    struct run *run = context;

    if (run->used + length < sizeof run->log) {
        memcpy(run->log + run->used, text, length);
        run->used += length;
    }
}

/* A machine of its own for each: loads the driver, makes the request, says how it stopped. */
static void stop_a_machine(enum fatal which, struct run *run)
{
    struct sb_machine_options options = {.log = keep, .log_context = run};
    struct sb_machine *machine;
    struct sb_driver *driver;
    struct sb_process *process;
    struct sb_io_status io_status;
    sb_handle file;
    char error[512] = "";

    memset(run, 0, sizeof *run);
    assert_int_equal(sb_machine_create(&options, &machine), 0);
    sb_status status =
        sb_machine_load_driver_file(machine, driver_path, &driver, error, sizeof error);
    if (status)
        fprintf(stderr, "%s: %08x %s\n%s", driver_path, (unsigned)status, error, run->log);
    assert_int_equal(status, 0);
    assert_false(sb_machine_bug_check(machine, &run->stop));
    assert_int_equal(sb_process_create(machine, NULL, &process), 0);
    assert_int_equal(sb_process_open(process, "\\\\.\\SehTest", NULL, &file), 0);
    assert_int_equal(sb_process_ioctl(process, file, 0, &io_status, CODE(which), NULL, 0, NULL, 0),
                     SB_STATUS_MACHINE_STOPPED);
    assert_true(sb_machine_bug_check(machine, &run->stop));
    sb_process_destroy(process);
    sb_machine_destroy(machine);
}

static void assert_logged(const struct run *run, const char *text)
{
    if (!strstr(run->log, text))
        fprintf(stderr, "not in the log: %s\n%s", text, run->log);
    assert_non_null(strstr(run->log, text));
}

static void null_read_in_a_call_is_0x3b_and_described(void **state)
{
    static struct run run;

    (void)state;
    stop_a_machine(FATAL_NULL, &run);
    assert_int_equal(run.stop.code, 0x3B);
    assert_int_equal(run.stop.parameters[0], STATUS_ACCESS_VIOLATION);
    assert_string_equal(run.stop.module, strrchr(driver_path, '/') + 1);
    assert_logged(&run, "read_from+0x");
    assert_logged(&run, "(driver.c:");
    assert_logged(&run, "run_fatal+0x");
    assert_logged(&run, "complete+0x");
    assert_logged(&run, "!machine_call+0x");
    assert_logged(&run, "rcx=0000000000000008");
}

static void each_stop_has_its_code(void **state)
{
    static const struct {
        enum fatal which;
        uint32_t code;
    } stops[] = {
        {FATAL_KERNEL_ADDRESS, 0x50},
        {FATAL_DISPATCH_LEVEL, 0xD1},
        {FATAL_RAISE, 0x3B},
        {FATAL_OWN_CODE, 0xBE},
        {FATAL_FAST_FAIL, 0x139},
        {FATAL_STACK_OVERFLOW, 0x7F},
        {FATAL_RAISE_AT_DISPATCH_LEVEL, 0x1E},
    };
    static struct run run;

    (void)state;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        stop_a_machine(stops[i].which, &run);
        assert_int_equal(run.stop.code, stops[i].code);
        if (stops[i].which != FATAL_STACK_OVERFLOW)
            assert_logged(&run, "run_fatal+0x");
    }
}

static void fault_in_driver_entry_is_a_system_thread_exception(void **state)
{
    static struct run run;
    static uint8_t image[1 << 20];
    struct sb_machine_options options = {.log = keep, .log_context = &run};
    struct sb_machine *machine;
    struct sb_driver *driver;
    FILE *file = fopen(driver_path, "rb");

    (void)state;
    assert_non_null(file);
    size_t size = fread(image, 1, sizeof image, file);
    fclose(file);
    assert_int_equal(sb_machine_create(&options, &machine), 0);
    assert_int_equal(sb_machine_load_driver(machine, image, size, "seh!.sys", &driver, NULL, 0),
                     SB_STATUS_MACHINE_STOPPED);
    assert_true(sb_machine_bug_check(machine, &run.stop));
    assert_int_equal(run.stop.code, 0x7E);
    assert_int_equal(run.stop.parameters[0], 0xFFFFFFFF00000000u | STATUS_ACCESS_VIOLATION);
    assert_logged(&run, "DriverEntry+0x");
    sb_machine_destroy(machine);
}

/* Machines of their own, in threads of their own; what they raise meets in the unwinder's cache. */
static void *raise_in_machines(void *unused)
{
    (void)unused;
    for (int i = 0; i < 5; i++) {
        struct sb_machine *machine;
        struct sb_driver *driver;

        if (sb_machine_create(NULL, &machine) != 0)
            return "no machine";
        sb_status status = sb_machine_load_driver_file(machine, driver_path, &driver, NULL, 0);
        sb_machine_destroy(machine);
        if (status != 0)
            return "a test of the driver failed";
    }
    return NULL;
}

static void machines_raise_at_once(void **state)
{
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, raise_in_machines, NULL), 0);
    for (int i = 0; i < 4; i++) {
        void *failure;
        assert_int_equal(pthread_join(threads[i], &failure), 0);
        assert_null(failure);
    }
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_read_in_a_call_is_0x3b_and_described),
        cmocka_unit_test(each_stop_has_its_code),
        cmocka_unit_test(fault_in_driver_entry_is_a_system_thread_exception),
        cmocka_unit_test(machines_raise_at_once),
    };

    if (count != 2)
        return 2;
    driver_path = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
