/* Low resources: the sites a driver's run shows are the same in each run, and the chosen one fails
 * as Windows would fail it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sysbuf/host.h>

#define DRIVER   SYSBUF_DEFECTS "/pool_zero_bytes-good-gcc-O2.sys"
#define SHORTAGE SYSBUF_TEST_DRIVERS "/shortage-gcc.sys"

enum { CODE = 0x222000, INSUFFICIENT_RESOURCES = (int)0xC000009A, MOST_SITES = 16 };

struct run {
    sb_status load, control;
    uint32_t count, findings;
    struct sb_site sites[MOST_SITES];
    struct sb_finding first;
};

static void no_log(void *context, const char *text, size_t length)
{
    (void)context, (void)text, (void)length;
}

static sb_status control(struct sb_machine *machine, const char *name)
{
    struct sb_process *process;
    struct sb_io_status io_status;
    sb_handle file;

    assert_int_equal(0, sb_process_create(machine, NULL, &process));
    assert_int_equal(0, sb_process_open(process, name, NULL, &file));
    sb_status status = sb_process_ioctl(process, file, 0, &io_status, CODE, NULL, 0, NULL, 0);
    sb_process_close(process, file);
    sb_process_destroy(process);
    return status;
}

static void run_driver(const char *path, const char *device, uint64_t fail_site, struct run *run)
{
    struct sb_machine_options options = {
        .log = no_log, .verify = SB_VERIFY_ALL, .fail_site = fail_site};
    struct sb_machine *machine;
    struct sb_driver *driver;

    *run = (struct run){0};
    assert_int_equal(0, sb_machine_create(&options, &machine));
    run->load = sb_machine_load_driver_file(machine, path, &driver, NULL, 0);
    if (run->load == 0) {
        run->control = control(machine, device);
        if (run->control != SB_STATUS_MACHINE_STOPPED) {
            run->control = control(machine, device);
            assert_int_equal(0, sb_machine_unload_driver(machine, driver));
        }
    }
    run->count = sb_machine_site_count(machine);
    run->findings = sb_machine_finding_count(machine);
    sb_machine_finding(machine, 0, &run->first, NULL, 0);
    assert_in_range(run->count, 0, MOST_SITES);
    for (uint32_t i = 0; i < run->count; i++)
        assert_true(sb_machine_site(machine, i, &run->sites[i]));
    assert_false(sb_machine_site(machine, run->count, &run->sites[0]));
    sb_machine_destroy(machine);
}

static void run(uint64_t fail_site, struct run *run)
{
    run_driver(DRIVER, "\\\\.\\Defect", fail_site, run);
}

static const struct sb_site *find(const struct run *run, const char *routine)
{
    for (uint32_t i = 0; i < run->count; i++)
        if (strcmp(run->sites[i].routine, routine) == 0)
            return &run->sites[i];
    fail_msg("no site calls %s", routine);
    return NULL;
}

static void test_sites_are_named(void **state)
{
    static struct run first;

    (void)state;
    sb_host_claim_faults();
    run(0, &first);
    assert_int_equal(3, first.count);
    assert_string_equal("IoCreateDevice", first.sites[0].routine);
    assert_string_equal("IoCreateSymbolicLink", first.sites[1].routine);
    const struct sb_site *pool = find(&first, "ExAllocatePool");
    assert_int_equal(2, pool->hits);
    assert_int_equal(0, pool->failures);
    assert_string_equal("pool_zero_bytes-good-gcc-O2.sys", pool->module);
    assert_string_equal("pool_zero_bytes.c", pool->source_file);
    assert_true(pool->line > 0 && pool->offset > 0 && pool->function[0]);
    assert_string_equal("DriverEntry", first.sites[0].function);
}

static void test_sites_are_the_same_in_each_run(void **state)
{
    static struct run first, second;

    (void)state;
    run(0, &first);
    run(0, &second);
    assert_int_equal(first.count, second.count);
    for (uint32_t i = 0; i < first.count; i++) {
        assert_true(first.sites[i].id != 0);
        assert_true(first.sites[i].id == second.sites[i].id);
        for (uint32_t other = 0; other < i; other++)
            assert_true(first.sites[i].id != first.sites[other].id);
    }
}

static void test_the_chosen_site_fails(void **state)
{
    static struct run first, failed;

    (void)state;
    run(0, &first);
    assert_int_equal(0, first.load);
    assert_int_equal(0, first.control);

    run(find(&first, "IoCreateDevice")->id, &failed);
    assert_int_equal(INSUFFICIENT_RESOURCES, failed.load);
    assert_int_equal(1, failed.count);
    assert_int_equal(1, failed.sites[0].failures);

    run(find(&first, "IoCreateSymbolicLink")->id, &failed);
    assert_int_equal(INSUFFICIENT_RESOURCES, failed.load);
    assert_int_equal(0, failed.findings); /* the driver undid its device */

    run(find(&first, "ExAllocatePool")->id, &failed);
    assert_int_equal(0, failed.load);
    assert_int_equal(INSUFFICIENT_RESOURCES, failed.control);
    assert_int_equal(2, find(&failed, "ExAllocatePool")->failures);
    assert_int_equal(0, failed.findings);
}

/* Runs the driver once for each of its sites; says which rule found what when it failed. */
static void test_shortage_finds_what_memory_hides(void **state)
{
    static struct run all, one;
    unsigned leaks = 0, nulls = 0;

    (void)state;
    sb_host_claim_faults();
    run_driver(SHORTAGE, "\\\\.\\Shortage", 0, &all);
    assert_int_equal(0, all.findings);
    assert_int_equal(5, all.count); /* a device, its link, three blocks */
    for (uint32_t i = 0; i < all.count; i++) {
        run_driver(SHORTAGE, "\\\\.\\Shortage", all.sites[i].id, &one);
        assert_in_range(one.findings, 0, 1);
        if (!one.findings)
            continue;
        leaks += strcmp(one.first.rule.identifier, "pool-leak") == 0;
        nulls += strcmp(one.first.rule.identifier, "null-dereference") == 0;
        assert_string_equal("driver.c", one.first.source_file);
        assert_true(one.first.line > 0);
    }
    assert_int_equal(1, leaks);
    assert_int_equal(1, nulls);
}

/* The same mistake with blocks at their page's start: found where it happens, not at the free. */
static void test_underruns_fault_when_asked(void **state)
{
    struct sb_machine_options options = {
        .log = no_log, .verify = SB_VERIFY_ALL, .verify_underruns = true};
    struct sb_finding finding;
    struct sb_machine *machine;

    (void)state;
    sb_host_claim_faults();
    assert_int_equal(0, sb_machine_create(&options, &machine));
    assert_int_equal(0, sb_machine_load_driver_file(machine,
                                                    SYSBUF_DEFECTS "/pool_underrun-bad-gcc-O0.sys",
                                                    NULL, NULL, 0));
    assert_int_equal(SB_STATUS_MACHINE_STOPPED, control(machine, "\\\\.\\Defect"));
    assert_true(sb_machine_finding(machine, 0, &finding, NULL, 0));
    assert_string_equal("pool-underrun", finding.rule.identifier);
    assert_string_equal("trim", finding.function);
    sb_machine_destroy(machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sites_are_named),
        cmocka_unit_test(test_sites_are_the_same_in_each_run),
        cmocka_unit_test(test_the_chosen_site_fails),
        cmocka_unit_test(test_shortage_finds_what_memory_hides),
        cmocka_unit_test(test_underruns_fault_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
