/*
 * What the rules of replies and user memory do to those who are not to blame: the caller's memory
 * stays its own, and is accessible whenever no driver is at work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sysbuf/host.h>

enum { SIZE = 64, BUFFERED = 0x222000, NEITHER = 0x222003 };

struct rig {
    struct sb_machine *machine;
    struct sb_process *process;
    sb_handle file;
    uint8_t *buffer;
};

static void no_log(void *context, const char *text, size_t length)
{
    (void)context, (void)text, (void)length;
}

static void start(struct rig *rig, const char *driver, uint32_t verify, uint8_t fill)
{
    struct sb_machine_options options = {.log = no_log, .verify = verify, .verify_fill = fill};
    char path[512], error[256] = "";

    sb_host_claim_faults();
    snprintf(path, sizeof path, SYSBUF_DEFECTS "/%s.sys", driver);
    assert_int_equal(0, sb_machine_create(&options, &rig->machine));
    assert_int_equal(0, sb_machine_load_driver_file(rig->machine, path, NULL, error, sizeof error));
    assert_int_equal(0, sb_process_create(rig->machine, NULL, &rig->process));
    assert_int_equal(0, sb_process_open(rig->process, "\\\\.\\Defect", NULL, &rig->file));
    rig->buffer = sb_process_allocate(rig->process, 2 * SIZE, true);
    memset(rig->buffer, 0x41, 2 * SIZE);
}

static void end(struct rig *rig)
{
    sb_machine_destroy(rig->machine);
}

static void a_reply_that_is_too_long_does_not_reach_behind_the_buffer(void **state)
{
    struct rig rig;
    struct sb_io_status io_status;

    (void)state;
    start(&rig, "reply_too_long-bad-gcc-O2", SB_VERIFY_REPLY, 0);
    assert_int_equal(0, sb_process_ioctl(rig.process, rig.file, 0, &io_status, BUFFERED, rig.buffer,
                                         SIZE, rig.buffer, SIZE));
    assert_int_equal(0, rig.buffer[SIZE - 1]);
    for (int i = SIZE; i < 2 * SIZE; i++)
        assert_int_equal(0x41, rig.buffer[i]);
    end(&rig);
}

static void unwritten_bytes_hold_the_fill_that_was_asked_for(void **state)
{
    struct rig rig;
    struct sb_io_status io_status;

    (void)state;
    for (int fill = 0x11; fill <= 0x22; fill += 0x11) {
        start(&rig, "reply_unwritten-bad-gcc-O2", SB_VERIFY_REPLY, (uint8_t)fill);
        assert_int_equal(
            0, sb_process_read(rig.process, rig.file, 0, &io_status, rig.buffer, SIZE, 0));
        assert_int_equal(7, rig.buffer[SIZE - 9]);
        for (int i = SIZE - 8; i < SIZE; i++)
            assert_int_equal(fill, rig.buffer[i]);
        end(&rig);
    }
}

/* Also to Linux, which refuses watched pages. */
static void memory_is_the_callers_between_requests(void **state)
{
    struct rig rig;
    struct sb_io_status io_status;
    int pipes[2];

    (void)state;
    start(&rig, "user_unprobed-good-clang-O2", SB_VERIFY_USER, 0);
    assert_int_equal(0, pipe(pipes));
    for (int i = 0; i < 3; i++) {
        rig.buffer[0] = 16;
        assert_int_equal(0, sb_process_ioctl(rig.process, rig.file, 0, &io_status, NEITHER,
                                             rig.buffer, SIZE, rig.buffer, SIZE));
        assert_int_equal(16, rig.buffer[0]);
        assert_int_equal(SIZE, write(pipes[1], rig.buffer, SIZE));
        assert_int_equal(SIZE, read(pipes[0], rig.buffer, SIZE));
    }
    assert_int_equal(0, sb_machine_finding_count(rig.machine));
    close(pipes[0]);
    close(pipes[1]);
    end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_that_is_too_long_does_not_reach_behind_the_buffer),
        cmocka_unit_test(unwritten_bytes_hold_the_fill_that_was_asked_for),
        cmocka_unit_test(memory_is_the_callers_between_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
