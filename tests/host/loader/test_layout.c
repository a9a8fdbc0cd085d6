/* Drivers as gcc, clang and Microsoft's tools lay them out, looked at from the inside. */
#include "tests/drivers/layout/layout.h"
#include "tests/host/loader/rig.h"

enum { DISCARDABLE = 0x02000000, CHARACTERISTICS = 36 };

static const char *image_name;

static struct sb_machine *load(void)
{
    char path[512], error[512] = "";
    struct sb_machine *machine = machine_start(NULL);
    snprintf(path, sizeof(path), SYSBUF_TEST_DRIVERS "/%s.sys", image_name);
    struct file file = file_read(path);
    /* GNU ld and lld for mingw know no way to say so when linking. */
    uint8_t *flags = pe_section_named(file, "INIT") + CHARACTERISTICS;
    put32(flags, get32(flags) | DISCARDABLE);
    snprintf(path, sizeof(path), "%s.sys", image_name);
    sb_status status =
        sb_machine_load_driver(machine, file.bytes, file.size, path, NULL, error, sizeof(error));
    if (status)
        fprintf(stderr, "%s: %08x %s\n", image_name, (unsigned)status, error);
    assert_int_equal(status, 0);
    free(file.bytes);
    sb_host_claim_faults();
    return machine;
}

static void the_image_is_whole(void **state)
{
    uint32_t wrong = 0xFF;
    struct sb_machine *machine = load();
    (void)state;
    assert_int_equal(send_code(machine, "\\\\.\\Layout", LAYOUT_CHECK, &wrong), 0);
    assert_int_equal(wrong, 0);
    assert_non_null(strstr(machine_printed(), " checks, 0 failed"));
    sb_machine_destroy(machine);
}

/* The act stops the machine with this code, at an instruction of the driver. */
static void stops(uint32_t act, uint32_t code)
{
    struct sb_bug_check stop;
    char text[4096];
    struct sb_machine *machine = load();
    assert_int_equal(send_code(machine, "\\\\.\\Layout", act, NULL), SB_STATUS_MACHINE_STOPPED);
    assert_true(sb_machine_bug_check(machine, &stop));
    assert_int_equal(stop.code, code);
    assert_non_null(strstr(stop.module, image_name));
    assert_true(sb_machine_describe_stop(machine, text, sizeof(text)) > 100);
    assert_non_null(strstr(text, "rip="));
    assert_non_null(strstr(text, "stack, innermost first:"));
    sb_machine_destroy(machine);
}

static void code_cannot_be_written(void **state)
{
    (void)state;
    stops(LAYOUT_WRITE_CODE, 0xBE);
}

static void constants_cannot_be_written(void **state)
{
    (void)state;
    stops(LAYOUT_WRITE_CONSTANT, 0xBE);
}

static void headers_cannot_be_written(void **state)
{
    (void)state;
    stops(LAYOUT_WRITE_HEADER, 0xBE);
}

static void data_cannot_be_executed(void **state)
{
    (void)state;
    stops(LAYOUT_EXECUTE_DATA, 0xFC);
}

static void the_init_section_is_gone(void **state)
{
    (void)state;
    stops(LAYOUT_READ_INIT, 0x50);
}

/* Packed sections share pages, which get all rights: NT protects nothing then. */
static void packed_sections_are_not_protected(void **state)
{
    (void)state;
    struct sb_machine *machine = load();
    assert_int_equal(send_code(machine, "\\\\.\\Layout", LAYOUT_WRITE_CONSTANT, NULL), 0);
    assert_int_equal(send_code(machine, "\\\\.\\Layout", LAYOUT_EXECUTE_DATA, NULL), 0);
    assert_int_equal(send_code(machine, "\\\\.\\Layout", LAYOUT_READ_INIT, NULL), 0);
    sb_machine_destroy(machine);
}

static int check(const char *name, bool is_packed)
{
    const struct CMUnitTest page_aligned[] = {
        cmocka_unit_test(the_image_is_whole),          cmocka_unit_test(code_cannot_be_written),
        cmocka_unit_test(constants_cannot_be_written), cmocka_unit_test(headers_cannot_be_written),
        cmocka_unit_test(data_cannot_be_executed),     cmocka_unit_test(the_init_section_is_gone),
    };
    const struct CMUnitTest packed[] = {
        cmocka_unit_test(the_image_is_whole),
        cmocka_unit_test(packed_sections_are_not_protected),
    };
    image_name = name;
    return is_packed ? cmocka_run_group_tests_name(name, packed, NULL, NULL)
                     : cmocka_run_group_tests_name(name, page_aligned, NULL, NULL);
}

int main(void)
{
    static const char *const names[] = {"layout-gcc",       "layout-clang",  "layout-msvc",
                                        "layout-unguarded", "layout-merged", "layout-high"};
    int failed = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        failed += check(names[i], false);
#ifndef SYSBUF_SANITIZED_address /* its shadow lies where images want to be */
    failed += check("layout-fixed", false);
#endif
    return failed + check("layout-packed", true);
}
