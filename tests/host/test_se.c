/* Tokens, access checks and descriptors, from inside a driver and in its callers' names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "loaded_driver.h"

#define IOCTL_WHO 0x222000u

#define STATUS_ACCESS_DENIED      0xC0000022u
#define STATUS_PRIVILEGE_NOT_HELD 0xC0000061u
#define FILE_GENERIC_READ         0x120089u
#define FILE_GENERIC_WRITE        0x120116u
#define FILE_WRITE_DATA           0x2u

struct who {
    uint32_t is_admin, may_load_drivers, may_traverse, session, admin_file_status,
        world_file_access, denied_status, maximum, user_sub_authority, integrity, open_token_status,
        system_security;
};

struct fixture {
    struct text log;
    struct sb_machine *machine;
    struct sb_driver *driver;
};

static void load(struct fixture *fixture, const char *path)
{
    memset(fixture, 0, sizeof(*fixture));
    struct sb_machine_options options = {.log = keep_log, .log_context = &fixture->log};
    assert_int_equal(0, sb_machine_create(&options, &fixture->machine));
    fixture->driver = load_driver(fixture->machine, path, &fixture->log);
    assert_non_null(strstr(fixture->log.bytes, " 0 failed"));
}

static struct who ask(struct fixture *fixture, bool is_ordinary)
{
    struct sb_process_options options = {.is_ordinary = is_ordinary};
    struct sb_process *process;
    struct sb_io_status result;
    struct who who;
    sb_handle file;
    assert_int_equal(0, sb_process_create(fixture->machine, &options, &process));
    assert_int_equal(0, sb_process_open(process, "\\\\.\\SeTest", NULL, &file));
    void *buffer = sb_process_allocate(process, sizeof(who), false);
    assert_non_null(buffer);
    assert_int_equal(
        0, sb_process_ioctl(process, file, 0, &result, IOCTL_WHO, NULL, 0, buffer, sizeof(who)));
    assert_int_equal(sizeof(who), result.information);
    memcpy(&who, buffer, sizeof(who));
    sb_process_destroy(process);
    return who;
}

static void a_driver_finds_security_right(void **state)
{
    static const char *const paths[] = {SYSBUF_TEST_DRIVERS "/se-gcc.sys",
                                        SYSBUF_TEST_DRIVERS "/se-clang.sys"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture;
        load(&fixture, paths[i]);
        assert_int_equal(0, sb_machine_unload_driver(fixture.machine, fixture.driver));
        sb_machine_destroy(fixture.machine);
    }
}

static void an_administrator_is_one(void **state)
{
    struct fixture fixture;
    (void)state;
    load(&fixture, SYSBUF_TEST_DRIVERS "/se-gcc.sys");
    struct who who = ask(&fixture, false);
    assert_int_equal(1, who.is_admin);
    assert_int_equal(0, who.may_load_drivers); /* held, but not enabled */
    assert_int_equal(1, who.may_traverse);
    assert_int_equal(1, who.session);
    assert_int_equal(0x3000, who.integrity);
    assert_int_equal(500, who.user_sub_authority);
    assert_int_equal(0, who.admin_file_status);
    assert_int_equal(0, who.open_token_status);
    sb_machine_destroy(fixture.machine);
}

static void an_ordinary_user_gets_what_the_list_says(void **state)
{
    struct fixture fixture;
    (void)state;
    load(&fixture, SYSBUF_TEST_DRIVERS "/se-gcc.sys");
    struct who who = ask(&fixture, true);
    assert_int_equal(0, who.is_admin);
    assert_int_equal(1, who.may_traverse);
    assert_int_equal(0x2000, who.integrity);
    assert_int_equal(1001, who.user_sub_authority);
    assert_int_equal(STATUS_ACCESS_DENIED, who.admin_file_status);
    assert_int_equal(FILE_GENERIC_READ, who.world_file_access);
    assert_int_equal(STATUS_ACCESS_DENIED, who.denied_status);
    assert_int_equal((FILE_GENERIC_READ | FILE_GENERIC_WRITE) & ~FILE_WRITE_DATA, who.maximum);
    assert_int_equal(STATUS_PRIVILEGE_NOT_HELD, who.system_security);
    sb_machine_destroy(fixture.machine);
}

static void a_device_list_keeps_ordinary_users_out(void **state)
{
    static const char *const paths[] = {"\\\\.\\SeAdmin", "\\\\.\\SeAdmin\\below"};
    struct fixture fixture;
    (void)state;
    load(&fixture, SYSBUF_TEST_DRIVERS "/se-gcc.sys");
    for (int is_ordinary = 0; is_ordinary < 2; is_ordinary++) {
        struct sb_process_options options = {.is_ordinary = is_ordinary};
        struct sb_process *process;
        assert_int_equal(0, sb_process_create(fixture.machine, &options, &process));
        for (size_t i = 0; i < 2; i++) {
            sb_handle file = 0;
            sb_status status = sb_process_open(process, paths[i], NULL, &file);
            assert_int_equal(is_ordinary ? (sb_status)STATUS_ACCESS_DENIED : 0, status);
        }
        sb_process_destroy(process);
    }
    sb_machine_destroy(fixture.machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_finds_security_right),
        cmocka_unit_test(an_administrator_is_one),
        cmocka_unit_test(an_ordinary_user_gets_what_the_list_says),
        cmocka_unit_test(a_device_list_keeps_ordinary_users_out),
    };
    return cmocka_run_group_tests_name("se", tests, NULL, NULL);
}
