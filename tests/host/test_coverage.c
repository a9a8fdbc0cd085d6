/* Block coverage of a driver that knows nothing of it, and what is read from its code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sysbuf/code.h>

#include "door/contract.h"
#include "maze/contract.h"

#define STATUS_ACCESS_VIOLATION   ((sb_status)0xC0000005)
#define STATUS_INVALID_PARAMETER  ((sb_status)0xC000000D)
#define STATUS_NOT_SUPPORTED      ((sb_status)0xC00000BB)
#define STATUS_ALREADY_REGISTERED ((sb_status)0xC0000718)
#define STATUS_BREAKPOINT         0x80000003u
#define SYSTEM_SERVICE_EXCEPTION  0x3Bu

enum { MOST_CODES = 64 };

struct fixture {
    const char *path;
    struct sb_machine *machine;
    struct sb_driver *driver;
    struct sb_process *process;
    sb_handle file;
    uint8_t *buffer;
    struct sb_code *code;
    struct sb_coverage coverage;
};

static void hide(void *context, const char *text, size_t length)
{
    (void)context, (void)text, (void)length;
}

static void read_code(struct fixture *fixture)
{
    static uint8_t file[1 << 20];
    struct sb_image *image;
    FILE *stream = fopen(fixture->path, "rb");
    assert_non_null(stream);
    size_t size = fread(file, 1, sizeof(file), stream);
    fclose(stream);
    assert_int_equal(sb_image_open(file, size, &image, NULL, 0), 0);
    assert_int_equal(sb_code_read(image, &fixture->code), 0);
    sb_image_close(image);
}

static int start(void **state, const char *path)
{
    struct sb_machine_options options = {.log = hide};
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->path = path;
    assert_int_equal(sb_machine_create(&options, &fixture->machine), 0);
    assert_int_equal(sb_machine_load_driver_file(fixture->machine, path, &fixture->driver, NULL, 0),
                     0);
    assert_int_equal(sb_process_create(fixture->machine, NULL, &fixture->process), 0);
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\Maze", NULL, &fixture->file), 0);
    fixture->buffer = sb_process_allocate(fixture->process, 4096, false);
    read_code(fixture);
    struct sb_coverage *coverage = &fixture->coverage;
    coverage->count = (uint32_t)sb_code_blocks(fixture->code, &coverage->addresses);
    coverage->seen = calloc(coverage->count, 1);
    coverage->order = calloc(coverage->count, sizeof(*coverage->order));
    *state = fixture;
    return 0;
}

static int start_gcc(void **state)
{
    return start(state, SYSBUF_TEST_DRIVERS "/maze-gcc.sys");
}

static int start_clang(void **state)
{
    return start(state, SYSBUF_TEST_DRIVERS "/maze-clang.sys");
}

static int stop(void **state)
{
    struct fixture *fixture = *state;
    sb_process_destroy(fixture->process);
    sb_machine_destroy(fixture->machine);
    sb_code_free(fixture->code);
    free(fixture->coverage.seen);
    free(fixture->coverage.order);
    free(fixture);
    return 0;
}

static sb_status call(struct fixture *fixture, uint32_t code, uint32_t input)
{
    struct sb_io_status status;
    return sb_process_ioctl(fixture->process, fixture->file, 0, &status, code, fixture->buffer,
                            input, fixture->buffer, 64);
}

static uint32_t seen_count(const struct sb_coverage *coverage)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < coverage->count; i++)
        seen += coverage->seen[i];
    return seen;
}

static void codes_of_every_form_are_found(void **state)
{
    static const uint32_t expected[] = {MAZE_SUM,  MAZE_KEY,   MAZE_LOCK, MAZE_BREAKPOINT,
                                        MAZE_PEND, MAZE_FAULT, MAZE_HANG, MAZE_COUNT};
    struct fixture *fixture = *state;
    uint32_t codes[MOST_CODES];
    size_t count = sb_driver_control_codes(fixture->driver, codes, MOST_CODES);
    assert_in_range(count, sizeof(expected) / sizeof(*expected), MOST_CODES);
    for (size_t i = 1; i < count; i++)
        assert_true(codes[i - 1] < codes[i]);
    for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
        bool found = false;
        for (size_t k = 0; k < count; k++)
            found |= codes[k] == expected[i];
        if (!found)
            fail_msg("0x%x was not found", expected[i]);
    }
}

static void check_numbers(const char *path)
{
    static const uint64_t expected[] = {DOOR_FIRST, DOOR_SECOND, DOOR_THIRD};
    struct fixture door = {.path = path};
    const struct sb_code_constant *constants;
    read_code(&door);
    size_t count = sb_code_constants(door.code, &constants);
    for (size_t i = 0; i < 3; i++) {
        bool found = false;
        for (size_t k = 0; k < count; k++)
            found |= constants[k].value == expected[i] && constants[k].is_compared;
        assert_true(found);
    }
    sb_code_free(door.code);
}

static void compared_numbers_are_found(void **state)
{
    (void)state;
    check_numbers(SYSBUF_TEST_DRIVERS "/door-gcc.sys");
    check_numbers(SYSBUF_TEST_DRIVERS "/door-clang.sys");
}

static void a_block_is_noted_once_and_when_it_runs(void **state)
{
    struct fixture *fixture = *state;
    struct sb_coverage *coverage = &fixture->coverage;
    sb_host_claim_faults();
    assert_int_equal(sb_driver_coverage_start(fixture->driver, coverage), 0);
    assert_int_equal(sb_driver_coverage_start(fixture->driver, coverage),
                     STATUS_ALREADY_REGISTERED);
    assert_int_equal(coverage->order_count, 0);
    call(fixture, MAZE_SUM, 0);
    uint32_t without_loop = coverage->order_count;
    assert_in_range(without_loop, 3, coverage->count - 1);
    call(fixture, MAZE_SUM, 0);
    assert_int_equal(coverage->order_count, without_loop);
    call(fixture, MAZE_SUM, 40);
    assert_in_range(coverage->order_count, without_loop + 1, coverage->count);
    assert_int_equal(fixture->buffer[0], 0);
    assert_int_equal(coverage->order_count, seen_count(coverage));
}

static void the_sum_is_right_under_coverage(void **state)
{
    struct fixture *fixture = *state;
    uint32_t total;
    sb_host_claim_faults();
    assert_int_equal(sb_driver_coverage_start(fixture->driver, &fixture->coverage), 0);
    memset(fixture->buffer, 3, 40);
    assert_int_equal(call(fixture, MAZE_SUM, 40), 0);
    memcpy(&total, fixture->buffer, sizeof(total));
    assert_int_equal(total, 120);
}

static void coverage_begins_anew_on_request(void **state)
{
    struct fixture *fixture = *state;
    struct sb_coverage *coverage = &fixture->coverage;
    sb_host_claim_faults();
    assert_int_equal(sb_driver_coverage_start(fixture->driver, coverage), 0);
    call(fixture, MAZE_SUM, 8);
    uint32_t first = coverage->order_count;
    sb_driver_coverage_again(fixture->driver);
    assert_int_equal(coverage->order_count, 0);
    assert_int_equal(seen_count(coverage), 0);
    call(fixture, MAZE_SUM, 8);
    assert_int_equal(coverage->order_count, first);
    sb_driver_coverage_stop(fixture->driver);
    call(fixture, MAZE_COUNT, 0);
    assert_int_equal(coverage->order_count, first);
}

static void wrong_addresses_are_refused(void **state)
{
    struct fixture *fixture = *state;
    uint32_t descending[] = {fixture->coverage.addresses[1], fixture->coverage.addresses[0]};
    uint32_t data[] = {0}, outside[] = {0x7FFFFFFF};
    struct sb_coverage coverage = fixture->coverage;
    coverage.count = 2;
    coverage.addresses = descending;
    assert_int_equal(sb_driver_coverage_start(fixture->driver, &coverage),
                     STATUS_INVALID_PARAMETER);
    coverage.count = 1;
    coverage.addresses = data;
    assert_int_equal(sb_driver_coverage_start(fixture->driver, &coverage),
                     STATUS_INVALID_PARAMETER);
    coverage.addresses = outside;
    assert_int_equal(sb_driver_coverage_start(fixture->driver, &coverage),
                     STATUS_INVALID_PARAMETER);
}

static void the_drivers_own_breakpoint_still_stops_the_machine(void **state)
{
    struct fixture *fixture = *state;
    struct sb_bug_check bug_check;
    sb_host_claim_faults();
    assert_int_equal(sb_driver_coverage_start(fixture->driver, &fixture->coverage), 0);
    assert_int_equal(call(fixture, MAZE_BREAKPOINT, 0), SB_STATUS_MACHINE_STOPPED);
    assert_true(sb_machine_bug_check(fixture->machine, &bug_check));
    assert_int_equal(bug_check.code, SYSTEM_SERVICE_EXCEPTION);
    assert_int_equal(bug_check.parameters[0], STATUS_BREAKPOINT);
}

static void handlers_run_and_are_noted(void **state)
{
    struct fixture *fixture = *state;
    struct sb_coverage *coverage = &fixture->coverage;
    sb_host_claim_faults();
    assert_int_equal(sb_driver_coverage_start(fixture->driver, coverage), 0);
    sb_status status = call(fixture, MAZE_FAULT, 0);
    bool has_handlers = strstr(fixture->path, "clang") != NULL;
    assert_int_equal(status, has_handlers ? STATUS_ACCESS_VIOLATION : STATUS_NOT_SUPPORTED);
    uint32_t first = coverage->order_count;
    assert_int_equal(call(fixture, MAZE_FAULT, 0), status);
    assert_int_equal(coverage->order_count, first);
}

#define BOTH(test)                                      \
    {#test " (gcc)", test, start_gcc, stop, NULL},      \
    {                                                   \
#test " (clang)", test, start_clang, stop, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(codes_of_every_form_are_found),
        cmocka_unit_test(compared_numbers_are_found),
        BOTH(a_block_is_noted_once_and_when_it_runs),
        BOTH(the_sum_is_right_under_coverage),
        BOTH(coverage_begins_anew_on_request),
        BOTH(wrong_addresses_are_refused),
        BOTH(the_drivers_own_breakpoint_still_stops_the_machine),
        BOTH(handlers_run_and_are_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
