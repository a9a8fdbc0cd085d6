/* The socket channel: the shipped driver library on the host, the client library and raw peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <sock/contract.h>
#include <sysbuf/host.h>

#include "socket_peer.h"

static void rig_make(struct rig *rig)
{
    rig_make_for(rig, "sock");
}

static sb_status rig_load(struct rig *rig)
{
    return sb_machine_load_driver_file(rig->machine, SOCK_SYS, &rig->driver, NULL, 0);
}

static void rig_start(struct rig *rig)
{
    rig_start_image(rig, SOCK_SYS);
}

static int start(void **state)
{
    static struct rig rig;

    rig_make(&rig);
    set_number(&rig, "SocketTimeout", 300);
    set_number(&rig, "SocketConnections", 4);
    rig_start(&rig);
    *state = &rig;
    return 0;
}

static void calls_are_answered_as_over_the_device(void **state)
{
    struct sb_client *client = open_client(*state);
    char output[64] = "untouched";
    uint32_t version = 0;
    size_t length = 99;

    assert_int_equal(SB_OK, sb_call(client, SOCK_SAY, "hello", 5, output, 64, &length, 5000));
    assert_int_equal(5, length);
    assert_memory_equal("hello", output, 5);
    assert_int_equal(SB_OK, sb_call(client, SOCK_INVERT, "hello", 5, output, 64, &length, 5000));
    assert_int_equal('h', (char)~output[0]);
    assert_int_equal(SB_ERROR_TRUNCATED,
                     sb_call(client, SOCK_SAY, "hello", 5, output, 2, &length, 5000));
    assert_int_equal(2, length);
    assert_int_equal(SB_OK, sb_query_contract(client, &version));
    assert_int_equal(1, version);

    memcpy(output, "untouched", 9);
    length = 99;
    assert_int_equal(SB_ERROR_BAD_LENGTH,
                     sb_call(client, SOCK_SAY, NULL, 0, output, 64, &length, 5000));
    assert_int_equal(0xC0000004, sb_system_error());
    assert_int_equal(SB_ERROR_REPLY_TOO_SMALL,
                     sb_call(client, SOCK_SAY, "hello", 5, NULL, 0, &length, 5000));
    assert_int_equal(SB_ERROR_UNKNOWN_COMMAND,
                     sb_call(client, SOCK_CODE(77), "hello", 5, output, 64, &length, 5000));
    assert_int_equal(SB_ERROR_UNKNOWN_COMMAND, sb_call(client, SOCK_SAY | SB_METHOD_NEITHER,
                                                       "hello", 5, output, 64, &length, 5000));
    assert_memory_equal("untouched", output, 9);
    assert_int_equal(99, length);
    sb_close(client);
}

static void a_message_may_have_a_mebibyte(void **state)
{
    enum { LENGTH = 0x100000 };
    struct sb_client *client = open_client(*state);
    uint8_t *input = malloc(LENGTH + 1), *output = malloc(LENGTH);
    size_t length;

    for (size_t i = 0; i < LENGTH; i++)
        input[i] = (uint8_t)(i * 31 + (i >> 9));
    assert_int_equal(SB_OK,
                     sb_call(client, SOCK_SAY, input, LENGTH, output, LENGTH, &length, 5000));
    assert_int_equal(LENGTH, length);
    assert_memory_equal(input, output, LENGTH);
    assert_int_equal(SB_ERROR_BAD_LENGTH,
                     sb_call(client, SOCK_SAY, input, LENGTH + 1, output, LENGTH, &length, 5000));
    assert_int_equal(SB_OK, sb_call(client, SOCK_SAY, input, 7, output, LENGTH, &length, 5000));
    assert_int_equal(7, length);
    free(input);
    free(output);
    sb_close(client);
}

static struct sock_counts counts_of(struct sb_client *client)
{
    struct sock_counts counts;
    size_t length;

    assert_int_equal(SB_OK,
                     sb_call(client, SOCK_COUNT, NULL, 0, &counts, sizeof(counts), &length, 5000));
    return counts;
}

static void each_connection_is_an_open(void **state)
{
    struct sb_client *first = open_client(*state), *second = open_client(*state);
    struct sock_counts counts;
    char output[8];

    counts = counts_of(first);
    assert_int_equal(0, counts.calls);
    assert_int_equal(2, counts.opens);
    assert_int_equal(0, counts.closes);
    assert_int_equal(SB_OK, sb_call(second, SOCK_SAY, "x", 1, output, 8, NULL, 5000));
    assert_int_equal(0, counts_of(first).calls);
    assert_int_equal(1, counts_of(second).calls);
    sb_close(second);
    for (int i = 0; i < 100 && counts_of(first).closes != 1; i++)
        usleep(10000);
    assert_int_equal(1, counts_of(first).closes);
    sb_close(first);
}

static void a_call_that_timed_out_does_not_disturb_the_next(void **state)
{
    struct sb_client *client = open_client(*state);
    uint32_t pause = 150;
    char output[8];
    size_t length;

    assert_int_equal(SB_ERROR_TIMEOUT,
                     sb_call(client, SOCK_SLEEP, &pause, 4, NULL, 0, &length, 20));
    assert_int_equal(SB_OK, sb_call(client, SOCK_SAY, "abc", 3, output, 8, &length, 5000));
    assert_int_equal(3, length);
    assert_memory_equal("abc", output, 3);
    sb_close(client);
}

static void who_does_not_know_the_secret_is_refused(void **state)
{
    struct rig *rig = *state;
    struct sb_client *client = NULL;
    int peer;
    struct answer_frame frame;

    assert_int_equal(SB_ERROR_SECRET,
                     sb_open_socket(rig->address, "another secret, wrong", 21, 5000, &client));
    assert_null(client);
    peer = peer_connect(rig);
    frame = peer_answer(peer, SECRET);
    frame.answer.proof[31] ^= 1;
    peer_send(peer, &frame, sizeof(frame));
    peer_refused(peer, STATUS_ACCESS_DENIED);
}

static void an_answer_heard_elsewhere_proves_nothing(void **state)
{
    struct rig *rig = *state;
    int first = peer_connect(rig), second;
    const struct answer_frame heard = peer_answer(first, SECRET);
    struct sb_socket_challenge challenge;
    struct sb_socket_welcome welcome;
    struct sb_socket_header header;

    peer_send(first, &heard, sizeof(heard));
    assert_true(peer_frame(first, &header, &welcome, sizeof(welcome)));
    assert_int_equal(SB_SOCKET_WELCOME, header.type);
    second = peer_connect(rig);
    assert_true(peer_frame(second, &header, &challenge, sizeof(challenge)));
    peer_send(second, &heard, sizeof(heard));
    peer_refused(second, STATUS_ACCESS_DENIED);
    close(first);
}

/* Its proof is of another kind than the client's, so it cannot be sent back. */
static void the_driver_proves_itself(void **state)
{
    struct rig *rig = *state;
    int peer = peer_connect(rig);
    struct sb_socket_challenge challenge;
    struct sb_socket_welcome welcome;
    struct sb_socket_header header;
    struct answer_frame frame = {
        .header = {.magic = SB_SOCKET_MAGIC, .type = SB_SOCKET_ANSWER, .length = 72},
        .answer = {.version = 1, .nonce = "mine"}};
    uint8_t proof[32];

    assert_true(peer_frame(peer, &header, &challenge, sizeof(challenge)));
    sb_socket_prove(SB_SOCKET_CLIENT, (const uint8_t *)SECRET, SECRET_LENGTH, 1, challenge.nonce,
                    frame.answer.nonce, frame.answer.proof);
    peer_send(peer, &frame, sizeof(frame));
    assert_true(peer_frame(peer, &header, &welcome, sizeof(welcome)));
    sb_socket_prove(SB_SOCKET_DRIVER, (const uint8_t *)SECRET, SECRET_LENGTH, 1, challenge.nonce,
                    frame.answer.nonce, proof);
    assert_memory_equal(proof, welcome.proof, 32);
    assert_memory_not_equal(proof, frame.answer.proof, 32);
    assert_int_equal(0x100000, welcome.input_maximum);
    assert_int_equal(0x100000, welcome.output_maximum);
    close(peer);
}

