/* Races are found by search, found again by their seed, and not found where there are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <pthread.h>
#include <cmocka.h>

#include <sysbuf/host.h>
#include "../drivers/races/contract.h"

#define STATUS_INVALID_PARAMETER ((sb_status)0xC000000D)
#define STATUS_CANCELLED         ((sb_status)0xC0000120)
#define STATUS_NOT_FOUND         ((sb_status)0xC0000225)
#define STATUS_INVALID_THREAD    ((sb_status)0xC000071C)

enum { REPLAYS = 20 };

struct trial;
/* What is done with an open device. A result that must not be is written down with `wrong`. */
typedef void (*work)(struct trial *trial);

struct trial {
    const char *driver, *race;
    bool is_fixed;
    work work;
    struct sb_machine *machine;
    struct sb_process *process;
    sb_handle file, other; /* the same device twice; other is overlapped */
    void *memory;
    struct sb_io_status pending;
    char finding[4096]; /* empty: none */
};

static void wrong(struct trial *trial, const char *what, long value)
{
    if (!trial->finding[0])
        snprintf(trial->finding, sizeof(trial->finding), "%s: %ld", what, value);
}

static void ignore_log(void *context, const char *text, size_t length)
{
    (void)context, (void)text, (void)length;
}

static void note_stop(struct trial *trial)
{
    struct sb_bug_check stop;
    if (!trial->finding[0] && sb_machine_bug_check(trial->machine, &stop))
        snprintf(trial->finding, sizeof(trial->finding), "stop 0x%x in %s+0x%llx", stop.code,
                 stop.module, (unsigned long long)stop.offset);
}

static sb_status ask(struct trial *trial, sb_handle file, uint32_t code)
{
    struct sb_io_status result;
    return sb_process_ioctl(trial->process, file, 0, &result, code, NULL, 0, NULL, 0);
}

static void open_device(struct trial *trial)
{
    char path[64];
    struct sb_open_options overlapped = {.is_overlapped = true};
    snprintf(path, sizeof(path), "\\Device\\%s%s", trial->race, trial->is_fixed ? "Fixed" : "");
    assert_int_equal(sb_process_create(trial->machine, NULL, &trial->process), 0);
    assert_int_equal(sb_process_open(trial->process, path, NULL, &trial->file), 0);
    assert_int_equal(sb_process_open(trial->process, path, &overlapped, &trial->other), 0);
    trial->memory = sb_process_allocate(trial->process, 64, false);
    assert_non_null(trial->memory);
}

static bool run(void *context, struct sb_schedule *schedule)
{
    struct trial *trial = context;
    struct sb_machine_options options = {.log = ignore_log, .schedule = schedule};
    struct sb_driver *driver;
    char path[256];
    trial->finding[0] = 0;
    snprintf(path, sizeof(path), "%s/races-%s.sys", SYSBUF_TEST_DRIVERS, trial->driver);
    assert_int_equal(sb_machine_create(&options, &trial->machine), 0);
    assert_int_equal(sb_machine_load_driver_file(trial->machine, path, &driver, NULL, 0), 0);
    open_device(trial);
    trial->work(trial);
    sb_process_close(trial->process, trial->file);
    sb_process_close(trial->process, trial->other);
    sb_process_destroy(trial->process);
    sb_status status = sb_machine_unload_driver(trial->machine, driver);
    sb_machine_settle(trial->machine);
    note_stop(trial);
    if (status)
        wrong(trial, "unload", status);
    sb_machine_destroy(trial->machine);
    return trial->finding[0] != 0;
}

/* ---- the two sides of a race ---- */
struct side {
    struct trial *trial;
    sb_handle file;
    uint32_t code;
    sb_status status;
};

static void send(void *context)
{
    struct side *side = context;
    side->status = ask(side->trial, side->file, side->code);
}

static void send_both(struct trial *trial, uint32_t first, uint32_t second)
{
    struct side sides[] = {{trial, trial->file, first, -1}, {trial, trial->other, second, -1}};
    const struct sb_action actions[] = {{send, &sides[0]}, {send, &sides[1]}};
    assert_int_equal(sb_machine_run_actions(trial->machine, actions, 2), 0);
    note_stop(trial);
}

static void both_sides(struct trial *trial)
{
    send_both(trial, RACES_FIRST, RACES_SECOND);
}

static void make_and_both_sides(struct trial *trial)
{
    assert_int_equal(ask(trial, trial->file, RACES_MAKE), 0);
    both_sides(trial);
}

