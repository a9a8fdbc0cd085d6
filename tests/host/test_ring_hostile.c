/*
 * Shared rings on the host, against applications that do not use the client library: every refusal
 * of the handshake, positions, lengths and kinds that cannot be, events that are played with, and
 * all the ways in which a process, a handle or the driver can go away meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <pthread.h>
#include <cmocka.h>

#include <ring/lane.h>
#include <ringer/contract.h>
#include <sysbuf/host.h>
#include <sysbuf/ring.h>

#define STATUS_INFO_LENGTH_MISMATCH ((sb_status)0xC0000004)
#define STATUS_INVALID_PARAMETER    ((sb_status)0xC000000D)
#define STATUS_ACCESS_DENIED        ((sb_status)0xC0000022)
#define STATUS_BUFFER_TOO_SMALL     ((sb_status)0xC0000023)
#define STATUS_INVALID_DEVICE_STATE ((sb_status)0xC0000184)
#define STATUS_DEVICE_BUSY          ((sb_status)0x80000011)

#define LONG     20000 /* milliseconds */
#define CAPACITY 4096u

static struct sb_machine *machine;
static struct sb_driver *driver;

/* A process with the device open, and perhaps its ring. */
struct program {
    struct sb_process *process;
    sb_handle file;
    unsigned char *memory; /* a page for requests and replies */
    struct sb_ring_reply ring;
    struct sb_ring_page *page;
    unsigned char *to_driver;
    unsigned char *to_client;
    uint32_t tail; /* of to_driver, as far as it was written honestly */
};

static int set_up(void **state)
{
    const struct sb_machine_options options = {.debug_print_mask = 1};
    char error[512] = "";

    (void)state;
    if (sb_machine_create(&options, &machine) != 0 ||
        sb_machine_load_driver_file(machine, RINGER_SYS, &driver, error, sizeof(error)) != 0)
        return -1;
    return 0;
}

/* The driver can be unloaded, so nothing of it is open; and the machine runs. */
static int tear_down(void **state)
{
    struct sb_bug_check bug_check;
    sb_status status = sb_machine_unload_driver(machine, driver);
    int result = status == 0 && !sb_machine_bug_check(machine, &bug_check) ? 0 : -1;

    (void)state;
    sb_machine_destroy(machine);
    return result;
}

static void begin(struct program *program, const struct sb_process_options *options)
{
    const struct sb_open_options overlapped = {.is_overlapped = true};

    memset(program, 0, sizeof(*program));
    assert_int_equal(sb_host_claim_faults(), 0);
    assert_int_equal(sb_process_create(machine, options, &program->process), 0);
    assert_int_equal(sb_process_open(program->process, RINGER_PATH, &overlapped, &program->file),
                     0);
    program->memory = sb_process_allocate(program->process, 4096, false);
    assert_non_null(program->memory);
}

/* A request whose input lies at the beginning of the program's memory, its output behind. */
static sb_status control(struct program *program, uint32_t code, const void *input,
                         uint32_t input_length, void *output, uint32_t output_length)
{
    unsigned char *reply = program->memory + 2048;
    struct sb_io_status result = {0, 0, 0};
    sb_status status;

    memset(reply, 0xEE, 256);
    if (input_length != 0)
        memcpy(program->memory, input, input_length);
    status = sb_process_ioctl(program->process, program->file, 0, &result, code,
                              input_length != 0 ? program->memory : NULL, input_length,
                              output_length != 0 ? reply : NULL, output_length);
    if (status == 0 && output_length != 0)
        memcpy(output, reply, output_length);
    return status;
}

static const struct sb_ring_request good_request = {
    sizeof(struct sb_ring_request), 1, 1, 0, 1024, CAPACITY, CAPACITY, 0};

static void open_ring(struct program *program)
{
    assert_int_equal(control(program, SB_RING_OPEN, &good_request, sizeof(good_request),
                             &program->ring, sizeof(program->ring)),
                     0);
    assert_int_equal(program->ring.refusal, SB_RING_ACCEPTED);
    program->page = (struct sb_ring_page *)(uintptr_t)program->ring.view;
    program->to_driver = (unsigned char *)program->page + SB_RING_PAGE;
    program->to_client = program->to_driver + CAPACITY;
    program->tail = 0;
}

static void begin_with_ring(struct program *program)
{
    begin(program, NULL);
    open_ring(program);
}

