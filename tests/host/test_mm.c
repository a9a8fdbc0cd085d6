/* Mm: a driver that checks it from inside, on its callers' memory, and a machine short of memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "loaded_driver.h"

#define CODE(function) (0x220003u + ((0x800u + (function)) << 2))
enum {
    USE_BUFFER,
    KEEP_BUFFER,
    CHECK_KEPT,
    VIRTUAL,
    SHARE,
    LOOK,
    FAILURES,
    MAP_FILE,
    MAP_IMAGE,
    MISTAKE
};
enum { PAGE = 4096 };

struct fixture {
    struct sb_machine *machine;
    struct sb_driver *driver;
    struct sb_process *process;
    sb_handle file;
    uint8_t *buffer;
    char root[64];
    struct text log;
};

static const char *driver_path;

static int start(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof(fixture));
    strcpy(fixture.root, "/tmp/sysbuf-mm-XXXXXX");
    assert_non_null(mkdtemp(fixture.root));
    struct sb_machine_options options = {
        .root_directory = fixture.root, .log = keep_log, .log_context = &fixture.log};
    assert_int_equal(sb_machine_create(&options, &fixture.machine), 0);
    fixture.driver = load_driver(fixture.machine, driver_path, &fixture.log);
    assert_non_null(strstr(fixture.log.bytes, " 0 failed"));
    assert_int_equal(sb_process_create(fixture.machine, NULL, &fixture.process), 0);
    assert_int_equal(sb_process_open(fixture.process, "\\\\.\\Memory", NULL, &fixture.file), 0);
    fixture.buffer = sb_process_allocate(fixture.process, 2 * PAGE, false);
    assert_non_null(fixture.buffer);
    *state = &fixture;
    return 0;
}

static sb_status call(struct fixture *fixture, unsigned function, void *output, uint32_t length)
{
    struct sb_io_status result;
    return sb_process_ioctl(fixture->process, fixture->file, 0, &result, CODE(function), NULL, 0,
                            output, length);
}

static int stop(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(call(fixture, FAILURES, fixture->buffer, 4), 0);
    if (fixture->buffer[0])
        print_message("%s", fixture->log.bytes);
    assert_int_equal(fixture->buffer[0], 0);
    assert_int_equal(sb_process_close(fixture->process, fixture->file), 0);
    sb_process_destroy(fixture->process);
    assert_int_equal(sb_machine_unload_driver(fixture->machine, fixture->driver), 0);
    sb_machine_destroy(fixture->machine);
    assert_int_equal(rmdir(fixture->root), 0);
    return 0;
}

static void driver_sees_a_users_pages_at_its_own_addresses(void **state)
{
    struct fixture *fixture = claim_state(state);
    for (int i = 0; i < 2 * PAGE; i++)
        fixture->buffer[i] = (uint8_t)i;
    assert_int_equal(call(fixture, USE_BUFFER, fixture->buffer + 5 - 5, 2 * PAGE), 0);
    assert_int_equal(fixture->buffer[0], 0xAB);
    assert_int_equal(fixture->buffer[2 * PAGE - 1], 0xCD);
    assert_int_equal(fixture->buffer[1], 1);
}

static void locked_pages_outlive_the_buffer(void **state)
{
    struct fixture *fixture = claim_state(state);
    uint8_t *buffer = sb_process_allocate(fixture->process, 2 * PAGE, false);
    memset(buffer, 0x5E, 2 * PAGE);
    assert_int_equal(call(fixture, KEEP_BUFFER, buffer + 100, PAGE), 0);
    sb_process_free(fixture->process, buffer);
    for (int i = 0; i < 4; i++)
        memset(sb_process_allocate(fixture->process, 2 * PAGE, false), 0, 2 * PAGE);
    assert_int_equal(call(fixture, CHECK_KEPT, NULL, 0), 0);
}

static void virtual_memory_of_the_caller_is_managed(void **state)
{
    assert_int_equal(call(claim_state(state), VIRTUAL, NULL, 0), 0);
}

static void a_page_is_shared_with_the_driver(void **state)
{
    struct fixture *fixture = claim_state(state);
    assert_int_equal(call(fixture, SHARE, fixture->buffer, 8), 0);
    volatile uint8_t *shared = *(uint8_t **)fixture->buffer;
    assert_int_equal(shared[1], 0x21);
    shared[0] = 0x84;
    assert_int_equal(call(fixture, LOOK, fixture->buffer, 1), 0);
    assert_int_equal(fixture->buffer[0], 0x84);
}

static void applications_share_a_named_section(void **state)
{
    static const char name[] = "\\BaseNamedObjects\\Shared";
    struct fixture *fixture = claim_state(state);
    struct sb_process *other;
    sb_handle section, second;
    uint8_t *first_view, *second_view;
    size_t size = 0, rest = 0;
    assert_int_equal(
        sb_process_create_section(fixture->process, name, 100000, SB_PAGE_READ_WRITE, &section), 0);
    assert_int_equal(
        sb_process_create_section(fixture->process, name, 100000, SB_PAGE_READ_WRITE, &second),
        (sb_status)0xC0000035);
    assert_int_equal(sb_process_create(fixture->machine, NULL, &other), 0);
    assert_int_equal(sb_process_open_section(other, name, 4 /* map, read */, &second), 0);
    assert_int_equal(sb_process_map(fixture->process, section, 0, &size, SB_PAGE_READ_WRITE,
                                    (void **)&first_view),
                     0);
    assert_int_equal(size, 25 * PAGE);
    assert_int_equal(
        sb_process_map(other, second, 65536, &rest, SB_PAGE_READ_WRITE, (void **)&second_view),
        (sb_status)0xC0000022);
    assert_int_equal(
        sb_process_map(other, second, 65536, &rest, SB_PAGE_READ_ONLY, (void **)&second_view), 0);
    assert_int_equal(rest, 9 * PAGE);
    first_view[65536 + 77] = 0x1B;
    assert_int_equal(second_view[77], 0x1B);
    assert_int_equal(sb_process_unmap(other, first_view), (sb_status)0xC0000019);
    assert_int_equal(sb_process_unmap(fixture->process, first_view + 5000), 0);
    assert_int_equal(second_view[77], 0x1B);
    assert_int_equal(sb_process_close(fixture->process, section), 0);
    sb_process_destroy(other);
}