static void make_only(struct trial *trial)
{
    assert_int_equal(ask(trial, trial->file, RACES_MAKE), 0);
}

static void count_both(struct trial *trial)
{
    struct sb_io_status result;
    both_sides(trial);
    sb_status status = sb_process_ioctl(trial->process, trial->file, 0, &result, RACES_COUNT, NULL,
                                        0, trial->memory, sizeof(uint32_t));
    if (status == 0 && *(uint32_t *)trial->memory != 2)
        wrong(trial, "count after two", (long)*(uint32_t *)trial->memory);
}

static void cancel_pending(void *context)
{
    struct trial *trial = context;
    sb_status status = sb_process_cancel(trial->process, trial->other, &trial->pending);
    if (status && status != STATUS_NOT_FOUND && status != SB_STATUS_MACHINE_STOPPED)
        wrong(trial, "cancel", status);
}

/* A request that pends is finished and cancelled at once. */
static void finish_and_cancel(struct trial *trial)
{
    struct side finish = {trial, trial->file, RACES_FIRST, -1};
    const struct sb_action actions[] = {{send, &finish}, {cancel_pending, trial}};
    trial->pending.status = SB_STATUS_PENDING;
    assert_int_equal(sb_process_ioctl(trial->process, trial->other, 0, &trial->pending, RACES_MAKE,
                                      NULL, 0, NULL, 0),
                     SB_STATUS_PENDING);
    assert_int_equal(sb_machine_run_actions(trial->machine, actions, 2), 0);
    note_stop(trial);
    if (trial->pending.status != (finish.status ? STATUS_CANCELLED : 0))
        wrong(trial, "status of the request", trial->pending.status);
}

