/* Imports: from other drivers, forwarded, missing, missing but trapped, by ordinal. */
#include "tests/host/loader/rig.h"

#define DRIVER(name) SYSBUF_TEST_DRIVERS "/" name ".sys"

enum { CALL = 0x222000, READ = 0x222004, CALL_ABSENT = 0x222008, CALL_ORDINAL = 0x22200C };

static void drivers_import_from_drivers(void **state)
{
    struct sb_machine *machine = machine_start(NULL);
    struct sb_driver *exporter, *importer;
    char error[256];
    (void)state;
    assert_int_equal(
        sb_machine_load_driver_file(machine, DRIVER("exporter"), &exporter, error, sizeof(error)),
        0);
    assert_int_equal(
        sb_machine_load_driver_file(machine, DRIVER("importer"), &importer, error, sizeof(error)),
        0);
    assert_int_equal(sb_machine_unload_driver(machine, exporter), STATUS_DEVICE_BUSY);
    assert_int_equal(sb_machine_unload_driver(machine, importer), 0);
    assert_string_equal(machine_printed(), "importer: 42\n");
    assert_int_equal(sb_machine_unload_driver(machine, exporter), 0);
    sb_machine_destroy(machine);
}

#define BROUGHT                                                                      \
    "exporter: \\Registry\\Machine\\System\\CurrentControlSet\\Services\\exporter\n" \
    "importer: 42\nexporter: unloaded\n"

/* As on NT, from the importer's folder; DriverEntry is not called, DllInitialize is. */
static void an_importer_brings_its_exporter(void **state)
{
    struct sb_machine *machine = machine_start(NULL);
    struct sb_driver *importer, *exporter;
    char error[256];
    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(sb_machine_load_driver_file(machine, DRIVER("importer"), &importer, error,
                                                     sizeof(error)),
                         0);
        assert_int_equal(sb_machine_unload_driver(machine, importer), 0);
    }
    assert_string_equal(machine_printed(), BROUGHT BROUGHT);
    assert_int_equal(sb_machine_load_driver_file(machine, DRIVER("exporter"), &exporter, NULL, 0),
                     0);
    sb_machine_destroy(machine);
}

static void without_a_folder_an_importer_comes_after_its_exporter(void **state)
{
    struct sb_machine *machine = machine_start(NULL);
    struct file file = file_read(DRIVER("importer"));
    struct sb_driver *driver;
    char error[256];
    (void)state;
    assert_int_equal(sb_machine_load_driver(machine, file.bytes, file.size, "importer.sys", &driver,
                                            error, sizeof(error)),
                     STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    free(file.bytes);
    assert_non_null(strstr(error, "exporter.sys!ExporterAdd"));
    assert_non_null(strstr(error, "exporter.sys!ExporterValue"));
    assert_non_null(strstr(error, "exporter.sys!ExporterPrint"));
    assert_non_null(strstr(error, "neither the host nor a driver: exporter.sys"));
    sb_machine_destroy(machine);
}

/* Loaded as another service, a driver is still found by the name in its export table. */
static void an_exporter_is_known_by_its_own_name(void **state)
{
    struct sb_machine *machine = machine_start(NULL);
    struct file file = file_read(DRIVER("exporter"));
    char error[256];
    (void)state;
    assert_int_equal(sb_machine_load_driver(machine, file.bytes, file.size, "other.sys", NULL,
                                            error, sizeof(error)),
                     0);
    assert_int_equal(
        sb_machine_load_driver_file(machine, DRIVER("importer"), NULL, error, sizeof(error)), 0);
    free(file.bytes);
    sb_machine_destroy(machine);
}

static void all_missing_imports_are_named_at_once(void **state)
{
    struct sb_machine *machine = machine_start(NULL);
    char error[512], little[20];
    (void)state;
    assert_int_equal(
        sb_machine_load_driver_file(machine, DRIVER("wanting"), NULL, error, sizeof(error)),
        STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    assert_non_null(strstr(error, "missing imports: "));
    assert_non_null(strstr(error, "ntoskrnl.exe!NoSuchRoutine"));
    assert_non_null(strstr(error, "ntoskrnl.exe!NoSuchOther"));
    assert_non_null(strstr(error, "ntoskrnl.exe!NoSuchVariable"));
    assert_non_null(strstr(error, "absent.sys!AbsentRoutine"));
    assert_non_null(strstr(error, "absent.sys!#5 (by ordinal"));
    assert_int_equal(
        sb_machine_load_driver_file(machine, DRIVER("wanting"), NULL, little, sizeof(little)),
        STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    assert_int_equal(strlen(little), sizeof(little) - 1);
    assert_int_equal(sb_machine_load_driver_file(machine, DRIVER("wanting"), NULL, NULL, 0),
                     STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    sb_machine_destroy(machine);
}

/* Loaded all the same, the use of a missing one stops the machine and names it. */
static void trapped(uint32_t code, uint64_t access, const char *words)
{
    struct sb_machine_options options = {.trap_missing_imports = true};
    struct sb_machine *machine = machine_start(&options);
    struct sb_bug_check stop;
    char text[4096];
    assert_int_equal(sb_machine_load_driver_file(machine, DRIVER("wanting"), NULL, NULL, 0), 0);
    sb_host_claim_faults();
    assert_int_equal(send_code(machine, "\\Device\\Wanting", 0x222100, NULL), 0);
    assert_int_equal(send_code(machine, "\\Device\\Wanting", code, NULL),
                     SB_STATUS_MACHINE_STOPPED);
    assert_true(sb_machine_bug_check(machine, &stop));
    assert_int_equal(stop.code, (uint32_t)STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    assert_int_equal(stop.parameters[1], access);
    assert_string_equal(stop.module, "wanting.sys");
    sb_machine_describe_stop(machine, text, sizeof(text));
    assert_non_null(strstr(text, words));
    sb_machine_destroy(machine);
}

static void missing_imports_trap_on_request(void **state)
{
    (void)state;
    trapped(CALL, 8, "wanting.sys calls ntoskrnl.exe!NoSuchRoutine, which the host does not have");
    trapped(READ, 0, "wanting.sys uses the variable ntoskrnl.exe!NoSuchVariable, which");
    trapped(CALL_ABSENT, 8, "wanting.sys calls absent.sys!AbsentRoutine, which");
    trapped(CALL_ORDINAL, 8, "wanting.sys calls absent.sys!#5, which");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drivers_import_from_drivers),
        cmocka_unit_test(an_importer_brings_its_exporter),
        cmocka_unit_test(without_a_folder_an_importer_comes_after_its_exporter),
        cmocka_unit_test(an_exporter_is_known_by_its_own_name),
        cmocka_unit_test(all_missing_imports_are_named_at_once),
        cmocka_unit_test(missing_imports_trap_on_request),
    };
    return cmocka_run_group_tests_name("imports", tests, NULL, NULL);
}
