/*
 * Shared rings under the schedule explorer: every order, with up to two preemptions, in which the
 * ring's thread, its client and somebody who ends it can meet. Nobody may be left waiting (the
 * explorer stops with a deadlock then), no handler may run after the end, nothing may stay behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <ring/lane.h>
#include <ringer/contract.h>
#include <sysbuf/host.h>
#include <sysbuf/ring.h>

#define CAPACITY 4096u

struct trial {
    void (*work)(struct trial *trial);
    struct sb_machine *machine;
    struct sb_process *process;
    sb_handle file;
    unsigned char *memory; /* a page for each of the actions, the first for the rest */
    struct sb_ring_reply ring;
    struct sb_ring_page *page;
    char finding[512];
};

static void wrong(struct trial *trial, const char *what, long value)
{
    if (trial->finding[0] == 0)
        snprintf(trial->finding, sizeof(trial->finding), "%s: 0x%lx", what, value);
}

static void ignore_log(void *context, const char *text, size_t length)
{
    (void)context;
    (void)text;
    (void)length;
}

/* From the page of one action. */
static sb_status control(struct trial *trial, int action, uint32_t code, const void *input,
                         uint32_t input_length, void *output, uint32_t output_length)
{
    unsigned char *memory = trial->memory + 4096 * action;
    struct sb_io_status result;
    sb_status status;

    if (input_length != 0)
        memcpy(memory, input, input_length);
    status = sb_process_ioctl(trial->process, trial->file, 0, &result, code,
                              input_length != 0 ? memory : NULL, input_length,
                              output_length != 0 ? memory + 2048 : NULL, output_length);
    if (status == 0 && output_length != 0)
        memcpy(output, memory + 2048, output_length);
    return status;
}

static sb_status open_ring(struct trial *trial, int action)
{
    const struct sb_ring_request request = {sizeof(request), 1, 1, 0, 1024, CAPACITY, CAPACITY, 0};
    struct sb_ring_reply reply = {0};
    sb_status status;

    status = control(trial, action, SB_RING_OPEN, &request, sizeof(request), &reply, sizeof(reply));
    if (status == 0 && reply.refusal == SB_RING_ACCEPTED) {
        trial->ring = reply;
        trial->page = (struct sb_ring_page *)(uintptr_t)reply.view;
    }
    return status;
}

/* One message, and the doorbell only if the driver says that it sleeps: by the protocol. */
static void send_verb(struct trial *trial, uint32_t verb, uint32_t argument)
{
    const struct ringer_message message = {verb, argument};
    unsigned char *bytes = (unsigned char *)trial->page + SB_RING_PAGE;
    struct sb_lane_writer writer;
    void *room;

    sb_lane_writer_open(&writer, &trial->page->to_driver, bytes, CAPACITY);
    writer.next = writer.tail = writer.head = atomic_load(&trial->page->to_driver.tail);
    if (sb_lane_reserve(&writer, sizeof(message), &room) != SB_LANE_OK)
        return;
    sb_lane_copy(room, &message, sizeof(message));
    sb_lane_commit(&writer, sizeof(message), SB_RING_MESSAGE);
    if (sb_lane_publish(&writer))
        sb_process_set_event(trial->process, trial->ring.to_driver_data);
}

/* Sleeps by the protocol until there is a message or the ring is closed. */
static void await_message(struct trial *trial)
{
    struct sb_lane_lines *lines = &trial->page->to_client;
    sb_handle event = trial->ring.to_client_data;

    while (atomic_load(&lines->tail) == 0 && atomic_load(&trial->page->closed) == 0) {
        atomic_store(&lines->reader_sleeps, 1);
        if (atomic_load(&lines->tail) == 0 && atomic_load(&trial->page->closed) == 0 &&
            sb_process_wait(trial->process, &event, 1, false, SB_FOREVER) < 0)
            return;
    }
}

static void check_life(struct trial *trial)
{
    struct ringer_life life = {0, 0, 0, 0};
    sb_status status = control(trial, 0, RINGER_LIFE, NULL, 0, &life, sizeof(life));

    if (status == 0 && (life.mistakes != 0 || life.opened != life.closed))
        wrong(trial, "rings opened and not closed, or handlers out of place",
              (long)(life.opened - life.closed) << 16 | life.mistakes);
}

static bool run(void *context, struct sb_schedule *schedule)
{
    struct trial *trial = context;
    const struct sb_machine_options options = {.log = ignore_log, .schedule = schedule};
    struct sb_bug_check stop;
    struct sb_driver *driver;

    trial->finding[0] = 0;
    trial->page = NULL;
    assert_int_equal(sb_machine_create(&options, &trial->machine), 0);
    assert_int_equal(sb_machine_load_driver_file(trial->machine, RINGER_SYS, &driver, NULL, 0), 0);
    assert_int_equal(sb_process_create(trial->machine, NULL, &trial->process), 0);
    assert_int_equal(sb_process_open(trial->process, RINGER_PATH, NULL, &trial->file), 0);
    trial->memory = sb_process_allocate(trial->process, 4 * 4096, false);
    assert_non_null(trial->memory);
    trial->work(trial);
    sb_process_destroy(trial->process);
    if (sb_machine_unload_driver(trial->machine, driver) != 0)
        wrong(trial, "the driver is not unloaded", 0);
    sb_machine_settle(trial->machine);
    if (sb_machine_bug_check(trial->machine, &stop)) {
        trial->finding[0] = 0;
        sb_machine_describe_stop(trial->machine, trial->finding, sizeof(trial->finding));
    }
    sb_machine_destroy(trial->machine);
    return trial->finding[0] != 0;
}