static const struct race {
    const char *name;
    work work;
    const char *finding; /* how it begins */
} races[] = {
    {"SharedPointer", make_and_both_sides, "stop 0xdead0001 in races"},
    {"Cancel", finish_and_cancel, "stop 0x"},
    {"LostWakeup", both_sides, "stop 0xe0530002 in races"},
    {"LockOrder", both_sides, "stop 0xe0530002 in races"},
    {"Count", count_both, "count after two: 1"},
    {"ThreadEnd", make_only, "stop 0xce"},
    {"TimerDpc", make_only, "stop 0x"},
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void replay(struct trial *trial, const char *seed)
{
    char finding[sizeof(trial->finding)], again[4096];
    strcpy(finding, trial->finding);
    for (int i = 0; i < REPLAYS; i++) {
        struct sb_schedule *schedule;
        struct sb_schedule_run summary;
        assert_int_equal(sb_schedule_create(seed, &schedule), 0);
        assert_true(run(trial, schedule));
        sb_schedule_describe(schedule, &summary);
        sb_schedule_seed(schedule, again, sizeof(again));
        sb_schedule_destroy(schedule);
        assert_string_equal(trial->finding, finding);
        assert_string_equal(again, seed);
        assert_false(summary.diverged);
    }
}

static void find(const char *driver, const struct race *race)
{
    struct trial trial = {.driver = driver, .race = race->name, .work = race->work};
    struct sb_explore_result result;
    assert_int_equal(sb_explore(NULL, run, &trial, &result), 0);
    if (!result.found)
        print_message("%s: nothing in %llu schedules\n", race->name,
                      (unsigned long long)result.schedules);
    assert_true(result.found);
    assert_int_equal(result.diverged, 0);
    if (strncmp(trial.finding, race->finding, strlen(race->finding)) != 0)
        print_message("%s: %s\n", race->name, trial.finding);
    assert_memory_equal(trial.finding, race->finding, strlen(race->finding));
    replay(&trial, result.seed);
    print_message("%-13s %s: found in schedule %llu: %s; seed %s\n", race->name, driver,
                  (unsigned long long)result.schedules, trial.finding, result.seed);
}

static void clear(const char *driver, const struct race *race)
{
    struct trial trial = {
        .driver = driver, .race = race->name, .work = race->work, .is_fixed = true};
    struct sb_explore_result result;
    double start = now();
    assert_int_equal(sb_explore(NULL, run, &trial, &result), 0);
    if (result.found)
        print_message("%s: %s; seed %s\n", race->name, trial.finding, result.seed);
    assert_false(result.found);
    assert_int_equal(result.diverged, 0);
    print_message("%-13s %s: without the mistake, nothing in %llu schedules%s (%u decisions, "
                  "%.2f ms each)\n",
                  race->name, driver, (unsigned long long)result.schedules,
                  result.complete ? ", all there are" : "", result.decisions,
                  (now() - start) * 1e3 / (double)result.schedules);
    assert_true(result.complete);
}

static void races_are_found(void **state)
{
    (void)state;
    sb_host_claim_faults();
    for (size_t i = 0; i < sizeof(races) / sizeof(*races); i++) {
        find("gcc", &races[i]);
        find("clang", &races[i]);
    }
}

static void right_ways_are_clear(void **state)
{
    (void)state;
    sb_host_claim_faults();
    for (size_t i = 0; i < sizeof(races) / sizeof(*races); i++)
        clear("gcc", &races[i]);
}

/* ---- what a schedule is ---- */
#ifndef SYSBUF_SIGNALS_ARE_LATE /* else nothing interrupts a loop */
static bool run_once(const char *race, bool is_fixed, work work, const char *seed,
                     struct trial *trial)
{
    struct sb_schedule *schedule;
    *trial = (struct trial){.driver = "gcc", .race = race, .is_fixed = is_fixed, .work = work};
    assert_int_equal(sb_schedule_create(seed, &schedule), 0);
    bool found = run(trial, schedule);
    sb_schedule_destroy(schedule);
    return found;
}

static void loops_that_meet_nobody_let_others_run(void **state)
{
    struct trial trial;
    (void)state;
    sb_host_claim_faults();
    assert_false(run_once("Spin", true, both_sides, NULL, &trial));
}

static void endless_loops_are_stopped(void **state)
{
    struct trial trial;
    (void)state;
    sb_host_claim_faults();
    assert_true(run_once("Spin", false, both_sides, NULL, &trial));
    assert_memory_equal(trial.finding, "stop 0xe0530003", 15);
}
#endif

static void keep_report(void *context, const char *text, size_t length)
{
    char *report = context;
    size_t used = strlen(report);
    if (used + length < 16384) {
        memcpy(report + used, text, length);
        report[used + length] = 0;
    }
}

static void deadlocks_tell_who_waits_for_what(void **state)
{
    static char report[16384];
    struct trial trial = {.driver = "gcc", .race = "LockOrder"};
    struct sb_schedule *schedule;
    struct sb_explore_result result;
    (void)state;
    sb_host_claim_faults();
    trial.work = both_sides;
    assert_int_equal(sb_explore(NULL, run, &trial, &result), 0);
    assert_int_equal(sb_schedule_create(result.seed, &schedule), 0);
    struct sb_machine_options options = {
        .log = keep_report, .log_context = report, .schedule = schedule};
    assert_int_equal(sb_machine_create(&options, &trial.machine), 0);
    assert_int_equal(sb_machine_load_driver_file(
                         trial.machine, SYSBUF_TEST_DRIVERS "/races-gcc.sys", NULL, NULL, 0),
                     0);
    open_device(&trial);
    both_sides(&trial);
    sb_machine_destroy(trial.machine);
    sb_schedule_destroy(schedule);
    assert_non_null(strstr(report, "deadlock: nobody can go on"));
    assert_non_null(strstr(report, "spins at the lock"));
    assert_non_null(strstr(report, ", which thread "));
    char *first = strstr(report, "lock_order.c:");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, "lock_order.c:")); /* the other thread's stack */
}

static bool never(void *context, struct sb_schedule *schedule)
{
    (void)context, (void)schedule;
    return false;
}

static void seeds_are_checked(void **state)
{
    static const char *const wrong_seeds[] = {"",           "x",       "1",    "1.",
                                              "1.2-",       "2.1-1.1", "1.99", "1.1@12",
                                              "0@xyzxyzxy", "1.1-1.1", "1.1 ", "99999999.1"};
    struct sb_schedule *schedule = NULL;
    struct sb_explore_result result;
    struct sb_explore_options options = {.preemptions = 99};
    char text[8];
    (void)state;
    for (size_t i = 0; i < sizeof(wrong_seeds) / sizeof(*wrong_seeds); i++)
        assert_int_equal(sb_schedule_create(wrong_seeds[i], &schedule), STATUS_INVALID_PARAMETER);
    assert_null(schedule);
    assert_int_equal(sb_schedule_create("3.1-12.2@0123abcd", &schedule), 0);
    assert_int_equal(sb_schedule_seed(schedule, text, sizeof(text)), 1); /* nothing was run */
    assert_string_equal(text, "0");
    sb_schedule_destroy(schedule);
    assert_int_equal(sb_explore(&options, never, NULL, &result), STATUS_INVALID_PARAMETER);
    assert_int_equal(sb_explore(NULL, never, NULL, &result), 0);
    assert_int_equal(result.schedules, 1);
    assert_true(result.complete);
}

