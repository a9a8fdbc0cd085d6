/*
 * How what waits in the driver ends: cancelled, closed, its process killed, the driver unloaded,
 * each in every state that the request can be in. Requests are made by several processes of a
 * machine, so that one can be killed; nothing may hang, and nothing may be left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <pthread.h>
#include <cmocka.h>

#include <channels/contract.h>
#include <sysbuf/host.h>
#include <sysbuf/protocol.h>

#define STATUS_SUCCESS               ((sb_status)0)
#define STATUS_INFO_LENGTH_MISMATCH  ((sb_status)0xC0000004)
#define STATUS_CANCELLED             ((sb_status)0xC0000120)
#define STATUS_DEVICE_BUSY           ((sb_status)0x80000011)
#define STATUS_THREAD_IS_TERMINATING ((sb_status)0xC000004B)
#define STATUS_IO_TIMEOUT            ((sb_status)0xC00000B5)
#define STATUS_NOT_FOUND             ((sb_status)0xC0000225)

#define NEXT_LENGTH (sizeof(struct sb_notification) + CHANNELS_MAXIMUM)

/* A process with an open device. */
struct program {
    struct sb_process *process;
    sb_handle file;
    unsigned char *memory;
};

/* A request under way. */
struct pending {
    struct sb_io_status result;
    sb_handle event;
    unsigned char *memory;
};

static struct sb_machine *machine;
static struct sb_driver *driver;
static uint64_t blocks_before; /* of pool */

/* Buffered and direct READ, and what waits for a command of either method. */
static int start_driver(const char *path)
{
    char error[512] = "";
    uint64_t bytes;

    assert_int_equal(sb_machine_create(NULL, &machine), STATUS_SUCCESS);
    sb_machine_pool_usage(machine, &blocks_before, &bytes);
    if (sb_machine_load_driver_file(machine, path, &driver, error, sizeof(error)) != STATUS_SUCCESS)
        fail_msg("%s", error);
    return sb_host_claim_faults();
}

static int start(void **state)
{
    (void)state;
    return start_driver(WINDOWS_DRIVERS "/channels.sys");
}

static int start_direct(void **state)
{
    (void)state;
    return start_driver(WINDOWS_DRIVERS "/channels_direct.sys");
}

/* The driver goes, and takes its pool along: the tests leave open and waiting more than the bound.
 */
static int stop(void **state)
{
    struct sb_bug_check stopped;
    uint64_t blocks;
    uint64_t bytes;

    (void)state;
    assert_int_equal(sb_machine_unload_driver(machine, driver), STATUS_SUCCESS);
    sb_machine_pool_usage(machine, &blocks, &bytes);
    assert_true(blocks < blocks_before + 16); /* the machine keeps a few of its own */
    assert_false(sb_machine_bug_check(machine, &stopped));
    sb_machine_destroy(machine);
    return 0;
}

static struct program begin_program(void)
{
    const struct sb_open_options options = {.is_overlapped = true};
    struct program program = {0};

    assert_int_equal(sb_host_claim_faults(), STATUS_SUCCESS);
    assert_int_equal(sb_process_create(machine, NULL, &program.process), STATUS_SUCCESS);
    assert_int_equal(sb_process_open(program.process, CHANNELS_PATH, &options, &program.file),
                     STATUS_SUCCESS);
    program.memory = sb_process_allocate(program.process, 4096, false);
    assert_non_null(program.memory);
    return program;
}

/* A command that does not wait. */
static sb_status call(struct program *program, uint32_t code, const void *input, uint32_t length,
                      void *output, uint32_t capacity)
{
    struct sb_io_status result = {0};
    sb_status status;

    memcpy(program->memory, input != NULL ? input : "", length);
    status = sb_process_ioctl(program->process, program->file, 0, &result, code,
                              length != 0 ? program->memory : NULL, length,
                              capacity != 0 ? program->memory + 2048 : NULL, capacity);
    if (status == STATUS_SUCCESS && output != NULL)
        memcpy(output, program->memory + 2048, result.information);
    return status;
}

static void subscribe(struct program *program)
{
    const struct sb_subscribe wanted = {SB_PROTOCOL_VERSION, 0};

    assert_int_equal(call(program, SB_NOTIFY_SUBSCRIBE, &wanted, sizeof(wanted), NULL, 24),
                     STATUS_SUCCESS);
}

static uint64_t number_of(struct program *program)
{
    uint64_t number = 0;

    assert_int_equal(call(program, CHANNELS_OPEN, NULL, 0, &number, sizeof(number)),
                     STATUS_SUCCESS);
    return number;
}