static void another_version_is_refused(void **state)
{
    static const uint32_t versions[] = {0, SB_SOCKET_VERSION + 1, UINT32_MAX};
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
        int peer = peer_connect(rig);
        struct answer_frame frame = peer_answer_as(peer, SECRET, versions[i]);

        peer_send(peer, &frame, sizeof(frame));
        peer_refused(peer, 0xC0000059 /* STATUS_REVISION_MISMATCH */);
    }
}

/* The version is part of what is proved: who stands between the two cannot lower it. */
static void a_version_that_was_changed_on_the_way_is_refused(void **state)
{
    int peer = peer_connect(*state);
    struct answer_frame frame = peer_answer_as(peer, SECRET, 2);

    frame.answer.version = 1;
    peer_send(peer, &frame, sizeof(frame));
    peer_refused(peer, STATUS_ACCESS_DENIED);
}

static uint64_t counter(struct sb_client *client, enum sb_counter which)
{
    uint64_t values[SB_COUNTER_COUNT];

    assert_int_equal(SB_OK, sb_query_statistics(client, values, SB_COUNTER_COUNT));
    return values[which];
}

/* Who is turned away for each reason is counted once, and nobody else is. */
static void connections_are_counted(void **state)
{
    static struct rig rig;
    struct sb_client *client, *extra = NULL;
    struct answer_frame frame;
    int peer;

    (void)state;
    rig_make(&rig);
    set_number(&rig, "SocketTimeout", 300);
    rig_start(&rig);
    client = open_client(&rig);
    assert_int_equal(1, counter(client, SB_COUNTER_CONNECTIONS));
    assert_int_equal(0, counter(client, SB_COUNTER_CONNECTIONS_REFUSED));
    assert_int_equal(SB_ERROR_SECRET,
                     sb_open_socket(rig.address, "another secret, wrong", 21, 5000, &extra));
    assert_int_equal(1, counter(client, SB_COUNTER_CONNECTIONS_REFUSED));
    peer = peer_connect(&rig);
    frame = peer_answer(peer, SECRET);
    frame.answer.version = 9;
    peer_send(peer, &frame, sizeof(frame));
    peer_refused(peer, 0xC0000059);
    assert_int_equal(2, counter(client, SB_COUNTER_CONNECTIONS_REFUSED));
    peer = peer_connect(&rig);
    peer_answer(peer, SECRET); /* and does not send it */
    peer_refused(peer, STATUS_IO_TIMEOUT);
    assert_int_equal(3, counter(client, SB_COUNTER_CONNECTIONS_REFUSED));
    assert_int_equal(1, counter(client, SB_COUNTER_CONNECTIONS));
    assert_int_equal(1, counter(client, SB_COUNTER_OPENS));
    sb_close(client);
    rig_stop(&rig, 10000);
    rig_drop(&rig);
}

