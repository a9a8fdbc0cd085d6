/* What drivers are told of processes, threads and images. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "loaded_driver.h"

#define CODE(function) (0x220000u + ((function) << 2))
enum { REFUSE = 0x800, ALLOW = 0x801 };
#define STATUS_ACCESS_DENIED ((sb_status)0xC0000022)

static struct {
    struct sb_machine *machine;
    struct sb_driver *driver;
    struct text log;
} rig;
static const char *compiler = "gcc";

/* The image with IMAGE_DLLCHARACTERISTICS_FORCE_INTEGRITY set, as /INTEGRITYCHECK does. */
static void load_watch(int force_integrity)
{
    char path[256];
    static uint8_t image[1 << 20];
    snprintf(path, sizeof path, "%s/watch-%s.sys", SYSBUF_TEST_DRIVERS, compiler);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(image, 1, sizeof image, file);
    fclose(file);
    uint32_t header;
    memcpy(&header, image + 0x3C, sizeof header);
    if (force_integrity)
        image[header + 0x5E] |= 0x80;
    assert_int_equal(
        sb_machine_load_driver(rig.machine, image, size, "watch.sys", &rig.driver, NULL, 0), 0);
}

static int start(void **state)
{
    (void)state;
    struct sb_machine_options options = {.log = keep_log, .log_context = &rig.log};
    forget_log(&rig.log);
    assert_int_equal(sb_machine_create(&options, &rig.machine), 0);
    sb_host_claim_faults();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sb_machine_destroy(rig.machine);
    return 0;
}

static int count(const char *text)
{
    int found = 0;
    for (const char *at = rig.log.bytes; (at = strstr(at, text)); at++)
        found++;
    return found;
}

static void expect(int times, const char *format, uint32_t id)
{
    char text[200];
    snprintf(text, sizeof text, format, id);
    if (count(text) != times)
        print_message("expected %d times: %s\n%s", times, text, rig.log.bytes);
    assert_int_equal(count(text), times);
}

static void send(struct sb_process *process, int function)
{
    struct sb_io_status result;
    sb_handle file;
    assert_int_equal(sb_process_open(process, "\\\\.\\Watch", NULL, &file), 0);
    assert_int_equal(sb_process_ioctl(process, file, 0, &result, CODE(function), NULL, 0, NULL, 0),
                     0);
    assert_int_equal(sb_process_close(process, file), 0);
}

static void extended_routine_needs_an_integrity_checked_image(void **state)
{
    (void)state;
    load_watch(0);
    expect(1, "watch: plain 00000000 again c000000d ex c0000022\n", 0);
    expect(1, "/INTEGRITYCHECK (-Wl,--forceinteg)\n", 0); /* the log says why */
}

static void processes_and_their_threads_are_told_in_order(void **state)
{
    struct sb_process *process;
    (void)state;
    load_watch(1);
    expect(1, "watch: plain 00000000 again c000000d ex 00000000\n", 0);
    forget_log(&rig.log);
    assert_int_equal(sb_process_create(rig.machine, NULL, &process), 0);
    uint32_t id = sb_process_id(process);
    expect(1, "watch: process %016X of 0000000000000004 created\nwatch: ex ", id);
    expect(1,
           "watch: ex %016X of 0000000000000004 by 0000000000000004: "
           "\\??\\C:\\Windows\\System32\\application.exe\n",
           id);
    expect(0, "watch: thread of %016X created", id);
    send(process, ALLOW);
    send(process, ALLOW);
    expect(1, "watch: thread of %016X created\n", id);
    sb_process_destroy(process);
    expect(1, "watch: thread of %016X gone\nwatch: process", id);
    expect(1, "watch: process %016X of 0000000000000004 gone\n", id);
    expect(1, "watch: ex %016X gone, current is it: 1\n", id);
}

static void a_driver_refuses_processes(void **state)
{
    struct sb_process *process, *refused = NULL;
    (void)state;
    load_watch(1);
    assert_int_equal(sb_process_create(rig.machine, NULL, &process), 0);
    send(process, REFUSE);
    forget_log(&rig.log);
    assert_int_equal(sb_process_create(rig.machine, NULL, &refused), STATUS_ACCESS_DENIED);
    assert_null(refused);
    expect(2, " gone", 0); /* both routines hear of its end */
    send(process, ALLOW);
    assert_int_equal(sb_process_create(rig.machine, NULL, &refused), 0);
    sb_process_destroy(refused);
    sb_process_destroy(process);
}

static void *send_once(void *process)
{
    send(process, ALLOW);
    return NULL;
}

static void a_linux_thread_is_a_thread_of_the_process_until_it_ends(void **state)
{
    struct sb_process *process;
    pthread_t thread;
    (void)state;
    load_watch(1);
    assert_int_equal(sb_process_create(rig.machine, NULL, &process), 0);
    uint32_t id = sb_process_id(process);
    pthread_create(&thread, NULL, send_once, process);
    pthread_join(thread, NULL);
    expect(1, "watch: thread of %016X created\n", id);
    expect(1, "watch: thread of %016X gone\n", id);
    sb_process_destroy(process);
    expect(1, "watch: thread of %016X gone\n", id);
}

static void images_of_drivers_are_told_before_they_run(void **state)
{
    char path[256];
    (void)state;
    load_watch(1);
    snprintf(path, sizeof path, "%s/plain-%s.sys", SYSBUF_TEST_DRIVERS, compiler);
    forget_log(&rig.log);
    assert_int_equal(sb_machine_load_driver_file(rig.machine, path, NULL, NULL, 0), 0);
    expect(1, "watch: image \\SystemRoot\\System32\\drivers\\plain-", 0);
    expect(1, ".sys in 0000000000000000, system 1, size ok 1\nplain: started", 0);
}

static void nothing_is_told_after_unload(void **state)
{
    struct sb_process *process;
    (void)state;
    load_watch(1);
    assert_int_equal(sb_machine_unload_driver(rig.machine, rig.driver), 0);
    expect(1, "watch: removed 00000000\n", 0);
    forget_log(&rig.log);
    assert_int_equal(sb_process_create(rig.machine, NULL, &process), 0);
    sb_process_destroy(process);
    expect(0, "watch", 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(extended_routine_needs_an_integrity_checked_image),
        TEST(processes_and_their_threads_are_told_in_order),
        TEST(a_driver_refuses_processes),
        TEST(a_linux_thread_is_a_thread_of_the_process_until_it_ends),
        TEST(images_of_drivers_are_told_before_they_run),
        TEST(nothing_is_told_after_unload),
    };
    int failed = cmocka_run_group_tests_name("watch built by gcc", tests, NULL, NULL);
    compiler = "clang";
    return failed + cmocka_run_group_tests_name("watch built by clang", tests, NULL, NULL);
}