static struct sb_ring_report report_of(struct program *program)
{
    struct sb_ring_report report;

    assert_int_equal(control(program, SB_RING_REPORT, NULL, 0, &report, sizeof(report)), 0);
    assert_int_equal(report.size, sizeof(report));
    return report;
}

/* Looks at the report until the ring is closed. */
static uint32_t wait_for_reason(struct program *program)
{
    const struct timespec moment = {0, 1000000};
    uint32_t reason = 0;
    int turn;

    for (turn = 0; reason == 0 && turn < LONG; turn++) {
        reason = report_of(program).reason;
        if (reason == 0)
            nanosleep(&moment, NULL);
    }
    return reason;
}

static struct ringer_life life_of(struct program *program)
{
    struct ringer_life life;

    assert_int_equal(control(program, RINGER_LIFE, NULL, 0, &life, sizeof(life)), 0);
    assert_int_equal(life.mistakes, 0);
    return life;
}

static void check_all_is_closed(void)
{
    struct program program;
    struct ringer_life life;

    begin(&program, NULL);
    life = life_of(&program);
    assert_int_equal(life.opened, life.closed);
    sb_process_destroy(program.process);
}

/* ---- writing by hand ---- */

static void ring_bell(struct program *program)
{
    assert_int_equal(sb_process_set_event(program->process, program->ring.to_driver_data), 0);
}

static void put_word(unsigned char *place, uint32_t word)
{
    memcpy(place, &word, 4);
}

/* A record without regard for the capacity; the bell is rung. */
static void put_record(struct program *program, uint32_t kind, const void *message, uint32_t length)
{
    unsigned char *record = program->to_driver + program->tail % CAPACITY;

    memcpy(record + 8, message, length);
    put_word(record, length);
    put_word(record + 4, kind);
    program->tail += sb_lane_record_size(length);
    atomic_store(&program->page->to_driver.tail, program->tail);
    ring_bell(program);
}

static void put_verb(struct program *program, uint32_t verb, uint32_t argument, uint32_t length)
{
    unsigned char message[1024] = {0};

    put_word(message, verb);
    put_word(message + 4, argument);
    put_record(program, SB_RING_MESSAGE, message, length);
}

/* ---- the handshake ---- */

static void every_wrong_field_of_the_handshake_is_refused(void **state)
{
    static const struct {
        size_t offset;
        uint32_t value;
        uint32_t refusal;
    } cases[] = {
        {offsetof(struct sb_ring_request, oldest_version), 2, SB_RING_REFUSED_VERSION},
        {offsetof(struct sb_ring_request, newest_version), 0, SB_RING_REFUSED_VERSION},
        {offsetof(struct sb_ring_request, oldest_version), UINT32_MAX, SB_RING_REFUSED_VERSION},
        {offsetof(struct sb_ring_request, flags), 1, SB_RING_REFUSED_FLAGS},
        {offsetof(struct sb_ring_request, flags), 0x80000000, SB_RING_REFUSED_FLAGS},
        {offsetof(struct sb_ring_request, reserved), 1, SB_RING_REFUSED_FLAGS},
        {offsetof(struct sb_ring_request, message_maximum), 0, SB_RING_REFUSED_SIZES},
        {offsetof(struct sb_ring_request, message_maximum), 15, SB_RING_REFUSED_SIZES},
        {offsetof(struct sb_ring_request, message_maximum), 2041, SB_RING_REFUSED_SIZES},
        {offsetof(struct sb_ring_request, message_maximum), 0x100000, SB_RING_REFUSED_SIZES},
        {offsetof(struct sb_ring_request, message_maximum), 0x100001, SB_RING_REFUSED_LIMIT},
        {offsetof(struct sb_ring_request, message_maximum), UINT32_MAX, SB_RING_REFUSED_LIMIT},
        {offsetof(struct sb_ring_request, to_driver_capacity), 0, SB_RING_REFUSED_SIZES},
        {offsetof(struct sb_ring_request, to_driver_capacity), 1, SB_RING_REFUSED_SIZES},
        {offsetof(struct sb_ring_request, to_driver_capacity), 2048, SB_RING_REFUSED_SIZES},
        {offsetof(struct sb_ring_request, to_driver_capacity), 4097, SB_RING_REFUSED_SIZES},
        {offsetof(struct sb_ring_request, to_driver_capacity), 12288, SB_RING_REFUSED_SIZES},
        {offsetof(struct sb_ring_request, to_driver_capacity), 0x800000, SB_RING_REFUSED_LIMIT},
        {offsetof(struct sb_ring_request, to_driver_capacity), 0x80000000, SB_RING_REFUSED_LIMIT},
        {offsetof(struct sb_ring_request, to_client_capacity), 0, SB_RING_REFUSED_SIZES},
        {offsetof(struct sb_ring_request, to_client_capacity), 6000, SB_RING_REFUSED_SIZES},
        {offsetof(struct sb_ring_request, to_client_capacity), UINT32_MAX, SB_RING_REFUSED_LIMIT},
    };
    struct program program;
    size_t index;

    (void)state;
    begin(&program, NULL);
    for (index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        struct sb_ring_request request = good_request;
        struct sb_ring_reply reply;

        memcpy((char *)&request + cases[index].offset, &cases[index].value, 4);
        assert_int_equal(
            control(&program, SB_RING_OPEN, &request, sizeof(request), &reply, sizeof(reply)), 0);
        assert_int_equal(reply.refusal, cases[index].refusal);
        assert_int_equal(reply.size, sizeof(reply));
        assert_int_equal(reply.version, 1);
        assert_int_equal(reply.message_maximum, SB_RING_MESSAGE_MAXIMUM);
        assert_int_equal(reply.to_driver_capacity, RINGER_CAPACITY_MAXIMUM);
        assert_int_equal(reply.to_client_capacity, RINGER_CAPACITY_MAXIMUM);
        assert_int_equal(reply.view | reply.view_length | reply.to_driver_data |
                             reply.to_driver_space | reply.to_client_data | reply.to_client_space,
                         0);
    }
    assert_int_equal(life_of(&program).opened, life_of(&program).closed);
    sb_process_destroy(program.process);
}