static void what_is_no_frame_ends_the_connection(void **state)
{
    struct rig *rig = *state;
    struct sb_socket_header header = request(SOCK_SAY, 0x100001, 8, 1);
    char garbage[128];
    int peer;

    peer = peer_open(rig); /* too long, and nothing of it is waited for */
    peer_send(peer, &header, sizeof(header));
    peer_refused(peer, STATUS_INVALID_BUFFER_SIZE);
    peer = peer_open(rig);
    header = request(SOCK_SAY, 0, 0x100001, 1);
    peer_send(peer, &header, sizeof(header));
    peer_refused(peer, STATUS_INVALID_BUFFER_SIZE);

    peer = peer_open(rig);
    memset(garbage, 'G', sizeof(garbage));
    peer_send(peer, garbage, sizeof(garbage));
    peer_refused(peer, STATUS_INVALID_NETWORK_RESPONSE);
    peer = peer_connect(rig); /* instead of an answer, with what looks like a browser */
    assert_true(peer_frame(peer, &header, garbage, sizeof(garbage)));
    peer_send(peer, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 36);
    peer_refused(peer, STATUS_INVALID_NETWORK_RESPONSE);
    peer = peer_connect(rig); /* a request before the handshake */
    assert_true(peer_frame(peer, &header, garbage, sizeof(garbage)));
    header = request(SOCK_SAY, 0, 0, 1);
    peer_send(peer, &header, sizeof(header));
    peer_refused(peer, STATUS_INVALID_NETWORK_RESPONSE);

    peer = peer_open(rig); /* short: the connection ends inside */
    header = request(SOCK_SAY, 100, 100, 1);
    peer_send(peer, &header, sizeof(header));
    peer_send(peer, garbage, 50);
    close(peer);
    sb_close(open_client(rig)); /* the driver lives */
}

