/* Files below a machine's root directory, from inside a driver, built by either compiler. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "loaded_driver.h"

/* root/Windows/Hello.txt, and a link out of the root; a stranger's file beside it. */
static void make_root(char *root)
{
    char path[512];
    strcpy(root, "/tmp/sysbuf-file-XXXXXX");
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof(path), "%s/Windows", root);
    assert_int_equal(0, mkdir(path, 0777));
    snprintf(path, sizeof(path), "%s/Windows/Hello.txt", root);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("hello, file", file);
    fclose(file);
    snprintf(path, sizeof(path), "%s/Windows/out", root);
    assert_int_equal(0, symlink("/etc/passwd", path));
}

static void remove_root(const char *root)
{
    static const char *const files[] = {"Windows/Hello.txt", "Windows/out", "Folder/b.txt"};
    static const char *const folders[] = {"Windows", "Folder", "."};
    char path[512];
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, files[i]);
        assert_int_equal(0, unlink(path));
    }
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
        assert_int_equal(0, rmdir(path));
    }
    assert_int_equal(0, rmdir(root)); /* the driver left nothing else */
}

static void load(const char *path)
{
    static struct text log;
    char root[64];
    struct sb_machine *machine;
    forget_log(&log);
    make_root(root);
    struct sb_machine_options options = {
        .root_directory = root, .log = keep_log, .log_context = &log};
    assert_int_equal(0, sb_machine_create(&options, &machine));
    load_driver(machine, path, &log);
    sb_machine_destroy(machine);
    assert_non_null(strstr(log.bytes, " 0 failed"));
    remove_root(root);
}

static void a_gcc_driver_finds_files_right(void **state)
{
    (void)state;
    load(SYSBUF_TEST_DRIVERS "/file-gcc.sys");
}

static void a_clang_driver_finds_files_right(void **state)
{
    (void)state;
    load(SYSBUF_TEST_DRIVERS "/file-clang.sys");
}

static void an_application_reads_a_file(void **state)
{
    char root[64], path[128];
    struct sb_machine *machine;
    struct sb_process *process;
    struct sb_io_status result;
    struct sb_open_options open = {.access = 0x80000000u, .share = 1};
    sb_handle file;
    (void)state;
    make_root(root);
    struct sb_machine_options options = {.root_directory = root};
    assert_int_equal(0, sb_machine_create(&options, &machine));
    assert_int_equal(0, sb_process_create(machine, NULL, &process));
    assert_int_equal(0, sb_process_open(process, "\\\\.\\C:\\windows\\hello.txt", &open, &file));
    char *buffer = sb_process_allocate(process, 64, true);
    assert_int_equal(0, sb_process_read(process, file, 0, &result, buffer, 64, 0));
    assert_int_equal(11, result.information);
    assert_memory_equal("hello, file", buffer, 11);
    assert_int_equal((sb_status)0xC0000011,
                     sb_process_read(process, file, 0, &result, buffer, 64, 11));
    assert_int_equal((sb_status)0xC0000022,
                     sb_process_write(process, file, 0, &result, buffer, 1, 0));
    sb_process_destroy(process);
    sb_machine_destroy(machine);
    snprintf(path, sizeof(path), "%s/Folder", root);
    assert_int_equal(0, mkdir(path, 0777));
    snprintf(path, sizeof(path), "%s/Folder/b.txt", root);
    fclose(fopen(path, "w"));
    remove_root(root);
}

static void a_root_that_is_not_there_is_refused(void **state)
{
    struct sb_machine *machine;
    struct sb_machine_options options = {.root_directory = "/nonexistent/root"};
    (void)state;
    assert_int_equal((sb_status)0xC0000034, sb_machine_create(&options, &machine));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gcc_driver_finds_files_right),
        cmocka_unit_test(a_clang_driver_finds_files_right),
        cmocka_unit_test(an_application_reads_a_file),
        cmocka_unit_test(a_root_that_is_not_there_is_refused),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