static void send(struct program *program, uint32_t code, struct pending *pending)
{
    memset(pending, 0, sizeof(*pending));
    pending->memory = sb_process_allocate(program->process, NEXT_LENGTH, false);
    assert_int_equal(sb_process_create_event(program->process, true, false, &pending->event),
                     STATUS_SUCCESS);
    pending->result.status = SB_STATUS_PENDING;
    assert_int_equal(sb_process_ioctl(program->process, program->file, pending->event,
                                      &pending->result, code, NULL, 0, pending->memory,
                                      NEXT_LENGTH),
                     SB_STATUS_PENDING);
}

static void send_read(struct program *program, struct pending *pending)
{
    memset(pending, 0, sizeof(*pending));
    pending->memory = sb_process_allocate(program->process, NEXT_LENGTH, false);
    assert_int_equal(sb_process_create_event(program->process, true, false, &pending->event),
                     STATUS_SUCCESS);
    assert_int_equal(sb_process_read(program->process, program->file, pending->event,
                                     &pending->result, pending->memory, NEXT_LENGTH, 0),
                     SB_STATUS_PENDING);
}

static void wait_for(struct program *program, struct pending *pending, sb_status status)
{
    assert_int_equal(sb_process_wait(program->process, &pending->event, 1, false, 10000),
                     STATUS_SUCCESS);
    assert_int_equal(pending->result.status, status);
}

static uint64_t counter(struct program *program, enum sb_counter wanted)
{
    struct {
        struct sb_statistics_header header;
        uint64_t values[SB_COUNTER_COUNT];
    } told;

    assert_int_equal(call(program, SB_QUERY_STATISTICS, NULL, 0, &told, sizeof(told)),
                     STATUS_SUCCESS);
    return told.values[wanted];
}

static void cancelling_ends_one_or_all(void **state)
{
    struct program program = begin_program();
    struct pending pending[5];

    (void)state;
    subscribe(&program);
    send(&program, SB_NOTIFY_NEXT, &pending[0]);
    send(&program, CHANNELS_WAIT, &pending[1]);
    send(&program, SB_NOTIFY_NEXT, &pending[2]);
    send_read(&program, &pending[3]);
    send(&program, CHANNELS_WAIT_DIRECT, &pending[4]);
    assert_int_equal(sb_process_cancel(program.process, program.file, &pending[0].result),
                     STATUS_SUCCESS);
    wait_for(&program, &pending[0], STATUS_CANCELLED);
    assert_int_equal(call(&program, CHANNELS_POST, "m", 1, NULL, 0), STATUS_SUCCESS);
    wait_for(&program, &pending[2], STATUS_SUCCESS);
    assert_int_equal(pending[2].memory[sizeof(struct sb_notification)], 'm');
    assert_int_equal(sb_process_cancel(program.process, program.file, &pending[2].result),
                     STATUS_NOT_FOUND);
    assert_int_equal(sb_process_cancel(program.process, program.file, NULL), STATUS_SUCCESS);
    wait_for(&program, &pending[1], STATUS_CANCELLED);
    wait_for(&program, &pending[3], STATUS_CANCELLED);
    wait_for(&program, &pending[4], STATUS_CANCELLED);
    assert_int_equal(counter(&program, SB_COUNTER_CANCELLED), 4);
    sb_process_destroy(program.process);
}

/* Cancelled when it has been answered, or its fellow has: nothing changes any more. */
static void what_has_ended_cannot_be_cancelled(void **state)
{
    static const uint32_t codes[] = {CHANNELS_WAIT, CHANNELS_WAIT_DIRECT};
    struct program program = begin_program();
    struct pending pending[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        send(&program, codes[i], &pending[0]);
        send(&program, codes[i], &pending[1]);
        sb_process_cancel(program.process, program.file, &pending[0].result);
        assert_int_equal(call(&program, CHANNELS_RELEASE, NULL, 0, NULL, 0), STATUS_SUCCESS);
        wait_for(&program, &pending[0], STATUS_CANCELLED);
        wait_for(&program, &pending[1], STATUS_SUCCESS);
        assert_int_equal(pending[1].result.information, 1);
        assert_int_equal(pending[1].memory[0], 0x77);
        assert_int_equal(sb_process_cancel(program.process, program.file, NULL), STATUS_NOT_FOUND);
    }
    sb_process_destroy(program.process);
}

static void closing_ends_all_that_waits(void **state)
{
    struct program program = begin_program();
    struct program other = begin_program();
    struct pending pending[4];
    struct pending others;

    (void)state;
    subscribe(&program);
    subscribe(&other);
    send(&program, SB_NOTIFY_NEXT, &pending[0]);
    send(&program, CHANNELS_WAIT, &pending[1]);
    send_read(&program, &pending[2]);
    send(&program, CHANNELS_WAIT_DIRECT, &pending[3]);
    send(&other, SB_NOTIFY_NEXT, &others);
    assert_int_equal(sb_process_close(program.process, program.file), STATUS_SUCCESS);
    for (size_t i = 0; i < 4; i++)
        wait_for(&program, &pending[i], STATUS_CANCELLED);
    assert_int_equal(call(&other, CHANNELS_POST_ALL, "m", 1, NULL, 0), STATUS_SUCCESS);
    wait_for(&other, &others, STATUS_SUCCESS);
    sb_process_destroy(program.process);
    sb_process_destroy(other.process);
}

