/* Misdeeds that stop the machine, with the documented code and parameters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "loaded_driver.h"

#define CODE(function) (0x220000u + ((0x800u + (function)) << 2))

enum { FIRST = 1, SECOND = 2, THIRD = 4, FOURTH = 8, ALL = 15 }; /* parameters that are checked */

static const struct misdeed {
    const char *name;
    uint32_t code;
    uint64_t parameters[4];
    unsigned checked;
} misdeeds[] = {
    {"KeBugCheckEx", 0xDEADDEAD, {1, 2, 3, 4}, ALL},
    {"KeBugCheck", 0xE2, {0, 0, 0, 0}, ALL},
    {"returns at DISPATCH_LEVEL", 0x4A, {0, 2, 0, 0}, SECOND | THIRD | FOURTH},
    {"returns in a critical region", 0x01, {0, 0, 0xFFFF, 0}, SECOND | THIRD | FOURTH},
    {"DPC leaves the IRQL raised", 0xC8, {15 << 16 | 2 << 8 | 2, 0, 0x55, 0}, FIRST | THIRD},
    {"DPC leaves APCs disabled", 0xC7, {4, 0, 0, 0xFFFF}, FIRST | THIRD | FOURTH},
    {"DPC waits", 0xB8, {0, 0, 0, 0}, 0},
    {"thread ends with a mutex", 0x20, {0, (uint64_t)-1, 0, 0}, SECOND | THIRD},
    {"thread ends at APC_LEVEL", 0x20, {0, 0, 1, 0}, SECOND | THIRD},
    {"DPC attaches to a process", 0x05, {0, 0, 0, 1}, THIRD | FOURTH},
    {"too many objects", 0x0C, {0, 0, 0, 0}, ALL},
    {"callout leaves the IRQL raised", 0xC8, {1 << 16 | 0 << 8 | 2, 0, 7, 0}, FIRST | THIRD},
    {"release of another's mutex", 0x3B, {0xC0000046, 0, 0, 0}, FIRST},
};

static void stop_by(const char *compiler, size_t index)
{
    const struct misdeed *misdeed = &misdeeds[index];
    static struct text log;
    struct sb_machine_options options = {.log = keep_log, .log_context = &log};
    struct sb_machine *machine;
    struct sb_process *process;
    struct sb_bug_check found;
    struct sb_io_status result;
    sb_handle file;
    char path[256];
    forget_log(&log);
    snprintf(path, sizeof(path), "%s/stop-%s.sys", SYSBUF_TEST_DRIVERS, compiler);
    assert_int_equal(sb_machine_create(&options, &machine), 0);
    load_driver(machine, path, &log);
    assert_int_equal(sb_process_create(machine, NULL, &process), 0);
    assert_int_equal(sb_process_open(process, "\\\\.\\Stop", NULL, &file), 0);
    assert_false(sb_machine_bug_check(machine, &found));
    sb_status status = sb_process_ioctl(process, file, 0, &result, CODE(index), NULL, 0, NULL, 0);
    if (status != SB_STATUS_MACHINE_STOPPED)
        print_message("%s by %s: goes on\n%s", misdeed->name, compiler, log.bytes);
    assert_int_equal(status, SB_STATUS_MACHINE_STOPPED);
    assert_true(sb_machine_bug_check(machine, &found));
    if (found.code != misdeed->code)
        print_message("%s: 0x%x\n%s", misdeed->name, found.code, log.bytes);
    assert_int_equal(found.code, misdeed->code);
    for (int i = 0; i < 4; i++)
        if (misdeed->checked >> i & 1)
            assert_int_equal(found.parameters[i], misdeed->parameters[i]);
    sb_process_destroy(process);
    sb_machine_destroy(machine); /* the thread that stopped it has told all then */
    assert_non_null(strstr(log.bytes, "stop: callback at 15 with 5 bytes of stop\n"));
    assert_non_null(strstr(log.bytes, "*** the dump: stop adds 5 bytes of its own\n"));
    assert_non_null(strstr(log.bytes, "*** the dump: stop adds 2 pages\n"));
}

static void misdeeds_stop_the_machine(void **state)
{
    (void)state;
    sb_host_claim_faults();
    for (size_t i = 0; i < sizeof(misdeeds) / sizeof(misdeeds[0]); i++) {
        stop_by("gcc", i);
        stop_by("clang", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misdeeds_stop_the_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
