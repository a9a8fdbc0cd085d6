/*
 * For the tests of the socket channel, after cmocka.h: a driver with a socket on a machine of its
 * own, and peers that speak the protocol as well, or as badly, as a test wants.
 */
#ifndef SOCKET_PEER_H
#define SOCKET_PEER_H

#include <arpa/inet.h>
#include <driver/socket_frame.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysbuf/client.h>
#include <time.h>
#include <unistd.h>

#define SECRET        "a secret of 24 bytes, ok"
#define SECRET_LENGTH 24

#define STATUS_ACCESS_DENIED            0xC0000022u
#define STATUS_INVALID_BUFFER_SIZE      0xC0000206u
#define STATUS_INVALID_NETWORK_RESPONSE 0xC00000C3u
#define STATUS_IO_TIMEOUT               0xC00000B5u
#define STATUS_TOO_MANY_SESSIONS        0xC00000CEu
#define STATUS_CANCELLED                0xC0000120u

static inline uint64_t milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A port that nobody listens on. */
static inline uint16_t free_port(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof(address);
    int probe = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(0, bind(probe, (struct sockaddr *)&address, length));
    assert_int_equal(0, getsockname(probe, (struct sockaddr *)&address, &length));
    close(probe);
    return ntohs(address.sin_port);
}

/* ---- the driver ---- */
struct rig {
    struct sb_machine *machine;
    struct sb_process *process;
    struct sb_driver *driver;
    char key[96];
    uint16_t port;
    char address[32]; /* for sb_open_socket() */
    size_t log_length;
    char log[8192];
    uint64_t blocks; /* of pool before the driver came */
};

static inline void rig_log(void *context, const char *line, size_t length)
{
    struct rig *rig = context;

    if (rig->log_length + length < sizeof(rig->log)) {
        memcpy(rig->log + rig->log_length, line, length);
        rig->log_length += length;
    }
}

static inline void set_value(struct rig *rig, const char *name, uint32_t type, const void *data,
                             uint32_t size)
{
    assert_int_equal(0, sb_process_write_registry(rig->process, rig->key, name, type, data, size));
}

static inline void set_number(struct rig *rig, const char *name, uint32_t number)
{
    set_value(rig, name, 4, &number, sizeof(number));
}

static inline void set_text(struct rig *rig, const char *name, const char *text)
{
    uint16_t wide[128];
    uint32_t length = 0;

    do
        wide[length] = (unsigned char)text[length];
    while (text[length++] != '\0');
    set_value(rig, name, 1, wide, length * 2);
}

/* A machine whose registry asks for a socket of the service at a free port. */
static inline void rig_make_for(struct rig *rig, const char *service)
{
    const struct sb_machine_options options = {.processors = 4, .log = rig_log, .log_context = rig};
    uint64_t bytes;

    memset(rig, 0, sizeof(*rig));
    sb_host_claim_faults();
    assert_int_equal(0, sb_machine_create(&options, &rig->machine));
    assert_int_equal(0, sb_process_create(rig->machine, NULL, &rig->process));
    snprintf(rig->key, sizeof(rig->key),
             "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\%s\\Parameters", service);
    rig->port = free_port();
    snprintf(rig->address, sizeof(rig->address), "tcp://127.0.0.1:%u", rig->port);
    set_number(rig, "SocketPort", rig->port);
    set_value(rig, "SocketSecret", 3, SECRET, SECRET_LENGTH);
    sb_machine_pool_usage(rig->machine, &rig->blocks, &bytes);
}

static inline void rig_make(struct rig *rig)
{
    rig_make_for(rig, "sock");
}

static inline sb_status rig_load(struct rig *rig)
{
    return sb_machine_load_driver_file(rig->machine, SOCK_SYS, &rig->driver, NULL, 0);
}

static inline void rig_start_image(struct rig *rig, const char *path)
{
    char error[512] = "";
    sb_status status =
        sb_machine_load_driver_file(rig->machine, path, &rig->driver, error, sizeof(error));

    if (status != 0)
        print_message("%s%s\n", rig->log, error);
    assert_int_equal(0, status);
}

static inline void rig_start(struct rig *rig)
{
    rig_start_image(rig, SOCK_SYS);
}

static inline void show_findings(struct sb_machine *machine)
{
    struct sb_finding finding;

    for (uint32_t i = 0; sb_machine_finding(machine, i, &finding, NULL, 0); i++)
        print_message("%s: %s in %s\n", finding.rule.identifier, finding.message, finding.function);
}

/* Unloads, within a limit of milliseconds whatever is connected, and leaves nothing behind. The
   limit is far below the idle timeout; busy machines need some of it. */