static void a_file_is_mapped(void **state)
{
    struct fixture *fixture = claim_state(state);
    char path[96], expected[5000], contents[5001];
    snprintf(path, sizeof(path), "%s/data.bin", fixture->root);
    memset(expected, 'd', sizeof(expected));
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(expected, 1, sizeof(expected), file), sizeof(expected));
    fclose(file);
    assert_int_equal(call(fixture, MAP_FILE, NULL, 0), 0);
    expected[10] = expected[4999] = 'X';
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(contents, 1, sizeof(contents), file), sizeof(expected));
    fclose(file);
    assert_memory_equal(contents, expected, sizeof(expected));
    assert_int_equal(unlink(path), 0);
}

static void copy_file(const char *from, const char *to)
{
    char bytes[4096];
    size_t length;
    FILE *source = fopen(from, "rb"), *target = fopen(to, "wb");
    assert_non_null(source);
    assert_non_null(target);
    while ((length = fread(bytes, 1, sizeof(bytes), source)) > 0)
        assert_int_equal(fwrite(bytes, 1, length, target), length);
    fclose(source);
    fclose(target);
}

static void an_image_is_mapped(void **state)
{
    struct fixture *fixture = claim_state(state);
    char image[96], data[96];
    snprintf(image, sizeof(image), "%s/image.sys", fixture->root);
    snprintf(data, sizeof(data), "%s/data.bin", fixture->root);
    copy_file(driver_path, image);
    FILE *file = fopen(data, "wb");
    assert_non_null(file);
    fputs("no image", file);
    fclose(file);
    assert_int_equal(call(fixture, MAP_IMAGE, NULL, 0), 0);
    assert_int_equal(unlink(image), 0);
    assert_int_equal(unlink(data), 0);
}

