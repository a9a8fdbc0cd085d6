/* A bus driver's devices: reported, given a driver by their hardware id, started, unplugged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <uchar.h>
#include <unistd.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "bus/contract.h"

struct fixture {
    struct sb_machine *machine;
    struct sb_driver *driver;
    struct sb_device *bus;
    struct sb_process *process;
    sb_handle control;
};

/* What an installation would have written: the service of a hardware id. */
static void install(struct fixture *fixture, const char16_t *service, uint32_t size)
{
    assert_int_equal(
        sb_process_write_registry(fixture->process,
                                  "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\"
                                  "CriticalDeviceDatabase\\SBBUS#Any",
                                  "Service", 1, service, size),
        0);
}

static void begin(struct fixture *fixture, const char *path, const char16_t *service, uint32_t size)
{
    assert_int_equal(sb_machine_create(NULL, &fixture->machine), 0);
    sb_host_claim_faults();
    assert_int_equal(sb_machine_load_driver_file(fixture->machine, path, &fixture->driver, NULL, 0),
                     0);
    assert_int_equal(sb_process_create(fixture->machine, NULL, &fixture->process), 0);
    if (service)
        install(fixture, service, size);
    assert_int_equal(sb_device_add(fixture->machine, fixture->driver, "SbBus", &fixture->bus), 0);
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\SbBus", NULL, &fixture->control), 0);
}

static struct bus_state state_of(struct fixture *fixture)
{
    struct sb_io_status result;
    struct bus_state state;
    struct bus_state *buffer = sb_process_allocate(fixture->process, sizeof state, false);
    assert_int_equal(sb_process_ioctl(fixture->process, fixture->control, 0, &result, BUS_STATE,
                                      NULL, 0, buffer, sizeof state),
                     0);
    state = *buffer;
    sb_process_free(fixture->process, buffer);
    return state;
}

static void plug(struct fixture *fixture, uint32_t code, uint32_t serial)
{
    struct sb_io_status result;
    uint32_t *buffer = sb_process_allocate(fixture->process, sizeof serial, false);
    *buffer = serial;
    assert_int_equal(sb_process_ioctl(fixture->process, fixture->control, 0, &result, code, buffer,
                                      sizeof serial, NULL, 0),
                     0);
    sb_process_free(fixture->process, buffer);
}

static void wait_for(struct fixture *fixture, unsigned started, unsigned removed)
{
    for (int turn = 0; turn < 1000; turn++) {
        struct bus_state state = state_of(fixture);
        if (state.started == started && state.removed == removed)
            return;
        usleep(5000);
    }
    struct bus_state state = state_of(fixture);
    fail_msg("%u started, %u removed", state.started, state.removed);
}

static sb_status open_child(struct fixture *fixture, const char *path)
{
    sb_handle file;
    sb_status status = sb_process_open(fixture->process, path, NULL, &file);
    if (status == 0)
        sb_process_close(fixture->process, file);
    return status;
}

static void plugged_devices_are_started_and_unplugged_ones_removed(const char *path,
                                                                   const char16_t *service,
                                                                   uint32_t size)
{
    struct fixture fixture;
    begin(&fixture, path, service, size);
    assert_int_equal(state_of(&fixture).added, 1); /* the bus */
    plug(&fixture, BUS_PLUG, 0);
    plug(&fixture, BUS_PLUG, 2);
    wait_for(&fixture, 2, 0);
    assert_int_equal(state_of(&fixture).wrong_property, 0);
    assert_int_equal(open_child(&fixture, "\\\\.\\BusChild0"), 0);
    assert_int_equal(open_child(&fixture, "\\\\.\\BusChild2"), 0);
    plug(&fixture, BUS_UNPLUG, 0);
    wait_for(&fixture, 2, 1);
    assert_int_equal(state_of(&fixture).surprised, 1);
    assert_int_equal(state_of(&fixture).deleted, 1);
    assert_int_equal(open_child(&fixture, "\\\\.\\BusChild0"), (sb_status)0xC0000034);
    assert_int_equal(sb_device_act(fixture.machine, fixture.bus, SB_DEVICE_REMOVE), 0);
    assert_int_equal(state_of(&fixture).removed, 2); /* with its bus */
    assert_int_equal(state_of(&fixture).surprised, 1);
    assert_int_equal(open_child(&fixture, "\\\\.\\BusChild2"), (sb_status)0xC0000034);
    assert_int_equal(sb_process_close(fixture.process, fixture.control), 0);
    assert_int_equal(sb_machine_unload_driver(fixture.machine, fixture.driver), 0);
    sb_process_destroy(fixture.process);
    sb_machine_destroy(fixture.machine);
}

static void by_gcc(void **state)
{
    (void)state;
    plugged_devices_are_started_and_unplugged_ones_removed(SYSBUF_TEST_DRIVERS "/bus-gcc.sys",
                                                           u"bus-gcc", sizeof u"bus-gcc");
}

static void by_clang(void **state)
{
    (void)state;
    plugged_devices_are_started_and_unplugged_ones_removed(SYSBUF_TEST_DRIVERS "/bus-clang.sys",
                                                           u"bus-clang", sizeof u"bus-clang");
}

static void an_unplugged_device_that_is_open_is_removed_when_it_is_closed(void **state)
{
    struct fixture fixture;
    sb_handle child;
    (void)state;
    begin(&fixture, SYSBUF_TEST_DRIVERS "/bus-gcc.sys", u"bus-gcc", sizeof u"bus-gcc");
    plug(&fixture, BUS_PLUG, 0);
    wait_for(&fixture, 1, 0);
    assert_int_equal(sb_process_open(fixture.process, "\\\\.\\BusChild0", NULL, &child), 0);
    plug(&fixture, BUS_UNPLUG, 0);
    for (int turn = 0; turn < 1000 && state_of(&fixture).surprised == 0; turn++)
        usleep(5000);
    assert_int_equal(state_of(&fixture).surprised, 1);
    usleep(50000);
    assert_int_equal(state_of(&fixture).removed, 0);
    assert_int_equal(open_child(&fixture, "\\\\.\\BusChild0"), (sb_status)0xC000000E);
    assert_int_equal(sb_process_close(fixture.process, child), 0);
    wait_for(&fixture, 1, 1);
    assert_int_equal(open_child(&fixture, "\\\\.\\BusChild0"), (sb_status)0xC0000034);
    sb_process_destroy(fixture.process);
    sb_machine_destroy(fixture.machine);
}

static void devices_without_a_driver_are_not_started(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture, SYSBUF_TEST_DRIVERS "/bus-gcc.sys", NULL, 0);
    plug(&fixture, BUS_PLUG, 1);
    usleep(100000);
    assert_int_equal(state_of(&fixture).started, 0);
    assert_int_equal(open_child(&fixture, "\\\\.\\BusChild1"), (sb_status)0xC0000034);
    plug(&fixture, BUS_UNPLUG, 1);
    for (int turn = 0; turn < 1000 && state_of(&fixture).deleted == 0; turn++)
        usleep(5000);
    assert_int_equal(state_of(&fixture).deleted, 1);
    assert_int_equal(state_of(&fixture).surprised, 0);
    sb_process_destroy(fixture.process);
    sb_machine_destroy(fixture.machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_gcc),
        cmocka_unit_test(by_clang),
        cmocka_unit_test(an_unplugged_device_that_is_open_is_removed_when_it_is_closed),
        cmocka_unit_test(devices_without_a_driver_are_not_started),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