static void slow_and_silent_peers_are_timed_out(void **state)
{
    struct rig *rig = *state;
    const struct sb_socket_header header = request(SOCK_SAY, 8, 8, 1);
    struct sb_socket_challenge challenge;
    struct sb_socket_header challenging;
    int silent = peer_connect(rig), slow = peer_open(rig);
    size_t sent = 0;

    while (sent < sizeof(header) &&
           send(slow, (const char *)&header + sent, 1, MSG_NOSIGNAL) == 1) {
        usleep(40000);
        sent++;
    }
    assert_in_range(sent, 5, sizeof(header) - 1); /* hung up on before the frame was whole */
    close(slow);
    assert_true(peer_frame(silent, &challenging, &challenge, sizeof(challenge)));
    peer_refused(silent, STATUS_IO_TIMEOUT);
}

static void who_reads_no_replies_is_timed_out(void **state)
{
    struct rig *rig = *state;
    const struct sb_socket_header header = request(SOCK_SAY, 0x100000, 0x100000, 1);
    char *bytes = calloc(1, 0x100000);
    struct sb_client *client;
    int peer = peer_open(rig), small = 4096;

    setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    for (int i = 0; i < 50; i++) { /* far more than the systems keep for it */
        if (send(peer, &header, sizeof(header), MSG_NOSIGNAL) < 0 ||
            send(peer, bytes, 0x100000, MSG_NOSIGNAL) < 0)
            break;
    }
    free(bytes);
    client = open_client(rig);
    for (int i = 0; i < 300 && counts_of(client).closes != 1; i++)
        usleep(10000);
    assert_int_equal(1, counts_of(client).closes);
    sb_close(client);
    close(peer);
}

static void only_so_many_connections_are_taken(void **state)
{
    struct rig *rig = *state;
    struct sb_client *clients[4], *extra = NULL;
    enum sb_error error = SB_ERROR_BUSY;

    for (int i = 0; i < 4; i++)
        clients[i] = open_client(rig);
    assert_int_equal(0, counter(clients[0], SB_COUNTER_CONNECTIONS_REFUSED));
    assert_int_equal(SB_ERROR_BUSY,
                     sb_open_socket(rig->address, SECRET, SECRET_LENGTH, 5000, &extra));
    assert_int_equal(1, counter(clients[0], SB_COUNTER_CONNECTIONS_REFUSED));
    assert_int_equal(4, counter(clients[0], SB_COUNTER_CONNECTIONS));
    sb_close(clients[0]);
    for (int i = 0; i < 100 && error == SB_ERROR_BUSY; i++) {
        error = sb_open_socket(rig->address, SECRET, SECRET_LENGTH, 5000, &extra);
        usleep(10000);
    }
    assert_int_equal(SB_OK, error);
    sb_close(extra);
    for (int i = 1; i < 4; i++)
        sb_close(clients[i]);
}

static void *sleep_in_driver(void *context)
{
    uint32_t pause = 300;

    return (void *)(intptr_t)sb_call(context, SOCK_SLEEP, &pause, 4, NULL, 0, NULL, 5000);
}

/* Idle, in the midst of a frame, before the handshake, and with a handler at work. */
static void unloading_ends_every_connection(void **state)
{
    static struct rig rig;
    struct sb_client *idle, *working;
    const struct sb_socket_header header = request(SOCK_SAY, 8, 8, 1);
    char output[8];
    pthread_t thread;
    void *result;
    int halfway, before;

    (void)state;
    rig_make(&rig);
    rig_start(&rig); /* with timeouts of seconds */
    idle = open_client(&rig);
    working = open_client(&rig);
    halfway = peer_open(&rig);
    peer_send(halfway, &header, sizeof(header));
    before = peer_connect(&rig);
    pthread_create(&thread, NULL, sleep_in_driver, working);
    usleep(50000);
    rig_stop(&rig, 10000);
    pthread_join(thread, &result);
    assert_true((enum sb_error)(intptr_t)result == SB_OK ||
                (enum sb_error)(intptr_t)result == SB_ERROR_DISCONNECTED);
    assert_int_equal(SB_ERROR_DISCONNECTED, sb_call(idle, SOCK_SAY, "x", 1, output, 8, NULL, 5000));
    sb_close(idle);
    sb_close(working);
    close(halfway);
    close(before);
    rig_drop(&rig);
}

static void *sleep_long(void *context)
{
    uint32_t pause = 400;

    return (void *)(intptr_t)sb_call(context, SOCK_SLEEP, &pause, 4, NULL, 0, NULL, SB_FOREVER);
}