struct side {
    struct trial *trial;
    int action;
};

static void both(struct trial *trial, void (*one)(void *), void (*other)(void *))
{
    struct side sides[] = {{trial, 1}, {trial, 2}};
    const struct sb_action actions[] = {{one, &sides[0]}, {other, &sides[1]}};

    sb_machine_run_actions(trial->machine, actions, 2);
}

/* ---- what the actions do ---- */

static void open_one(void *context)
{
    struct side *side = context;

    open_ring(side->trial, side->action);
}

static void close_one(void *context)
{
    struct side *side = context;

    control(side->trial, side->action, SB_RING_CLOSE, NULL, 0, NULL, 0);
}

static void close_handle(void *context)
{
    struct side *side = context;

    sb_process_close(side->trial->process, side->trial->file);
}

static void echo_one(void *context)
{
    struct side *side = context;

    send_verb(side->trial, RINGER_ECHO, 1);
    await_message(side->trial);
}

static void shut_one(void *context)
{
    struct side *side = context;

    send_verb(side->trial, RINGER_SHUT, 0);
    await_message(side->trial);
}

static void flood_one(void *context)
{
    struct side *side = context;

    send_verb(side->trial, RINGER_FLOOD, 600); /* more than fit: the driver waits for room */
    await_message(side->trial);
}

/* ---- trials ---- */

static void a_message_and_its_echo(struct trial *trial)
{
    struct side side = {trial, 1};
    const struct sb_action action = {echo_one, &side};

    open_ring(trial, 0);
    sb_machine_run_actions(trial->machine, &action, 1);
    if (trial->page == NULL || atomic_load(&trial->page->to_client.tail) == 0)
        wrong(trial, "no echo", 0);
}

static void open_against_open(struct trial *trial)
{
    both(trial, open_one, open_one);
    control(trial, 0, SB_RING_CLOSE, NULL, 0, NULL, 0);
    check_life(trial);
}

static void open_against_close(struct trial *trial)
{
    both(trial, open_one, close_one);
    control(trial, 0, SB_RING_CLOSE, NULL, 0, NULL, 0);
    check_life(trial);
}

static void open_against_the_last_handle(struct trial *trial)
{
    both(trial, open_one, close_handle);
}

static void an_echo_against_close(struct trial *trial)
{
    open_ring(trial, 0);
    both(trial, echo_one, close_one);
    check_life(trial);
}

static void a_full_ring_against_close(struct trial *trial)
{
    open_ring(trial, 0);
    both(trial, flood_one, close_one);
    check_life(trial);
}

static void a_shut_against_the_last_handle(struct trial *trial)
{
    open_ring(trial, 0);
    both(trial, shut_one, close_handle);
}

static void close_against_close(struct trial *trial)
{
    open_ring(trial, 0);
    both(trial, close_one, close_one);
    check_life(trial);
}

static void explore(void (*work)(struct trial *trial))
{
    const struct sb_explore_options options = {.preemptions = 2,
                                               .limit = 1500,
                                               .random_runs = 100,
                                               .random_seed = 1,
                                               .milliseconds = 2500};
    struct sb_explore_result result;
    struct trial trial = {.work = work};

    assert_int_equal(sb_host_claim_faults(), 0);
    assert_int_equal(sb_explore(&options, run, &trial, &result), 0);
    if (result.found)
        print_error("%s\nseed %s\n", trial.finding, result.seed);
    print_message("%llu schedules%s\n", (unsigned long long)result.schedules,
                  result.complete ? ", all there are" : "");
    assert_false(result.found);
    assert_true(result.schedules > 1);
}

#define TRIAL(name)                       \
    static void test_##name(void **state) \
    {                                     \
        (void)state;                      \
        explore(name);                    \
    }

TRIAL(a_message_and_its_echo)
TRIAL(open_against_open)
TRIAL(open_against_close)
TRIAL(open_against_the_last_handle)
TRIAL(an_echo_against_close)
TRIAL(a_full_ring_against_close)
TRIAL(a_shut_against_the_last_handle)
TRIAL(close_against_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_message_and_its_echo),
        cmocka_unit_test(test_open_against_open),
        cmocka_unit_test(test_open_against_close),
        cmocka_unit_test(test_open_against_the_last_handle),
        cmocka_unit_test(test_an_echo_against_close),
        cmocka_unit_test(test_a_full_ring_against_close),
        cmocka_unit_test(test_a_shut_against_the_last_handle),
        cmocka_unit_test(test_close_against_close),
    };

    return cmocka_run_group_tests_name("ring-explored", tests, NULL, NULL);
}