static void a_killed_process_takes_its_requests_along(void **state)
{
    struct program survivor = begin_program();
    struct pending pending[12];

    (void)state;
    for (int round = 0; round < 10; round++) {
        struct program program = begin_program();

        subscribe(&program);
        for (size_t i = 0; i < 12; i += 4) {
            send(&program, SB_NOTIFY_NEXT, &pending[i]);
            send(&program, CHANNELS_WAIT, &pending[i + 1]);
            send_read(&program, &pending[i + 2]);
            send(&program, CHANNELS_WAIT_DIRECT, &pending[i + 3]);
        }
        if (round % 2 != 0)
            for (int i = 0; i < 8; i++)
                call(&program, CHANNELS_POST, "m", 1, NULL, 0);
        sb_process_destroy(program.process);
    }
    assert_int_equal(counter(&survivor, SB_COUNTER_OPENS), 11);
    assert_int_equal(counter(&survivor, SB_COUNTER_CLOSES), 10);
    sb_process_destroy(survivor.process);
}

/* ---- in the middle of a flood ---- */

static sb_status begin_flood(struct program *program)
{
    const struct channels_flood flood = {1000000000};
    const struct timespec moment = {0, 1000000};
    sb_status status = STATUS_DEVICE_BUSY;

    for (int i = 0; i < 5000 && status == STATUS_DEVICE_BUSY; i++) {
        status = call(program, CHANNELS_FLOOD, &flood, sizeof(flood), NULL, 0);
        if (status == STATUS_DEVICE_BUSY)
            nanosleep(&moment, NULL);
    }
    return status;
}

static void a_process_killed_in_a_flood_ends_it(void **state)
{
    struct pending pending[8];

    (void)state;
    for (int round = 0; round < 20; round++) {
        struct program program = begin_program();

        subscribe(&program);
        assert_int_equal(begin_flood(&program), STATUS_SUCCESS);
        for (size_t i = 0; i < 8; i++) {
            pending[i].memory = sb_process_allocate(program.process, NEXT_LENGTH, false);
            sb_process_ioctl(program.process, program.file, 0, &pending[i].result, SB_NOTIFY_NEXT,
                             NULL, 0, pending[i].memory, NEXT_LENGTH);
        }
        sb_process_destroy(program.process);
    }
}

#ifndef SYSBUF_SIGNALS_ARE_LATE
struct canceller {
    struct program *program;
    volatile bool stops;
};

static void *cancel_always(void *context)
{
    struct canceller *canceller = context;

    while (!canceller->stops)
        sb_process_cancel(canceller->program->process, canceller->program->file, NULL);
    return NULL;
}

/* Each request ends once, with a message or cancelled, and the messages show no gap: cancelling has
   lost none. */
static void cancelling_in_a_flood_loses_no_message(void **state)
{
    struct program program = begin_program();
    struct canceller canceller = {&program, false};
    const struct channels_flood flood = {MESSAGES / 20};
    const struct channels_item *item;
    struct sb_io_status result;
    uint64_t received = 0;
    uint64_t cancelled = 0;
    sb_handle event;
    pthread_t thread;

    (void)state;
    subscribe(&program);
    item = (const void *)(program.memory + 1024 + sizeof(struct sb_notification));
    assert_int_equal(sb_process_create_event(program.process, true, false, &event), STATUS_SUCCESS);
    assert_int_equal(pthread_create(&thread, NULL, cancel_always, &canceller), 0);
    assert_int_equal(call(&program, CHANNELS_FLOOD, &flood, sizeof(flood), NULL, 0),
                     STATUS_SUCCESS);
    while (received < flood.count) {
        sb_status status =
            sb_process_ioctl(program.process, program.file, event, &result, SB_NOTIFY_NEXT, NULL, 0,
                             program.memory + 1024, NEXT_LENGTH);

        if (status == SB_STATUS_PENDING) {
            assert_int_equal(sb_process_wait(program.process, &event, 1, false, 10000),
                             STATUS_SUCCESS);
            status = result.status;
        }
        if (status == STATUS_CANCELLED) {
            cancelled++;
            continue;
        }
        assert_int_equal(status, STATUS_SUCCESS);
        assert_int_equal(item->number, received);
        assert_int_equal(item->checksum, channels_mix(received));
        received++;
    }
    canceller.stops = true;
    pthread_join(thread, NULL);
    print_message("%llu requests were cancelled between %llu messages\n",
                  (unsigned long long)cancelled, (unsigned long long)received);
    sb_process_destroy(program.process);
}