static inline void rig_stop(struct rig *rig, uint64_t limit)
{
    uint64_t begin = milliseconds();
    uint64_t blocks, bytes;

    assert_int_equal(0, sb_machine_unload_driver(rig->machine, rig->driver));
    show_findings(rig->machine);
    assert_int_equal(0, sb_machine_finding_count(rig->machine));
    assert_in_range(milliseconds() - begin, 0, limit);
    sb_machine_pool_usage(rig->machine, &blocks, &bytes);
    /* The machine's own threads may have come to have blocks. */
    assert_in_range(blocks, 0, rig->blocks + 24);
}

static inline void rig_drop(struct rig *rig)
{
    sb_process_destroy(rig->process);
    sb_machine_destroy(rig->machine);
}

static inline struct sb_client *open_client(struct rig *rig)
{
    struct sb_client *client = NULL;

    assert_int_equal(SB_OK, sb_open_socket(rig->address, SECRET, SECRET_LENGTH, 5000, &client));
    return client;
}

/* ---- a peer ---- */
static inline int peer_connect(struct rig *rig)
{
    struct sockaddr_in address = loopback(rig->port);
    int on = 1;
    int peer = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(0, connect(peer, (struct sockaddr *)&address, sizeof(address)));
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return peer;
}

static inline void peer_send(int peer, const void *bytes, size_t length)
{
    while (length != 0) {
        ssize_t sent = send(peer, bytes, length, MSG_NOSIGNAL);

        assert_true(sent > 0);
        bytes = (const char *)bytes + sent;
        length -= (size_t)sent;
    }
}

/* False: the connection has ended before. Fails after five seconds. */
static inline bool peer_receive(int peer, void *bytes, size_t length)
{
    struct pollfd entry = {.fd = peer, .events = POLLIN};

    while (length != 0) {
        ssize_t count;

        assert_int_equal(1, poll(&entry, 1, 5000));
        count = recv(peer, bytes, length, 0);
        if (count <= 0)
            return false;
        bytes = (char *)bytes + count;
        length -= (size_t)count;
    }
    return true;
}

/* A header with its payload, if that fits. */
static inline bool peer_frame(int peer, struct sb_socket_header *header, void *payload,
                              size_t capacity)
{
    if (!peer_receive(peer, header, sizeof(*header)))
        return false;
    assert_int_equal(SB_SOCKET_MAGIC, header->magic);
    assert_in_range(header->length, 0, capacity);
    return peer_receive(peer, payload, header->length);
}

/* The driver says why it hangs up, and does. */
static inline void peer_refused(int peer, uint32_t status)
{
    struct sb_socket_header header;

    assert_true(peer_frame(peer, &header, NULL, 0));
    assert_int_equal(SB_SOCKET_REFUSAL, header.type);
    assert_int_equal(status, header.status);
    assert_false(peer_receive(peer, &header, 1));
    close(peer);
}

struct answer_frame {
    struct sb_socket_header header;
    struct sb_socket_answer answer;
};

/* Takes the challenge and makes the answer to it. */
static inline struct answer_frame peer_answer(int peer, const char *secret)
{
    struct sb_socket_challenge challenge;
    struct answer_frame frame = {
        .header = {.magic = SB_SOCKET_MAGIC, .type = SB_SOCKET_ANSWER, .length = 72},
        .answer = {.version = 1, .nonce = "not so random"}};
    struct sb_socket_header header;

    assert_true(peer_frame(peer, &header, &challenge, sizeof(challenge)));
    assert_int_equal(SB_SOCKET_CHALLENGE, header.type);
    sb_socket_prove(SB_SOCKET_CLIENT, (const uint8_t *)secret, strlen(secret), 1, challenge.nonce,
                    frame.answer.nonce, frame.answer.proof);
    return frame;
}

static inline int peer_open(struct rig *rig)
{
    int peer = peer_connect(rig);
    const struct answer_frame frame = peer_answer(peer, SECRET);
    struct sb_socket_welcome welcome;
    struct sb_socket_header header;

    peer_send(peer, &frame, sizeof(frame));
    assert_true(peer_frame(peer, &header, &welcome, sizeof(welcome)));
    assert_int_equal(SB_SOCKET_WELCOME, header.type);
    return peer;
}

static inline struct sb_socket_header request(uint32_t code, uint32_t length, uint32_t capacity,
                                              uint32_t sequence)
{
    return (struct sb_socket_header){.magic = SB_SOCKET_MAGIC,
                                     .type = SB_SOCKET_REQUEST,
                                     .length = length,
                                     .sequence = sequence,
                                     .code = code,
                                     .capacity = capacity};
}

#endif
