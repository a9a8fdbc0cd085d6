/*
 * For the tests of the socket channel, after cmocka.h: peers that speak the protocol as well, or as
 * badly, as a test wants.
 */
#ifndef SOCKET_PEER_H
#define SOCKET_PEER_H

#include <driver/socket_frame.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "socket_rig.h"

#define STATUS_ACCESS_DENIED            0xC0000022u
#define STATUS_INVALID_BUFFER_SIZE      0xC0000206u
#define STATUS_INVALID_NETWORK_RESPONSE 0xC00000C3u
#define STATUS_IO_TIMEOUT               0xC00000B5u
#define STATUS_TOO_MANY_SESSIONS        0xC00000CEu
#define STATUS_CANCELLED                0xC0000120u

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

/* Takes the challenge and makes the answer to it, in a version of the protocol. */
static inline struct answer_frame peer_answer_as(int peer, const char *secret, uint32_t version)
{
    struct sb_socket_challenge challenge;
    struct answer_frame frame = {
        .header = {.magic = SB_SOCKET_MAGIC, .type = SB_SOCKET_ANSWER, .length = 72},
        .answer = {.version = version, .nonce = "not so random"}};
    struct sb_socket_header header;

    assert_true(peer_frame(peer, &header, &challenge, sizeof(challenge)));
    assert_int_equal(SB_SOCKET_CHALLENGE, header.type);
    sb_socket_prove(SB_SOCKET_CLIENT, (const uint8_t *)secret, strlen(secret), version,
                    challenge.nonce, frame.answer.nonce, frame.answer.proof);
    return frame;
}

static inline struct answer_frame peer_answer(int peer, const char *secret)
{
    return peer_answer_as(peer, secret, 1);
}

static inline int peer_open_as(struct rig *rig, uint32_t version)
{
    int peer = peer_connect(rig);
    const struct answer_frame frame = peer_answer_as(peer, SECRET, version);
    struct sb_socket_welcome welcome;
    struct sb_socket_header header;

    peer_send(peer, &frame, sizeof(frame));
    assert_true(peer_frame(peer, &header, &welcome, sizeof(welcome)));
    assert_int_equal(SB_SOCKET_WELCOME, header.type);
    return peer;
}

static inline int peer_open(struct rig *rig)
{
    return peer_open_as(rig, 1);
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