#endif

/* ---- questions ---- */

struct asking {
    struct program program;
    uint64_t open;
    uint32_t timeout;
    sb_status status;
};

static void *ask(void *context)
{
    struct asking *asking = context;
    const struct channels_question question = {asking->open, asking->timeout, 0};

    asking->status = call(&asking->program, CHANNELS_ASK, &question, sizeof(question), NULL, 16);
    return NULL;
}

static void wait_until_asked(struct program *program, uint64_t questions)
{
    const struct timespec moment = {0, 1000000};

    for (int i = 0; counter(program, SB_COUNTER_QUESTIONS) < questions; i++) {
        assert_true(i < 5000);
        nanosleep(&moment, NULL);
    }
}

static void a_killed_subscriber_ends_the_question(void **state)
{
    struct program subscriber = begin_program();
    struct asking asking = {.program = begin_program(), .timeout = 600000};
    pthread_t thread;

    (void)state;
    subscribe(&subscriber);
    asking.open = number_of(&subscriber);
    assert_int_equal(pthread_create(&thread, NULL, ask, &asking), 0);
    wait_until_asked(&subscriber, 1);
    sb_process_destroy(subscriber.process);
    pthread_join(thread, NULL);
    assert_int_equal(asking.status, STATUS_CANCELLED);
    sb_process_destroy(asking.program.process);
}

/* The deadline is ten minutes away; the process goes at once. */
static void a_process_that_waits_for_an_answer_can_be_killed(void **state)
{
    struct program subscriber = begin_program();
    struct asking asking = {.program = begin_program(), .timeout = 600000};
    struct timespec before;
    struct timespec after;
    pthread_t thread;

    (void)state;
    subscribe(&subscriber);
    asking.open = number_of(&subscriber);
    assert_int_equal(pthread_create(&thread, NULL, ask, &asking), 0);
    wait_until_asked(&subscriber, 1);
    clock_gettime(CLOCK_MONOTONIC, &before);
    sb_process_destroy(asking.program.process);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true(after.tv_sec - before.tv_sec < 3);
    pthread_join(thread, NULL);
    assert_true(asking.status == STATUS_CANCELLED || asking.status == STATUS_THREAD_IS_TERMINATING);
    sb_process_destroy(subscriber.process);
}

/* ---- unload ---- */

/* The timer's post may come before the unload, during it or not at all. */
static void unloading_ends_posts_that_are_on_their_way(void **state)
{
    stop(state);
    for (uint32_t moment = 0; moment < 20; moment++) {
        struct program program;

        start(state);
        program = begin_program();
        subscribe(&program);
        assert_int_equal(call(&program, CHANNELS_TIMER, &moment, sizeof(moment), NULL, 0),
                         STATUS_SUCCESS);
        if (moment % 2 != 0)
            assert_int_equal(begin_flood(&program), STATUS_SUCCESS);
        sb_process_destroy(program.process);
        stop(state);
    }
    start(state);
}

static void a_driver_with_requests_under_way_is_not_unloaded(void **state)
{
    struct program program = begin_program();
    struct pending pending;

    (void)state;
    subscribe(&program);
    send(&program, SB_NOTIFY_NEXT, &pending);
    assert_int_not_equal(sb_machine_unload_driver(machine, driver), STATUS_SUCCESS);
    assert_int_equal(call(&program, CHANNELS_POST, "m", 1, NULL, 0), STATUS_SUCCESS);
    wait_for(&program, &pending, STATUS_SUCCESS);
    sb_process_destroy(program.process);
}

#define end_test(name)    cmocka_unit_test_setup_teardown(name, start, stop)
#define direct_test(name) cmocka_unit_test_setup_teardown(name, start_direct, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        end_test(cancelling_ends_one_or_all),
        direct_test(cancelling_ends_one_or_all),
        end_test(what_has_ended_cannot_be_cancelled),
        end_test(closing_ends_all_that_waits),
        direct_test(closing_ends_all_that_waits),
        end_test(a_killed_process_takes_its_requests_along),
        direct_test(a_killed_process_takes_its_requests_along),
        end_test(a_process_killed_in_a_flood_ends_it),
#ifndef SYSBUF_SIGNALS_ARE_LATE /* ThreadSanitizer does not see how the driver's code hands the \
                                   IRP over, with the cancel routine that it sets */
        end_test(cancelling_in_a_flood_loses_no_message),
#endif
        end_test(a_killed_subscriber_ends_the_question),
        end_test(a_process_that_waits_for_an_answer_can_be_killed),
        end_test(unloading_ends_posts_that_are_on_their_way),
        end_test(a_driver_with_requests_under_way_is_not_unloaded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
