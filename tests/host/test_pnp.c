/* A WDM function driver's life: added, started, opened by interface, put to sleep, removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "loaded_driver.h"

#define STATUS_DEVICE_BUSY            ((sb_status)0x80000011)
#define STATUS_INVALID_DEVICE_REQUEST ((sb_status)0xC0000010)
#define STATUS_OBJECT_NAME_NOT_FOUND  ((sb_status)0xC0000034)
#define STATUS_CANCELLED              ((sb_status)0xC0000120)

#define CODE(function) (0x222000u + ((function) << 2))
enum { STATE, STARTED, WAIT, PROPERTY, LISTEN, EVENTS, REFUSE, IDLE };
static const char link_name[] =
    "\\\\?\\ROOT#TestDevice#0000#{8a1f2b30-1c2d-4e5f-90a1-b2c3d4e5f607}";

struct state {
    uint32_t added, started, removed, surprised, wmi_asked, queried_stop;
    uint32_t device_power, arrivals, removals, requested_power, reinitialized, timer_ticks;
};

struct fixture {
    struct sb_machine *machine;
    struct sb_driver *driver;
    struct sb_device *device;
    struct sb_process *process;
    sb_handle file;
    uint8_t *buffer;
};

static const char *driver_path = SYSBUF_TEST_DRIVERS "/pnp-gcc.sys";

static int start(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof(fixture));
    assert_int_equal(sb_machine_create(NULL, &fixture.machine), 0);
    fixture.driver = load_driver(fixture.machine, driver_path, NULL);
    assert_int_equal(sb_device_add(fixture.machine, fixture.driver, "TestDevice", &fixture.device),
                     0);
    assert_int_equal(sb_process_create(fixture.machine, NULL, &fixture.process), 0);
    struct sb_open_options options = {.is_overlapped = true};
    assert_int_equal(sb_process_open(fixture.process, link_name, &options, &fixture.file), 0);
    fixture.buffer = sb_process_allocate(fixture.process, 4096, false);
    *state = &fixture;
    return 0;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;
    sb_process_destroy(fixture->process);
    sb_machine_destroy(fixture->machine);
    return 0;
}

static struct state state_of(struct fixture *fixture)
{
    struct sb_io_status result;
    struct state state;
    assert_int_equal(sb_process_ioctl(fixture->process, fixture->file, 0, &result, CODE(STATE),
                                      NULL, 0, fixture->buffer, sizeof(state)),
                     0);
    memcpy(&state, fixture->buffer, sizeof(state));
    return state;
}

static void devices_are_added_started_and_found_by_interface(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_io_status result;
    struct state seen = state_of(fixture);
    assert_int_equal(seen.added, 1);
    assert_int_equal(seen.started, 1);
    assert_int_equal(seen.arrivals, 1);
    assert_int_equal(seen.reinitialized, 3);
    seen = state_of(fixture);
    assert_int_equal(seen.requested_power, 1);
    assert_int_equal(sb_process_ioctl(fixture->process, fixture->file, 0, &result, CODE(PROPERTY),
                                      NULL, 0, fixture->buffer, 256),
                     0);
    assert_memory_equal(fixture->buffer, u"ROOT\\TestDevice\0", 34);
    assert_int_equal(result.information, 34);
}

static void removal_takes_interface_and_device_away(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file;
    assert_int_equal(sb_device_act(fixture->machine, fixture->device, SB_DEVICE_QUERY_STOP),
                     STATUS_DEVICE_BUSY);
    assert_int_equal(sb_device_act(fixture->machine, fixture->device, SB_DEVICE_SURPRISE_REMOVE),
                     0);
    assert_int_equal(state_of(fixture).surprised, 1);
    assert_int_equal(sb_process_close(fixture->process, fixture->file), 0);
    assert_int_equal(sb_device_act(fixture->machine, fixture->device, SB_DEVICE_REMOVE), 0);
    assert_int_equal(sb_process_open(fixture->process, link_name, NULL, &file),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(sb_machine_unload_driver(fixture->machine, fixture->driver), 0);
}

struct events {
    uint32_t queried, cancelled, removed, custom, completed;
};

static struct events events_of(struct fixture *fixture)
{
    struct sb_io_status result;
    struct events events;
    assert_int_equal(sb_process_ioctl(fixture->process, fixture->file, 0, &result, CODE(EVENTS),
                                      NULL, 0, fixture->buffer, sizeof(events)),
                     0);
    memcpy(&events, fixture->buffer, sizeof(events));
    return events;
}

static void command(struct fixture *fixture, int function)
{
    struct sb_io_status result;
    assert_int_equal(sb_process_ioctl(fixture->process, fixture->file, 0, &result, CODE(function),
                                      NULL, 0, NULL, 0),
                     0);
}

static sb_status act(struct fixture *fixture, enum sb_device_action action)
{
    return sb_device_act(fixture->machine, fixture->device, action);
}

static void who_has_the_device_open_is_told_of_its_removal(void **state)
{
    struct fixture *fixture = claim_state(state);
    command(fixture, LISTEN);
    uint32_t custom = events_of(fixture).custom; /* 3 at once, 3 later */
    assert_true(custom == 3 || custom == 6);
    for (int i = 0; i < 100 && events_of(fixture).completed == 0; i++)
        usleep(10000);
    assert_true(events_of(fixture).completed > 0);
    command(fixture, REFUSE);
    assert_true(act(fixture, SB_DEVICE_QUERY_REMOVE) < 0);
    struct events events = events_of(fixture);
    assert_int_equal(events.queried, 1);
    assert_int_equal(events.cancelled, 1);
    command(fixture, REFUSE);
    assert_int_equal(act(fixture, SB_DEVICE_QUERY_REMOVE), 0);
    assert_int_equal(act(fixture, SB_DEVICE_CANCEL_REMOVE), 0);
    events = events_of(fixture);
    assert_int_equal(events.queried, 2);
    assert_int_equal(events.cancelled, 2);
    assert_int_equal(events.removed, 0);
    assert_int_equal(act(fixture, SB_DEVICE_SURPRISE_REMOVE), 0);
    assert_int_equal(events_of(fixture).removed, 1);
}