static void closing_ends_the_calls_of_other_threads(void **state)
{
    struct sb_client *client = open_client(*state);
    pthread_t threads[2];
    void *result;

    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, sleep_long, client);
    usleep(50000);
    sb_close(client);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], &result);
        assert_int_equal(SB_ERROR_CLOSED, (intptr_t)result);
    }
    client = open_client(*state);
    sb_end_calls(client);
    assert_int_equal(SB_ERROR_CLOSED, (intptr_t)sleep_long(client));
    sb_close(client);
}

/* Each value that cannot be meant keeps the driver from starting, and is named. */
static void wrong_parameters_are_refused(void **state)
{
    static const struct {
        const char *name, *text;
        uint32_t number;
    } values[] = {
        {"SocketPort", NULL, 65536},        {"SocketPort", "4711", 0},
        {"SocketSecret", "too short", 0},   {"SocketMode", "both", 0},
        {"SocketAddress", "127.0.0", 0},    {"SocketAddress", "127.0.0.256", 0},
        {"SocketAddress", "127.0.0.1.", 0}, {"SocketAddress", "0.0.0.0", 0},
        {"SocketAddress", "192.0.2.1", 0},  {"SocketAddress", "128.0.0.1", 0},
        {"SocketRemote", NULL, 2},          {"SocketRemote", "yes", 0},
        {"SocketConnections", NULL, 0},     {"SocketConnections", NULL, 65},
        {"SocketTimeout", NULL, 9},         {"SocketIdleTimeout", NULL, 0x80000000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        static struct rig rig;

        rig_make(&rig);
        if (values[i].text != NULL)
            set_text(&rig, values[i].name, values[i].text);
        else
            set_number(&rig, values[i].name, values[i].number);
        assert_int_equal((sb_status)0xC000000D, rig_load(&rig));
        assert_non_null(strstr(rig.log, values[i].name));
        rig_drop(&rig);
    }
}

/* Other machines are let in only where the registry says so in so many words. */
static void a_remote_address_must_be_allowed(void **state)
{
    static struct rig rig;

    (void)state;
    rig_make(&rig);
    set_text(&rig, "SocketAddress", "0.0.0.0");
    set_number(&rig, "SocketRemote", 1);
    rig_start(&rig);
    sb_close(open_client(&rig));
    rig_stop(&rig, 10000);
    rig_drop(&rig);
}

static void a_taken_port_keeps_the_driver_from_starting(void **state)
{
    static struct rig rig;
    struct sockaddr_in address;
    int holder = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    rig_make(&rig);
    address = loopback(rig.port);
    assert_int_equal(0, bind(holder, (struct sockaddr *)&address, sizeof(address)));
    assert_int_equal(0, listen(holder, 1));
    assert_int_equal((sb_status)0xC000020A, rig_load(&rig)); /* STATUS_ADDRESS_ALREADY_EXISTS */
    close(holder);
    rig_drop(&rig);
}

static void without_a_port_there_is_no_socket(void **state)
{
    static struct rig rig;
    struct sb_client *client;

    (void)state;
    rig_make(&rig);
    set_number(&rig, "SocketPort", 0);
    rig_start(&rig);
    assert_int_equal(SB_ERROR_NOT_FOUND,
                     sb_open_socket(rig.address, SECRET, SECRET_LENGTH, 5000, &client));
    rig_stop(&rig, 10000);
    rig_drop(&rig);
}

static void the_driver_may_connect_instead(void **state)
{
    static struct rig rig;
    struct sb_client *client = NULL;
    char output[8];
    char address[40];
    size_t length;

    (void)state;
    rig_make(&rig);
    set_text(&rig, "SocketMode", "connect");
    set_text(&rig, "SocketSecret", SECRET); /* as a text, too */
    rig_start(&rig);
    snprintf(address, sizeof(address), "tcp-listen://127.0.0.1:%u", rig.port);
    for (int i = 0; i < 2; i++) { /* it comes again when the connection has ended */
        assert_int_equal(SB_OK, sb_open_socket(address, SECRET, SECRET_LENGTH, 8000, &client));
        assert_int_equal(SB_OK, sb_call(client, SOCK_SAY, "abc", 3, output, 8, &length, 5000));
        assert_memory_equal("abc", output, 3);
        sb_close(client);
    }
    rig_stop(&rig, 10000);
    rig_drop(&rig);
}

static void a_long_silence_ends_the_connection(void **state)
{
    static struct rig rig;
    int peer;

    (void)state;
    rig_make(&rig);
    set_number(&rig, "SocketIdleTimeout", 200);
    rig_start(&rig);
    peer = peer_open(&rig);
    peer_refused(peer, STATUS_IO_TIMEOUT);
    rig_stop(&rig, 10000);
    rig_drop(&rig);
}

static void arguments_of_the_client_are_checked(void **state)
{
    struct rig *rig = *state;
    static const char *const addresses[] = {"",
                                            "tcp://",
                                            "127.0.0.1:80",
                                            "tcp://127.0.0.1",
                                            "tcp://127.0.0.1:",
                                            "tcp://127.0.0.1:0",
                                            "tcp://127.0.0.1:65536",
                                            "tcp://127.0.0.1:80x",
                                            "tcp://localhost:80",
                                            "tcp://1.2.3:80",
                                            "tcp://1.2.3.256:80",
                                            "udp://127.0.0.1:80"};
    struct sb_client *client = NULL;

    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
        assert_int_equal(SB_ERROR_ARGUMENT,
                         sb_open_socket(addresses[i], SECRET, SECRET_LENGTH, 1000, &client));
    assert_int_equal(SB_ERROR_ARGUMENT, sb_open_socket(rig->address, SECRET, 15, 1000, &client));
    assert_int_equal(SB_ERROR_ARGUMENT, sb_open_socket(rig->address, SECRET, 65, 1000, &client));
    assert_int_equal(SB_ERROR_ARGUMENT, sb_open_socket(rig->address, NULL, 24, 1000, &client));
    assert_null(client);
}

/* Something that is no driver of ours listens there. */
static void *false_driver(void *context)
{
    int listener = *(int *)context, peer = accept(listener, NULL, NULL);

    peer_send(peer, "220 mail.example ESMTP ready for duty, please go ahead\r\n", 56);
    usleep(100000);
    close(peer);
    return NULL;
}

static void the_client_knows_a_false_driver(void **state)
{
    struct sockaddr_in address = loopback(free_port());
    struct sb_client *client = NULL;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    char name[32];
    pthread_t thread;

    (void)state;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    assert_int_equal(0, bind(listener, (struct sockaddr *)&address, sizeof(address)));
    assert_int_equal(0, listen(listener, 1));
    pthread_create(&thread, NULL, false_driver, &listener);
    snprintf(name, sizeof(name), "tcp://127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(SB_ERROR_PROTOCOL, sb_open_socket(name, SECRET, SECRET_LENGTH, 5000, &client));
    pthread_join(thread, NULL);
    /* One that accepts and says nothing. */
    assert_int_equal(SB_ERROR_TIMEOUT, sb_open_socket(name, SECRET, SECRET_LENGTH, 100, &client));
    close(listener);
}

enum { MESSAGES = SYSBUF_MESSAGES, BATCH = 200, TEXT = 16 };

/* Requests in batches on one connection, each with a number of its own; the replies' numbers come
 * in order, and what they carry sums up to what was sent. */
static void messages_all_arrive_once_and_in_order(void **state)
{
    struct {
        struct sb_socket_header header;
        uint64_t text[TEXT / 8];
    } out[BATCH], in[BATCH];
    uint64_t sent = 0, received = 0;
    uint64_t begin = milliseconds();
    int peer = peer_open(*state);

    for (uint32_t first = 0; first < MESSAGES; first += BATCH) {
        for (uint32_t i = 0; i < BATCH; i++) {
            uint64_t number = (uint64_t)(first + i) * 0x9E3779B97F4A7C15u;

            out[i].header = request(SOCK_INVERT, TEXT, TEXT, first + i + 1);
            out[i].text[0] = number;
            out[i].text[1] = ~(number >> 7);
            sent += number * (first + i + 1) ^ out[i].text[1];
        }
        peer_send(peer, out, sizeof(out));
        assert_true(peer_receive(peer, in, sizeof(in)));
        for (uint32_t i = 0; i < BATCH; i++) {
            assert_int_equal(first + i + 1, in[i].header.sequence);
            assert_int_equal(0, in[i].header.status);
            assert_int_equal(TEXT, in[i].header.length);
            received += ~in[i].text[0] * (first + i + 1) ^ ~in[i].text[1];
        }
    }
    assert_int_equal(sent, received);
    print_message("%d messages in %u ms\n", MESSAGES, (unsigned)(milliseconds() - begin));
    close(peer);
}

enum { CLIENTS = 4, CALLS = 5000 };

static void *call_often(void *context)
{
    struct sb_client *client = open_client(context);
    uint64_t wrong = 0;

    for (uint32_t i = 0; i < CALLS; i++) {
        uint32_t number[2] = {i, (uint32_t)(uintptr_t)client}, answer[2] = {0};
        size_t length = 0;

        if (sb_call(client, SOCK_SAY, number, 8, answer, 8, &length, 5000) != SB_OK ||
            length != 8 || memcmp(number, answer, 8) != 0)
            wrong++;
    }
    sb_close(client);
    return (void *)(uintptr_t)wrong;
}

static void clients_in_parallel_do_not_mix(void **state)
{
    pthread_t threads[CLIENTS];
    void *wrong;

    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&threads[i], NULL, call_often, *state);
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

/* What a newcomer builds and runs: both programs as they are. */
static void the_example_works(void **state)
{
    static struct rig rig;
    char command[256], text[64] = "";
    FILE *client;

    (void)state;
    rig_make_for(&rig, "greeter");
    rig_start_image(&rig, GREETER_SYS);
    snprintf(command, sizeof(command), "%s %s '%s' host", GREET, rig.address, SECRET);
    client = popen(command, "r");
    assert_non_null(client);
    assert_non_null(fgets(text, sizeof(text), client));
    assert_string_equal("Hello, host\n", text);
    assert_int_equal(0, pclose(client));
    rig_stop(&rig, 10000);
    rig_drop(&rig);
}

CLAIMED(calls_are_answered_as_over_the_device)
CLAIMED(a_message_may_have_a_mebibyte)
CLAIMED(each_connection_is_an_open)
CLAIMED(a_call_that_timed_out_does_not_disturb_the_next)
CLAIMED(who_does_not_know_the_secret_is_refused)
CLAIMED(an_answer_heard_elsewhere_proves_nothing)
CLAIMED(the_driver_proves_itself)
CLAIMED(another_version_is_refused)
CLAIMED(a_version_that_was_changed_on_the_way_is_refused)
CLAIMED(connections_are_counted)
CLAIMED(what_is_no_frame_ends_the_connection)
CLAIMED(slow_and_silent_peers_are_timed_out)
CLAIMED(who_reads_no_replies_is_timed_out)
CLAIMED(only_so_many_connections_are_taken)
CLAIMED(closing_ends_the_calls_of_other_threads)
CLAIMED(arguments_of_the_client_are_checked)
CLAIMED(messages_all_arrive_once_and_in_order)
CLAIMED(clients_in_parallel_do_not_mix)

#define WITH_DRIVER(name)                                 \
    {                                                     \
#name, name##_claimed, start, rig_tear_down, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DRIVER(calls_are_answered_as_over_the_device),
        WITH_DRIVER(a_message_may_have_a_mebibyte),
        WITH_DRIVER(each_connection_is_an_open),
        WITH_DRIVER(a_call_that_timed_out_does_not_disturb_the_next),
        WITH_DRIVER(who_does_not_know_the_secret_is_refused),
        WITH_DRIVER(an_answer_heard_elsewhere_proves_nothing),
        WITH_DRIVER(the_driver_proves_itself),
        WITH_DRIVER(another_version_is_refused),
        WITH_DRIVER(a_version_that_was_changed_on_the_way_is_refused),
        cmocka_unit_test(connections_are_counted_claimed),
        WITH_DRIVER(what_is_no_frame_ends_the_connection),
        WITH_DRIVER(slow_and_silent_peers_are_timed_out),
        WITH_DRIVER(who_reads_no_replies_is_timed_out),
        WITH_DRIVER(only_so_many_connections_are_taken),
        cmocka_unit_test(unloading_ends_every_connection),
        WITH_DRIVER(closing_ends_the_calls_of_other_threads),
        cmocka_unit_test(wrong_parameters_are_refused),
        cmocka_unit_test(a_remote_address_must_be_allowed),
        cmocka_unit_test(a_taken_port_keeps_the_driver_from_starting),
        cmocka_unit_test(without_a_port_there_is_no_socket),
        cmocka_unit_test(the_driver_may_connect_instead),
        cmocka_unit_test(a_long_silence_ends_the_connection),
        WITH_DRIVER(arguments_of_the_client_are_checked),
        cmocka_unit_test(the_client_knows_a_false_driver),
        cmocka_unit_test(the_example_works),
        WITH_DRIVER(messages_all_arrive_once_and_in_order),
        WITH_DRIVER(clients_in_parallel_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
