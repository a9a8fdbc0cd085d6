/* Drivers and machines come and go, one after the other and side by side, and nothing stays behind.
 */
#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/drivers/layout/layout.h"
#include "tests/host/loader/rig.h"

#if defined(SYSBUF_SANITIZED_address) || defined(SYSBUF_SANITIZED_thread)
enum { ROUNDS = 100, WARM_UP = 20, IS_SANITIZED = 1 };
#else
enum { ROUNDS = 1000, WARM_UP = 50, IS_SANITIZED = 0 };
#endif
enum { AT_ONCE = 4 };

/* What the process holds. */
struct holdings {
    long resident, mappings, descriptors, threads, arena_blocks;
};

static long count_entries(const char *folder)
{
    long count = 0;
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    while (readdir(stream))
        count++;
    closedir(stream);
    return count;
}

static long count_mappings(void)
{
    long count = 0;
    int c;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while ((c = getc(maps)) != EOF)
        count += c == '\n';
    fclose(maps);
    return count;
}

static long resident_pages(void)
{
    long size = 0, resident = 0;
    FILE *memory = fopen("/proc/self/statm", "r");
    assert_non_null(memory);
    assert_int_equal(fscanf(memory, "%ld %ld", &size, &resident), 2);
    fclose(memory);
    return resident;
}

/* The memory files behind the arenas: what they have allocated. */
static long arena_blocks(void)
{
    char path[64], target[256];
    struct stat status;
    long blocks = 0;
    for (int file = 0; file < 64; file++) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
        ssize_t length = readlink(path, target, sizeof(target) - 1);
        if (length <= 0)
            continue;
        target[length] = 0;
        if (strstr(target, "memfd:sysbuf") && stat(path, &status) == 0)
            blocks += (long)status.st_blocks;
    }
    return blocks;
}

static struct holdings take_stock(void)
{
    return (struct holdings){resident_pages(), count_mappings(), count_entries("/proc/self/fd"),
                             count_entries("/proc/self/task"), arena_blocks()};
}

static void assert_nothing_grew(struct holdings before)
{
    const long some_pages = 256; /* 1 MiB: heaps are not exact */
    struct holdings now = take_stock();
    assert_int_equal(now.descriptors, before.descriptors);
    assert_int_equal(now.threads, before.threads);
    assert_int_equal(now.arena_blocks, before.arena_blocks);
    if (IS_SANITIZED)
        return; /* their heaps keep what is freed for a while */
    assert_in_range(now.mappings, 0, (uint64_t)before.mappings + 2);
    assert_in_range(now.resident, 0, (uint64_t)(before.resident + some_pages));
}

static struct file layout, exporter;

static struct sb_driver *load(struct sb_machine *machine, struct file file, const char *name)
{
    struct sb_driver *driver;
    char error[256] = "";
    sb_status status =
        sb_machine_load_driver(machine, file.bytes, file.size, name, &driver, error, sizeof(error));
    if (status)
        fprintf(stderr, "%s: %08x %s\n", name, (unsigned)status, error);
    assert_int_equal(status, 0);
    return driver;
}

static void a_driver_reloads_without_growth(void **state)
{
    struct sb_machine *machine = machine_start(NULL);
    struct holdings before;
    (void)state;
    for (int i = 0; i < WARM_UP + ROUNDS; i++) {
        if (i == WARM_UP)
            before = take_stock();
        assert_int_equal(sb_machine_unload_driver(machine, load(machine, layout, "layout.sys")), 0);
    }
    assert_nothing_grew(before);
    sb_machine_destroy(machine);
}

static void refused_loads_leave_nothing(void **state)
{
    struct sb_machine *machine = machine_start(NULL);
    struct file wanting = file_read(SYSBUF_TEST_DRIVERS "/wanting.sys");
    struct holdings before;
    (void)state;
    for (int i = 0; i < WARM_UP + ROUNDS; i++) {
        if (i == WARM_UP)
            before = take_stock();
        assert_int_equal(sb_machine_load_driver(machine, wanting.bytes, wanting.size, "wanting.sys",
                                                NULL, NULL, 0),
                         STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    }
    assert_nothing_grew(before);
    sb_machine_destroy(machine);
    free(wanting.bytes);
}

static void be_silent(void *context, const char *text, size_t length)
{
    (void)context, (void)text, (void)length;
}

/* One life: a machine with a driver, a request, and for every third a crash at the end. */
static void live(int number)
{
    struct sb_machine *machine;
    struct sb_machine_options options = {.processors = 1 + (uint32_t)number % 4, .log = be_silent};
    struct sb_bug_check stop;
    uint32_t wrong = 1;
    assert_int_equal(sb_machine_create(&options, &machine), 0);
    struct sb_driver *driver = load(machine, layout, "layout.sys");
    assert_int_equal(send_code(machine, "\\\\.\\Layout", LAYOUT_CHECK, &wrong), 0);
    assert_int_equal(wrong, 0);
    if (number % 3 == 0) {
        assert_int_equal(send_code(machine, "\\\\.\\Layout", LAYOUT_WRITE_CODE, NULL),
                         SB_STATUS_MACHINE_STOPPED);
        assert_true(sb_machine_bug_check(machine, &stop));
        assert_int_equal(stop.code, 0xBE);
    } else if (number % 3 == 1) {
        assert_int_equal(sb_machine_unload_driver(machine, driver), 0);
    }
    sb_machine_destroy(machine);
}

static void machines_come_and_go_without_growth(void **state)
{
    struct holdings before;
    (void)state;
    sb_host_claim_faults();
    for (int i = 0; i < WARM_UP + 2 * ROUNDS; i++) {
        if (i == WARM_UP)
            before = take_stock();
        live(i);
    }
    assert_nothing_grew(before);
}

static void *live_often(void *context)
{
    for (int i = 0; i < ROUNDS / 4; i++)
        live(i + (int)(intptr_t)context);
    return NULL;
}

static void live_at_once(void)
{
    pthread_t threads[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, live_often, (void *)(intptr_t)i), 0);
    for (int i = 0; i < AT_ONCE; i++)
        pthread_join(threads[i], NULL);
}