static void power_reaches_the_driver(void **state)
{
    struct fixture *fixture = claim_state(state);
    assert_int_equal(sb_device_act(fixture->machine, fixture->device, SB_DEVICE_SLEEP), 0);
    assert_int_equal(state_of(fixture).device_power, 4); /* PowerDeviceD3 */
    assert_int_equal(sb_device_act(fixture->machine, fixture->device, SB_DEVICE_WAKE), 0);
    assert_int_equal(state_of(fixture).device_power, 1);
}

/* STATE asks for D2 itself, each time: the third state is the one of idleness. */
static void an_idle_device_is_put_to_sleep(void **state)
{
    struct fixture *fixture = claim_state(state);
    command(fixture, IDLE);
    usleep(1600000);
    assert_int_equal(state_of(fixture).device_power, 2); /* PowerDeviceD1 */
    assert_int_equal(act(fixture, SB_DEVICE_REMOVE), 0);
}

static void start_io_takes_one_at_a_time(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_io_status waiting, queued[2], result = {.status = 0x77};
    struct sb_io_status *first = &queued[0], *second = &queued[1];
    queued[0].status = queued[1].status = 0x77;
    for (uint32_t i = 0; i < 3; i++) {
        sb_status status = sb_process_ioctl(fixture->process, fixture->file, 0, &result,
                                            CODE(STARTED), NULL, 0, fixture->buffer, 4);
        assert_true(status == 0 || status == SB_STATUS_PENDING);
        assert_int_equal(result.status, 0);
        assert_int_equal(*(uint32_t *)fixture->buffer, i);
    }
    assert_int_equal(sb_process_ioctl(fixture->process, fixture->file, 0, &waiting, CODE(WAIT),
                                      NULL, 0, NULL, 0),
                     SB_STATUS_PENDING);
    for (int i = 0; i < 2; i++)
        assert_int_equal(sb_process_ioctl(fixture->process, fixture->file, 0, &queued[i],
                                          CODE(STARTED), NULL, 0, fixture->buffer + 64 * i, 4),
                         SB_STATUS_PENDING);
    assert_int_equal(first->status, 0x77);
    assert_int_equal(sb_process_cancel(fixture->process, fixture->file, second), 0);
    assert_int_equal(second->status, STATUS_CANCELLED);
    assert_int_equal(sb_process_cancel(fixture->process, fixture->file, &waiting), 0);
    assert_int_equal(waiting.status, STATUS_CANCELLED);
    assert_int_equal(first->status, 0); /* the next in the queue was started */
    assert_int_equal(*(uint32_t *)fixture->buffer, 3);
}

static void drivers_without_add_device_get_none(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_driver *driver;
    struct sb_device *device;
    assert_int_equal(sb_machine_load_driver_file(fixture->machine,
                                                 SYSBUF_TEST_DRIVERS "/requests-gcc.sys", &driver,
                                                 NULL, 0),
                     0);
    assert_int_equal(sb_device_add(fixture->machine, driver, "X", &device),
                     STATUS_INVALID_DEVICE_REQUEST);
}

static void wmi_asks_after_registration(void **state)
{
    struct fixture *fixture = claim_state(state);
    for (int i = 0; i < 100 && state_of(fixture).wmi_asked == 0; i++)
        usleep(10000);
    assert_int_equal(state_of(fixture).wmi_asked, 1);
}

static void timers_tick_every_second(void **state)
{
    struct fixture *fixture = claim_state(state);
    uint32_t before = state_of(fixture).timer_ticks, ticks = 0;
    time_t begin = time(NULL);
    for (int turn = 0; turn < 200 && ticks == 0; turn++) {
        usleep(100000);
        ticks = state_of(fixture).timer_ticks - before;
    }
    assert_true(ticks >= 1 && ticks <= time(NULL) - begin + 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(devices_are_added_started_and_found_by_interface),
        TEST(removal_takes_interface_and_device_away),
        TEST(who_has_the_device_open_is_told_of_its_removal),
        TEST(power_reaches_the_driver),
        TEST(an_idle_device_is_put_to_sleep),
        TEST(start_io_takes_one_at_a_time),
        TEST(drivers_without_add_device_get_none),
        TEST(wmi_asks_after_registration),
        TEST(timers_tick_every_second),
    };
    int failed = cmocka_run_group_tests_name("pnp built by gcc", tests, NULL, NULL);
    driver_path = SYSBUF_TEST_DRIVERS "/pnp-clang.sys";
    failed += cmocka_run_group_tests_name("pnp built by clang", tests, NULL, NULL);
    return failed;
}