/* The seed of another script names decisions that do not come. */
static void a_run_that_is_another_is_told(void **state)
{
    struct trial trial = {.driver = "gcc", .race = "Count", .work = count_both};
    struct sb_schedule *schedule;
    struct sb_schedule_run summary;
    (void)state;
    sb_host_claim_faults();
    assert_int_equal(sb_schedule_create("3.1@00000000", &schedule), 0);
    run(&trial, schedule);
    sb_schedule_describe(schedule, &summary);
    sb_schedule_destroy(schedule);
    assert_true(summary.diverged);
    assert_int_equal(sb_schedule_create("5000.1", &schedule), 0);
    assert_false(run(&trial, schedule));
    sb_schedule_describe(schedule, &summary);
    sb_schedule_destroy(schedule);
    assert_true(summary.diverged);
}

static void chance_finds_races_too(void **state)
{
    struct trial trial = {.driver = "gcc", .race = "SharedPointer", .work = make_and_both_sides};
    struct sb_explore_options options = {.only_random = true, .random_runs = 300};
    struct sb_explore_result result;
    (void)state;
    sb_host_claim_faults();
    assert_int_equal(sb_explore(&options, run, &trial, &result), 0);
    assert_true(result.found);
    replay(&trial, result.seed);
    print_message("by chance: run %llu\n", (unsigned long long)result.schedules);
}

static void *call_from_outside(void *context)
{
    struct sb_process *process;
    *(sb_status *)context =
        sb_process_create(*(struct sb_machine **)((sb_status *)context + 2), NULL, &process);
    return NULL;
}

static void other_threads_are_refused(void **state)
{
    struct {
        sb_status status, unused;
        struct sb_machine *machine;
    } call;
    struct sb_schedule *schedule;
    pthread_t thread;
    (void)state;
    assert_int_equal(sb_schedule_create(NULL, &schedule), 0);
    struct sb_machine_options options = {.schedule = schedule};
    assert_int_equal(sb_machine_create(&options, &call.machine), 0);
    assert_int_equal(pthread_create(&thread, NULL, call_from_outside, &call), 0);
    pthread_join(thread, NULL);
    assert_int_equal(call.status, STATUS_INVALID_THREAD);
    sb_machine_destroy(call.machine);
    sb_schedule_destroy(schedule);
}

/* An hour of the machine's time is nothing. */
static void time_is_virtual(void **state)
{
    struct sb_schedule *schedule;
    struct sb_process *process;
    sb_handle event;
    double start = now();
    (void)state;
    assert_int_equal(sb_schedule_create(NULL, &schedule), 0);
    struct sb_machine_options options = {.schedule = schedule};
    struct sb_machine *machine;
    assert_int_equal(sb_machine_create(&options, &machine), 0);
    assert_int_equal(sb_process_create(machine, NULL, &process), 0);
    assert_int_equal(sb_process_create_event(process, false, false, &event), 0);
    assert_int_equal(sb_process_wait(process, &event, 1, false, 3600000), SB_STATUS_TIMEOUT);
    assert_int_equal(sb_machine_pause(machine, 3600000), 0);
    sb_process_destroy(process);
    sb_machine_destroy(machine);
    sb_schedule_destroy(schedule);
    assert_true(now() - start < 5);
}

/* Without a schedule actions are just threads. */
static void actions_run_on_any_machine(void **state)
{
    struct trial trial = {.driver = "gcc", .race = "LostWakeup", .is_fixed = true};
    (void)state;
    sb_host_claim_faults();
    trial.work = both_sides;
    assert_false(run(&trial, NULL));
    trial.race = "Cancel";
    trial.work = finish_and_cancel;
    assert_false(run(&trial, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(races_are_found),
        cmocka_unit_test(right_ways_are_clear),
        cmocka_unit_test(chance_finds_races_too),
        cmocka_unit_test(deadlocks_tell_who_waits_for_what),
#ifndef SYSBUF_SIGNALS_ARE_LATE
        cmocka_unit_test(loops_that_meet_nobody_let_others_run),
        cmocka_unit_test(endless_loops_are_stopped),
#endif
        cmocka_unit_test(seeds_are_checked),
        cmocka_unit_test(a_run_that_is_another_is_told),
        cmocka_unit_test(other_threads_are_refused),
        cmocka_unit_test(time_is_virtual),
        cmocka_unit_test(actions_run_on_any_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