static void mistakes_stop_the_machine(void **state)
{
    static const struct {
        uint32_t code;
        uint64_t parameter;
        uint64_t fourth;
    } expected[] = {
        {0xC2, 0x07, 0},          /* BAD_POOL_CALLER: freed twice */
        {0xC2, 0x0A, 0x7265684F}, /* with another tag, which is parameter 4 */
        {0xC2, 0x46, 0},          /* no pool block */
        {0xFC, 0, 0},             /* ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY */
        {0x4E, 0x07, 0},          /* PFN_LIST_CORRUPT: unlocked too often */
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
        struct sb_bug_check stop_information;
        struct fixture fixture;
        struct sb_machine_options options = {.log = keep_log, .log_context = &fixture.log};

        forget_log(&fixture.log);
        assert_int_equal(sb_machine_create(&options, &fixture.machine), 0);
        assert_int_equal(sb_machine_load_driver_file(fixture.machine, driver_path, NULL, NULL, 0),
                         0);
        assert_int_equal(sb_process_create(fixture.machine, NULL, &fixture.process), 0);
        assert_int_equal(sb_process_open(fixture.process, "\\\\.\\Memory", NULL, &fixture.file), 0);
        assert_int_equal(call(&fixture, MISTAKE + i, NULL, 0), SB_STATUS_MACHINE_STOPPED);
        assert_true(sb_machine_bug_check(fixture.machine, &stop_information));
        assert_int_equal(stop_information.code, expected[i].code);
        if (expected[i].parameter)
            assert_int_equal(stop_information.parameters[0], expected[i].parameter);
        if (expected[i].fourth)
            assert_int_equal(stop_information.parameters[3], expected[i].fourth);
        sb_machine_destroy(fixture.machine);
    }
}

static void memory_is_limited(void **state)
{
    struct sb_machine *machine;
    struct sb_process *process;
    struct sb_machine_options options = {.memory_limit = 4 << 20};
    (void)state;
    assert_int_equal(sb_machine_create(&options, &machine), 0);
    assert_int_equal(sb_process_create(machine, NULL, &process), 0);
    assert_null(sb_process_allocate(process, 8 << 20, false));
    for (int i = 0; i < 20; i++) {
        void *buffer = sb_process_allocate(process, 2 << 20, false);
        assert_non_null(buffer);
        sb_process_free(process, buffer);
    }
    sb_process_destroy(process);
    for (int i = 0; i < 5; i++) { /* what a process leaves behind is freed with it */
        assert_int_equal(sb_process_create(machine, NULL, &process), 0);
        assert_non_null(sb_process_allocate(process, 2 << 20, false));
        sb_process_destroy(process);
    }
    sb_machine_destroy(machine);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(driver_sees_a_users_pages_at_its_own_addresses),
        TEST(locked_pages_outlive_the_buffer),
        TEST(virtual_memory_of_the_caller_is_managed),
        TEST(a_page_is_shared_with_the_driver),
        TEST(a_file_is_mapped),
        TEST(an_image_is_mapped),
        TEST(applications_share_a_named_section),
        cmocka_unit_test(mistakes_stop_the_machine),
        cmocka_unit_test(memory_is_limited),
    };
    driver_path = SYSBUF_TEST_DRIVERS "/memory-gcc.sys";
    int failed = cmocka_run_group_tests_name("memory built by gcc", tests, NULL, NULL);
    driver_path = SYSBUF_TEST_DRIVERS "/memory-clang.sys";
    return failed + cmocka_run_group_tests_name("memory built by clang", tests, NULL, NULL);
}