static void every_wrong_length_of_the_handshake_is_refused(void **state)
{
    struct program program;
    unsigned char request[512] = {0};
    unsigned char reply[512];

    (void)state;
    begin(&program, NULL);
    memcpy(request, &good_request, sizeof(good_request));
    assert_int_equal(control(&program, SB_RING_OPEN, NULL, 0, reply, 80),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(control(&program, SB_RING_OPEN, request, 31, reply, 80),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(control(&program, SB_RING_OPEN, request, 257, reply, 80),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(control(&program, SB_RING_OPEN, request, 32, reply, 79),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(control(&program, SB_RING_OPEN, request, 32, NULL, 0),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(control(&program, SB_RING_OPEN, request, 33, reply, 80),
                     STATUS_INVALID_PARAMETER); /* its size says 32 */
    assert_int_equal(control(&program, SB_RING_REPORT, request, 1, reply, 96),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(control(&program, SB_RING_REPORT, NULL, 0, reply, 95),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(control(&program, SB_RING_REPORT, NULL, 0, reply, 96),
                     STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(control(&program, SB_RING_CLOSE, request, 1, NULL, 0),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(control(&program, SB_RING_CLOSE, NULL, 0, NULL, 0),
                     STATUS_INVALID_DEVICE_STATE);
    sb_process_destroy(program.process);
}

/* A newer client knows more versions and has a longer request; an older driver takes what it knows.
 */
static void a_newer_client_gets_the_version_that_both_speak(void **state)
{
    struct program program;
    struct {
        struct sb_ring_request known;
        uint32_t unknown[4];
    } request = {good_request, {1, 2, 3, 4}};
    struct sb_ring_reply reply;

    (void)state;
    begin(&program, NULL);
    request.known.size = sizeof(request);
    request.known.newest_version = 9;
    assert_int_equal(
        control(&program, SB_RING_OPEN, &request, sizeof(request), &reply, sizeof(reply)), 0);
    assert_int_equal(reply.refusal, SB_RING_ACCEPTED);
    assert_int_equal(reply.version, 1);
    sb_process_destroy(program.process);
    check_all_is_closed();
}

static void a_handle_without_both_rights_opens_no_ring(void **state)
{
    static const uint32_t rights[] = {0x80000000, 0x40000000};
    struct sb_open_options options = {0};
    struct sb_ring_reply reply;
    struct program program;
    size_t index;

    (void)state;
    begin(&program, NULL);
    for (index = 0; index < 2; index++) {
        sb_process_close(program.process, program.file);
        options.access = rights[index];
        assert_int_equal(sb_process_open(program.process, RINGER_PATH, &options, &program.file), 0);
        assert_int_equal(control(&program, SB_RING_OPEN, &good_request, sizeof(good_request),
                                 &reply, sizeof(reply)),
                         STATUS_ACCESS_DENIED);
        assert_int_equal(control(&program, SB_RING_CLOSE, NULL, 0, NULL, 0), STATUS_ACCESS_DENIED);
    }
    sb_process_destroy(program.process);
}

static void a_32_bit_program_of_an_ordinary_user_has_its_ring_below_4_gib(void **state)
{
    const struct sb_process_options options = {.is_ordinary = true, .is_32_bit = true};
    struct program program;
    struct ringer_message answer;

    (void)state;
    begin(&program, &options);
    open_ring(&program);
    assert_true(program.ring.view + program.ring.view_length <= 0x100000000);
    assert_int_equal(program.ring.view_length, SB_RING_PAGE + 2 * CAPACITY);
    put_verb(&program, RINGER_ECHO, 5, 8);
    while (atomic_load(&program.page->to_client.tail) == 0)
        continue;
    memcpy(&answer, program.to_client + 8, sizeof(answer));
    assert_int_equal(answer.verb, RINGER_ECHO);
    assert_int_equal(answer.argument, 5);
    sb_process_destroy(program.process);
    check_all_is_closed();
}

static void each_event_has_just_the_access_that_is_needed(void **state)
{
    struct program program;

    (void)state;
    begin_with_ring(&program);
    assert_int_equal(sb_process_set_event(program.process, program.ring.to_driver_data), 0);
    assert_int_equal(sb_process_set_event(program.process, program.ring.to_client_space), 0);
    assert_int_equal(sb_process_set_event(program.process, program.ring.to_client_data),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(sb_process_set_event(program.process, program.ring.to_driver_space),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(sb_process_wait(program.process, &program.ring.to_driver_data, 1, false, 0),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(sb_process_wait(program.process, &program.ring.to_client_data, 1, false, 0),
                     SB_STATUS_TIMEOUT);
    sb_process_destroy(program.process);
}

/* ---- a driver that offers what cannot be ---- */

static void ignore_log(void *context, const char *text, size_t length)
{
    (void)context;
    (void)text;
    (void)length;
}

/* The ringer driver describes itself by its service's name. */
static sb_status start_as(const char *name)
{
    const struct sb_machine_options options = {.log = ignore_log};
    static char image[1 << 20];
    struct sb_machine *other;
    struct sb_driver *its_driver;
    FILE *file = fopen(RINGER_SYS, "rb");
    sb_status status;
    size_t size;

    assert_non_null(file);
    size = fread(image, 1, sizeof(image), file);
    fclose(file);
    assert_int_equal(sb_machine_create(&options, &other), 0);
    status = sb_machine_load_driver(other, image, size, name, &its_driver, NULL, 0);
    sb_machine_destroy(other);
    return status;
}

static void wrong_limits_keep_a_driver_from_starting(void **state)
{
    (void)state;
    assert_int_equal(sb_host_claim_faults(), 0);
    assert_int_equal(start_as("Ringer.sys"), 0);
    assert_int_equal(start_as("OddCapacity.sys"), STATUS_INVALID_PARAMETER);
    assert_int_equal(start_as("GreatMessage.sys"), STATUS_INVALID_PARAMETER);
}

/* ---- nonsense in the shared memory ---- */

static void expect_reason(struct program *program, uint32_t reason)
{
    struct sb_ring_reply reply;
    sb_handle event = program->ring.to_client_data;

    assert_int_equal(wait_for_reason(program), reason);
    /* The client is told, and woken; the reason cannot be changed from outside. */
    assert_int_equal(sb_process_wait(program->process, &event, 1, false, LONG), 0);
    assert_int_equal(atomic_load(&program->page->closed), 1);
    memset(program->page, 0, SB_RING_PAGE);
    assert_int_equal(report_of(program).reason, reason);
    /* It is still this open's ring, until it is closed. */
    assert_int_equal(
        control(program, SB_RING_OPEN, &good_request, sizeof(good_request), &reply, sizeof(reply)),
        0);
    assert_int_equal(reply.refusal, SB_RING_REFUSED_SECOND);
    assert_int_equal(control(program, SB_RING_CLOSE, NULL, 0, NULL, 0), 0);
    assert_int_equal(life_of(program).last_reason, reason);
    open_ring(program); /* a new one is as good as any */
    put_verb(program, RINGER_ECHO, 1, 8);
    while (atomic_load(&program->page->to_client.tail) == 0)
        continue;
    sb_process_destroy(program->process);
}

static void a_tail_that_cannot_be_closes_the_ring(void **state)
{
    static const uint32_t tails[] = {1, 4, CAPACITY + 8, 0x7FFFFFF8, 0x80000000, 0xFFFFFFF8};
    struct program program;
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(tails) / sizeof(tails[0]); index++) {
        begin_with_ring(&program);
        atomic_store(&program.page->to_driver.tail, tails[index]);
        ring_bell(&program);
        expect_reason(&program, SB_RING_BAD_INDEX);
    }
}

static void a_tail_that_goes_back_closes_the_ring(void **state)
{
    struct program program;

    (void)state;
    begin_with_ring(&program);
    put_verb(&program, RINGER_SINK, 0, 8);
    put_verb(&program, RINGER_SINK, 0, 8);
    while (report_of(&program).to_driver.messages != 2)
        continue;
    atomic_store(&program.page->to_driver.tail, 16);
    ring_bell(&program);
    expect_reason(&program, SB_RING_BAD_INDEX);
}

static void a_head_that_cannot_be_closes_the_ring(void **state)
{
    static const uint32_t heads[] = {1, 0xFFFFFFF8, 0x80000000, 3 * CAPACITY, 12};
    struct program program;
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(heads) / sizeof(heads[0]); index++) {
        begin_with_ring(&program);
        put_verb(&program, RINGER_FLOOD, 1000000, 100); /* soon looks at the head */
        while (report_of(&program).to_client.sleeps == 0)
            continue;
        atomic_store(&program.page->to_client.head, heads[index]);
        assert_int_equal(sb_process_set_event(program.process, program.ring.to_client_space), 0);
        expect_reason(&program, SB_RING_BAD_INDEX);
    }
}

static void a_length_that_cannot_be_closes_the_ring(void **state)
{
    static const uint32_t lengths[] = {0,          9,          1025,       CAPACITY,  0x7FFFFFFF,
                                       0x80000000, 0xFFFFFFF0, 0xFFFFFFFE, UINT32_MAX};
    struct program program;
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(lengths) / sizeof(lengths[0]); index++) {
        begin_with_ring(&program);
        put_word(program.to_driver, lengths[index]);
        put_word(program.to_driver + 4, SB_RING_MESSAGE);
        atomic_store(&program.page->to_driver.tail, 16);
        ring_bell(&program);
        expect_reason(&program, SB_RING_BAD_RECORD);
    }
}

static void a_kind_that_is_not_known_closes_the_ring(void **state)
{
    static const uint32_t kinds[] = {0, SB_RING_REPLY, 4, UINT32_MAX};
    struct program program;
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(kinds) / sizeof(kinds[0]); index++) {
        begin_with_ring(&program);
        put_record(&program, kinds[index], "12345678", 8);
        expect_reason(&program, SB_RING_BAD_MESSAGE);
    }
    begin_with_ring(&program);
    put_record(&program, SB_RING_CALL, "a call without its head", 15);
    expect_reason(&program, SB_RING_BAD_MESSAGE);
}

static sb_status answer_of(struct program *program, uint32_t code, uint32_t output_capacity)
{
    const struct sb_ring_call call = {code, output_capacity, 0x1122334455667788};
    uint32_t before = atomic_load(&program->page->to_client.tail);
    struct sb_ring_answer answer;

    put_record(program, SB_RING_CALL, &call, sizeof(call));
    while (atomic_load(&program->page->to_client.tail) == before)
        continue;
    memcpy(&answer, program->to_client + before % CAPACITY + 8, sizeof(answer));
    assert_int_equal(answer.tag, 0x1122334455667788);
    return (sb_status)answer.status;
}

static void a_call_may_not_ask_for_more_than_can_come_back(void **state)
{
    struct program program;

    (void)state;
    begin_with_ring(&program);
    assert_int_equal(answer_of(&program, RINGER_LIFE, 16), 0);
    assert_int_equal(answer_of(&program, RINGER_LIFE, 1008), 0);
    assert_int_equal(answer_of(&program, RINGER_LIFE, 1009), (sb_status)0xC0000206);
    assert_int_equal(answer_of(&program, RINGER_LIFE, UINT32_MAX), (sb_status)0xC0000206);
    assert_int_equal(answer_of(&program, RINGER_LIFE, 15), STATUS_BUFFER_TOO_SMALL);
    sb_process_destroy(program.process);
}

static uint64_t random_state = 20260101;

static uint32_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16);
}

/* Anything anywhere, while both lanes are busy. */
static void scribble(struct program *program, int times)
{
    _Atomic uint32_t *words = (_Atomic uint32_t *)(void *)program->page;
    uint32_t count = (SB_RING_PAGE + 2 * CAPACITY) / 4;

    for (; times != 0; times--) {
        uint32_t what = random_number();
        uint32_t value = what & 1 ? what : (what >> 8) % 64 * 8;

        switch (what >> 1 & 7) {
        case 0:
            atomic_store(&program->page->to_driver.tail, value);
            break;
        case 1:
            atomic_store(&program->page->to_client.head, value);
            break;
        case 2:
            atomic_store(&program->page->to_driver.reader_sleeps, what >> 8 & 1);
            atomic_store(&program->page->to_client.writer_sleeps, what >> 9 & 1);
            break;
        default:
            atomic_store(&words[random_number() % count], value);
            break;
        }
        if (what >> 16 & 1) {
            sb_process_set_event(program->process, program->ring.to_driver_data);
            sb_process_set_event(program->process, program->ring.to_client_space);
        }
        if (what >> 17 & 1) {
            sb_process_reset_event(program->process, program->ring.to_driver_data);
            sb_process_reset_event(program->process, program->ring.to_client_space);
        }
    }
}

static void a_client_that_scribbles_harms_only_itself(void **state)
{
    struct program program;
    int round;

    (void)state;
    for (round = 0; round < 300; round++) {
        begin_with_ring(&program);
        put_verb(&program, round & 1 ? RINGER_FLOOD : RINGER_SINK, 1000, 40);
        if (round & 2)
            put_verb(&program, RINGER_TIMER, 1000, 8);
        scribble(&program, 1 + (int)(random_number() % 400));
        if (round & 4)
            assert_int_equal(control(&program, SB_RING_CLOSE, NULL, 0, NULL, 0), 0);
        sb_process_destroy(program.process);
    }
    check_all_is_closed();
}

/* The doorbell that the driver's thread sleeps on is the client's to reset; the end still comes. */
static void a_client_that_resets_the_doorbells_can_still_be_closed(void **state)
{
    struct program program;
    int turn;

    (void)state;
    for (turn = 0; turn < 50; turn++) {
        begin_with_ring(&program);
        sb_process_set_event(program.process, program.ring.to_driver_data);
        sb_process_reset_event(program.process, program.ring.to_driver_data);
        assert_int_equal(control(&program, SB_RING_CLOSE, NULL, 0, NULL, 0), 0);
        sb_process_destroy(program.process);
    }
    check_all_is_closed();
}

/* ---- ends, in every order ---- */

static void a_client_may_unmap_and_close_what_it_was_given(void **state)
{
    struct program program;

    (void)state;
    begin_with_ring(&program);
    put_verb(&program, RINGER_FLOOD, 1000000, 100);
    assert_int_equal(sb_process_unmap(program.process, program.page), 0);
    assert_int_equal(sb_process_close(program.process, program.ring.to_driver_data), 0);
    assert_int_equal(sb_process_close(program.process, program.ring.to_driver_space), 0);
    assert_int_equal(sb_process_close(program.process, program.ring.to_client_data), 0);
    assert_int_equal(sb_process_close(program.process, program.ring.to_client_space), 0);
    assert_int_equal(report_of(&program).reason, SB_RING_IS_OPEN);
    assert_int_equal(control(&program, SB_RING_CLOSE, NULL, 0, NULL, 0), 0);
    assert_int_equal(life_of(&program).last_reason, SB_RING_CLOSED_BY_CLIENT);
    sb_process_destroy(program.process);
}

static void a_process_may_die_at_any_moment(void **state)
{
    static const uint32_t verbs[] = {RINGER_FLOOD, RINGER_TIMER, RINGER_SLEEP, RINGER_SINK};
    struct program program;
    int turn;

    (void)state;
    for (turn = 0; turn < 40; turn++) {
        begin_with_ring(&program);
        put_verb(&program, verbs[turn % 4], 30, 100);
        put_verb(&program, RINGER_FLOOD, 1000000, 100);
        if (turn & 4)
            put_verb(&program, RINGER_SHUT, 0, 8);
        sb_process_destroy(program.process);
    }
    check_all_is_closed();
}

static void the_memory_outlives_the_ring_as_long_as_the_client_has_it(void **state)
{
    struct program program;

    (void)state;
    begin_with_ring(&program);
    assert_int_equal(sb_process_close(program.process, program.file), 0);
    memset(program.page, 0xAB, SB_RING_PAGE + 2 * CAPACITY);
    assert_int_equal(sb_process_unmap(program.process, program.page), 0);
    sb_process_destroy(program.process);
    check_all_is_closed();
}

static void a_ring_lives_on_with_a_duplicate_of_its_handle(void **state)
{
    struct program program;
    struct program other;
    sb_handle copy;

    (void)state;
    begin_with_ring(&program);
    begin(&other, NULL);
    assert_int_equal(
        sb_process_duplicate(program.process, program.file, other.process, 0, 0, &copy), 0);
    sb_process_destroy(program.process);
    assert_int_equal(sb_process_close(other.process, other.file), 0);
    other.file = copy;
    assert_int_equal(report_of(&other).reason, SB_RING_IS_OPEN);
    assert_int_equal(control(&other, SB_RING_CLOSE, NULL, 0, NULL, 0), 0);
    sb_process_destroy(other.process);
    check_all_is_closed();
}

static void a_driver_with_an_open_ring_is_not_unloaded(void **state)
{
    struct program program;

    (void)state;
    begin_with_ring(&program);
    assert_int_equal(sb_machine_unload_driver(machine, driver), STATUS_DEVICE_BUSY);
    put_verb(&program, RINGER_SINK, 0, 8);
    while (report_of(&program).to_driver.messages != 1)
        continue;
    sb_process_destroy(program.process);
    /* The unload that was asked for took place, or does now. */
    sb_machine_unload_driver(machine, driver);
    sb_machine_destroy(machine);
    assert_int_equal(set_up(NULL), 0);
}

/* Opening, closing and asking on one handle from several threads: one ring at most, none forgotten.
 */
struct racer {
    struct program *program;
    unsigned char *memory;
    uint32_t seed;
};

static void *race(void *context)
{
    struct racer *racer = context;
    struct program mine = *racer->program;
    struct sb_ring_report report;
    struct sb_ring_reply reply;
    int turn;

    mine.memory = racer->memory;
    for (turn = 0; turn < 200; turn++) {
        racer->seed = racer->seed * 1103515245 + 12345;
        switch (racer->seed >> 16 & 3) {
        case 0:
            control(&mine, SB_RING_CLOSE, NULL, 0, NULL, 0);
            break;
        case 1:
            control(&mine, SB_RING_REPORT, NULL, 0, &report, sizeof(report));
            break;
        default:
            if (control(&mine, SB_RING_OPEN, &good_request, sizeof(good_request), &reply,
                        sizeof(reply)) == 0 &&
                reply.refusal == SB_RING_ACCEPTED)
                sb_process_unmap(mine.process, (void *)(uintptr_t)reply.view);
            break;
        }
    }
    return NULL;
}

static void several_threads_may_race_for_the_ring(void **state)
{
    struct program program;
    struct racer racers[3];
    pthread_t threads[3];
    uint32_t index;

    (void)state;
    begin(&program, NULL);
    for (index = 0; index < 3; index++) {
        racers[index] =
            (struct racer){&program, sb_process_allocate(program.process, 4096, false), index + 1};
        assert_int_equal(pthread_create(&threads[index], NULL, race, &racers[index]), 0);
    }
    for (index = 0; index < 3; index++)
        pthread_join(threads[index], NULL);
    sb_process_destroy(program.process);
    check_all_is_closed();
}

/* Without memory a ring is refused, and what was made of it is gone. */
static void a_ring_that_cannot_be_made_leaves_nothing(void **state)
{
    const struct sb_machine_options options = {.debug_print_mask = 1, .memory_limit = 8u << 20};
    struct sb_ring_request request = good_request;
    struct sb_machine *all = machine;
    struct sb_driver *its_driver = driver;
    struct sb_ring_reply reply;
    struct program program;
    uint64_t before, after, bytes;
    char error[256] = "";
    int turn;

    (void)state;
    assert_int_equal(sb_machine_create(&options, &machine), 0);
    assert_int_equal(
        sb_machine_load_driver_file(machine, RINGER_SYS, &driver, error, sizeof(error)), 0);
    begin(&program, NULL);
    request.message_maximum = SB_RING_MESSAGE_MAXIMUM;
    request.to_driver_capacity = request.to_client_capacity = RINGER_CAPACITY_MAXIMUM;
    sb_machine_pool_usage(machine, &before, &bytes);
    for (turn = 0; turn < 20; turn++)
        assert_true(
            control(&program, SB_RING_OPEN, &request, sizeof(request), &reply, sizeof(reply)) < 0);
    sb_machine_pool_usage(machine, &after, &bytes);
    assert_int_equal(before, after);
    open_ring(&program); /* a smaller one goes */
    sb_process_destroy(program.process);
    check_all_is_closed();
    assert_int_equal(sb_machine_unload_driver(machine, driver), 0);
    sb_machine_destroy(machine);
    machine = all;
    driver = its_driver;
}

/* A machine may end with rings open. */
static void a_machine_may_end_with_rings_open(void **state)
{
    struct program program;

    (void)state;
    begin_with_ring(&program);
    put_verb(&program, RINGER_FLOOD, 1000000, 100);
    sb_machine_destroy(machine);
    assert_int_equal(set_up(NULL), 0);
}

/* After a first round of everything, a second one with hundreds of rings leaves nothing more; but
   that the host frees a thread a moment after others have waited for its end. */
static void nothing_is_left_behind(void **state)
{
    uint64_t before, after, bytes;

    sb_machine_pool_usage(machine, &before, &bytes);
    a_client_that_scribbles_harms_only_itself(state);
    a_process_may_die_at_any_moment(state);
    several_threads_may_race_for_the_ring(state);
    a_kind_that_is_not_known_closes_the_ring(state);
    sb_machine_pool_usage(machine, &after, &bytes);
    assert_in_range(after, 0, before + 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrong_field_of_the_handshake_is_refused),
        cmocka_unit_test(every_wrong_length_of_the_handshake_is_refused),
        cmocka_unit_test(a_newer_client_gets_the_version_that_both_speak),
        cmocka_unit_test(a_handle_without_both_rights_opens_no_ring),
        cmocka_unit_test(a_32_bit_program_of_an_ordinary_user_has_its_ring_below_4_gib),
        cmocka_unit_test(each_event_has_just_the_access_that_is_needed),
        cmocka_unit_test(wrong_limits_keep_a_driver_from_starting),
        cmocka_unit_test(a_tail_that_cannot_be_closes_the_ring),
        cmocka_unit_test(a_tail_that_goes_back_closes_the_ring),
        cmocka_unit_test(a_head_that_cannot_be_closes_the_ring),
        cmocka_unit_test(a_length_that_cannot_be_closes_the_ring),
        cmocka_unit_test(a_kind_that_is_not_known_closes_the_ring),
        cmocka_unit_test(a_call_may_not_ask_for_more_than_can_come_back),
        cmocka_unit_test(a_client_that_scribbles_harms_only_itself),
        cmocka_unit_test(a_client_that_resets_the_doorbells_can_still_be_closed),
        cmocka_unit_test(a_client_may_unmap_and_close_what_it_was_given),
        cmocka_unit_test(a_process_may_die_at_any_moment),
        cmocka_unit_test(the_memory_outlives_the_ring_as_long_as_the_client_has_it),
        cmocka_unit_test(a_ring_lives_on_with_a_duplicate_of_its_handle),
        cmocka_unit_test(several_threads_may_race_for_the_ring),
        cmocka_unit_test(a_ring_that_cannot_be_made_leaves_nothing),
        cmocka_unit_test(nothing_is_left_behind),
        cmocka_unit_test(a_driver_with_an_open_ring_is_not_unloaded),
        cmocka_unit_test(a_machine_may_end_with_rings_open),
    };

    return cmocka_run_group_tests_name("ring-hostile", tests, set_up, tear_down);
}