static void machines_live_side_by_side(void **state)
{
    (void)state;
    sb_host_claim_faults();
    live_at_once();
    struct holdings before = take_stock();
    live_at_once();
    struct holdings now = take_stock();
    assert_int_equal(now.descriptors, before.descriptors);
    assert_int_equal(now.arena_blocks, before.arena_blocks);
}

static void one_image_serves_as_two_drivers(void **state)
{
    struct sb_machine *machine = machine_start(NULL);
    (void)state;
    struct sb_driver *first = load(machine, exporter, "first.sys");
    struct sb_driver *second = load(machine, exporter, "second.sys");
    assert_int_equal(
        sb_machine_load_driver(machine, exporter.bytes, exporter.size, "first.sys", NULL, NULL, 0),
        STATUS_IMAGE_ALREADY_LOADED);
    assert_int_equal(sb_machine_unload_driver(machine, first), 0);
    first = load(machine, exporter, "first.sys");
    assert_int_equal(sb_machine_unload_driver(machine, second), 0);
    assert_int_equal(sb_machine_unload_driver(machine, first), 0);
    sb_machine_destroy(machine);
}

/* The device holds the driver's image, but nobody gets at it any more. */
static void a_device_left_behind_keeps_its_driver(void **state)
{
    struct sb_machine *machine = machine_start(NULL);
    struct file file = file_read(SYSBUF_TEST_DRIVERS "/leftover-gcc.sys");
    struct sb_process *process;
    sb_handle handle;
    (void)state;
    struct sb_driver *driver = load(machine, file, "leftover.sys");
    assert_int_equal(sb_process_create(machine, NULL, &process), 0);
    assert_int_equal(sb_process_open(process, "\\Device\\Leftover", NULL, &handle), 0);
    assert_int_equal(sb_machine_unload_driver(machine, driver), STATUS_DEVICE_BUSY);
    assert_int_equal(sb_process_close(process, handle), 0);
    assert_int_equal(sb_machine_unload_driver(machine, driver), 0);
    assert_int_equal(sb_process_open(process, "\\Device\\Leftover", NULL, &handle),
                     STATUS_NO_SUCH_DEVICE);
    assert_int_equal(
        sb_machine_load_driver(machine, file.bytes, file.size, "leftover.sys", NULL, NULL, 0),
        STATUS_OBJECT_NAME_COLLISION);
    assert_false(sb_machine_bug_check(machine, &(struct sb_bug_check){0}));
    sb_process_destroy(process);
    sb_machine_destroy(machine);
    free(file.bytes);
}

#ifndef SYSBUF_SANITIZED_thread /* it holds signals back until the next system call */
static void *spin(void *machine)
{
    return (void *)(intptr_t)send_code(machine, "\\\\.\\Layout", LAYOUT_SPIN, NULL);
}

static void spins_until_the_stop(struct file file)
{
    struct sb_machine *machine = machine_start(NULL), *other = machine_start(NULL);
    pthread_t thread;
    void *status;
    uint32_t wrong = 1;
    load(machine, file, "layout.sys");
    load(other, layout, "layout.sys");
    sb_host_claim_faults();
    assert_int_equal(pthread_create(&thread, NULL, spin, machine), 0);
    usleep(20000);
    assert_int_equal(send_code(machine, "\\\\.\\Layout", LAYOUT_WRITE_CODE, NULL),
                     SB_STATUS_MACHINE_STOPPED);
    pthread_join(thread, &status);
    assert_int_equal((sb_status)(intptr_t)status, SB_STATUS_MACHINE_STOPPED);
    assert_int_equal(send_code(other, "\\\\.\\Layout", LAYOUT_CHECK, &wrong), 0);
    assert_int_equal(wrong, 0);
    sb_machine_destroy(machine);
    sb_machine_destroy(other);
}

static void a_stop_ends_endless_driver_code_and_touches_no_other_machine(void **state)
{
    (void)state;
    spins_until_the_stop(layout);
#ifndef SYSBUF_SANITIZED_address
    struct file fixed = file_read(SYSBUF_TEST_DRIVERS "/layout-fixed.sys");
    spins_until_the_stop(fixed);
    free(fixed.bytes);
#endif
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_reloads_without_growth),
        cmocka_unit_test(refused_loads_leave_nothing),
        cmocka_unit_test(machines_come_and_go_without_growth),
        cmocka_unit_test(machines_live_side_by_side),
        cmocka_unit_test(one_image_serves_as_two_drivers),
        cmocka_unit_test(a_device_left_behind_keeps_its_driver),
#ifndef SYSBUF_SANITIZED_thread
        cmocka_unit_test(a_stop_ends_endless_driver_code_and_touches_no_other_machine),
#endif
    };
    mallopt(M_ARENA_MAX, 1); /* a thread's own heap comes when it allocates, which is no growth */
    layout = file_read(SYSBUF_TEST_DRIVERS "/layout-msvc.sys");
    exporter = file_read(SYSBUF_TEST_DRIVERS "/exporter.sys");
    int failed = cmocka_run_group_tests_name("lives of drivers and machines", tests, NULL, NULL);
    free(layout.bytes);
    free(exporter.bytes);
    return failed;
}
