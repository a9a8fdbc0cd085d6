/*
 * Opening a driver's socket: the stream, the frames on it, the handshake. Calls are in
 * socket_call.c.
 */
#include "socket_state.h"

#include <stdlib.h>
#include <string.h>

/* Why the driver hangs up. */
static enum sb_error refusal_error(uint32_t status)
{
    switch (status) {
    case 0xC0000022: /* STATUS_ACCESS_DENIED */
        return SB_ERROR_SECRET;
    case 0xC00000CE: /* STATUS_TOO_MANY_SESSIONS */
        return SB_ERROR_BUSY;
    case 0xC0000059: /* STATUS_REVISION_MISMATCH */
        return SB_ERROR_PROTOCOL;
    default:
        return SB_ERROR_DISCONNECTED;
    }
}

static bool reserve(struct sb_socket *socket, size_t capacity)
{
    unsigned char *larger;

    if (capacity <= socket->capacity)
        return true;
    larger = realloc(socket->in, capacity);
    if (larger == NULL)
        return false;
    socket->in = larger;
    socket->capacity = capacity;
    return true;
}

void sb_socket_drop_frame(struct sb_socket *socket, const struct sb_socket_header *header)
{
    size_t length = sizeof(*header) + header->length;

    socket->received -= length;
    memmove(socket->in, socket->in + length, socket->received);
}

enum sb_error sb_socket_read_frame(struct sb_socket *socket, uint32_t types, uint64_t deadline,
                                   struct sb_socket_header *header)
{
    const struct sb_socket_expectation expected = {.types = types | 1u << SB_SOCKET_REFUSAL,
                                                   .length_maximum = socket->output_maximum};
    enum sb_error error;
    size_t needed;
    size_t count;

    for (;;) {
        enum sb_socket_verdict verdict =
            sb_socket_frame(socket->in, socket->received, &expected, header, &needed);

        if (verdict == SB_SOCKET_FRAME_WHOLE)
            return header->type == SB_SOCKET_REFUSAL ? refusal_error(header->status) : SB_OK;
        if (verdict != SB_SOCKET_FRAME_SHORT)
            return SB_ERROR_PROTOCOL;
        if (!reserve(socket, needed))
            return SB_ERROR_NO_MEMORY;
        error = sb_stream_receive(socket->stream, socket->in + socket->received,
                                  socket->capacity - socket->received, deadline, &count);
        if (error != SB_OK)
            return error == SB_ERROR_CLOSED ? SB_ERROR_DISCONNECTED : error;
        socket->received += count;
    }
}

enum sb_error sb_socket_send_frame(struct sb_socket *socket, const void *frame, size_t length,
                                   uint64_t deadline, size_t *sent)
{
    enum sb_error error = sb_stream_send(socket->stream, frame, length, deadline, sent);

    return error == SB_ERROR_CLOSED ? SB_ERROR_DISCONNECTED : error;
}

/* ---- opening ---- */

struct secret {
    const uint8_t *bytes;
    size_t length;
};

/* Sends the answer to a challenge; *answer is kept for checking the welcome. */
static enum sb_error answer_challenge(struct sb_socket *socket, const struct secret *secret,
                                      const struct sb_socket_challenge *challenge,
                                      struct sb_socket_answer *answer, uint64_t deadline)
{
    struct {
        struct sb_socket_header header;
        struct sb_socket_answer answer;
    } frame;
    size_t sent;

    if (challenge->lowest_version > SB_SOCKET_VERSION ||
        challenge->highest_version < SB_SOCKET_VERSION_OLDEST)
        return SB_ERROR_PROTOCOL;
    memset(answer, 0, sizeof(*answer));
    answer->version = challenge->highest_version < SB_SOCKET_VERSION ? challenge->highest_version
                                                                     : SB_SOCKET_VERSION;
    if (!sb_random(answer->nonce, sizeof(answer->nonce)))
        return SB_ERROR_SYSTEM;
    sb_socket_prove(SB_SOCKET_CLIENT, secret->bytes, secret->length, answer->version,
                    challenge->nonce, answer->nonce, answer->proof);
    frame.header = (struct sb_socket_header){
        .magic = SB_SOCKET_MAGIC, .type = SB_SOCKET_ANSWER, .length = sizeof(*answer)};
    frame.answer = *answer;
    return sb_socket_send_frame(socket, &frame, sizeof(frame), deadline, &sent);
}

/* Who cannot prove to know the secret is not the driver. */
static enum sb_error check_welcome(struct sb_socket *socket, const struct secret *secret,
                                   const struct sb_socket_challenge *challenge,
                                   const struct sb_socket_answer *answer,
                                   const struct sb_socket_welcome *welcome)
{
    uint8_t proof[SB_SOCKET_PROOF_LENGTH];

    sb_socket_prove(SB_SOCKET_DRIVER, secret->bytes, secret->length, answer->version,
                    challenge->nonce, answer->nonce, proof);
    if (!sb_equal_secret(proof, welcome->proof, sizeof(proof)))
        return SB_ERROR_SECRET;
    if (welcome->input_maximum > SB_SOCKET_PAYLOAD_MAXIMUM ||
        welcome->output_maximum > SB_SOCKET_PAYLOAD_MAXIMUM)
        return SB_ERROR_PROTOCOL;
    socket->version = answer->version;
    socket->output_maximum = welcome->output_maximum;
    return SB_OK;
}

static enum sb_error shake_hands(struct sb_socket *socket, const struct secret *secret,
                                 uint64_t deadline)
{
    struct sb_socket_challenge challenge;
    struct sb_socket_welcome welcome;
    struct sb_socket_answer answer;
    struct sb_socket_header header;
    enum sb_error error;

    error = sb_socket_read_frame(socket, 1u << SB_SOCKET_CHALLENGE, deadline, &header);
    if (error != SB_OK)
        return error;
    memcpy(&challenge, socket->in + sizeof(header), sizeof(challenge));
    sb_socket_drop_frame(socket, &header);
    error = answer_challenge(socket, secret, &challenge, &answer, deadline);
    if (error == SB_OK)
        error = sb_socket_read_frame(socket, 1u << SB_SOCKET_WELCOME, deadline, &header);
    if (error != SB_OK)
        return error;
    memcpy(&welcome, socket->in + sizeof(header), sizeof(welcome));
    sb_socket_drop_frame(socket, &header);
    return check_welcome(socket, secret, &challenge, &answer, &welcome);
}

/* A number of at most maximum, ended by end. *text is left behind it. */
static bool parse_number(const char **text, char end, uint32_t maximum, uint32_t *number)
{
    const char *next = *text;

    *number = 0;
    while (*next >= '0' && *next <= '9' && *number <= maximum)
        *number = *number * 10 + (uint32_t)(*next++ - '0');
    if (next == *text || *number > maximum || *next != end)
        return false;
    *text = next + (end != '\0');
    return true;
}

/* "127.0.0.1:4711" */
static bool parse_place(const char *text, uint32_t *address, uint16_t *port)
{
    uint8_t bytes[4];
    uint32_t number;

    for (int i = 0; i < 4; i++) {
        if (!parse_number(&text, i < 3 ? '.' : ':', 255, &number))
            return false;
        bytes[i] = (uint8_t)number;
    }
    if (!parse_number(&text, '\0', 65535, &number) || number == 0)
        return false;
    memcpy(address, bytes, sizeof(*address));
    *port = (uint16_t)number;
    return true;
}

static enum sb_error get_stream(const char *name, uint64_t deadline, sb_stream *stream)
{
    static const char connecting[] = "tcp://";
    static const char listening[] = "tcp-listen://";
    bool listens = strncmp(name, listening, strlen(listening)) == 0;
    uint32_t address;
    uint16_t port;

    if (!listens && strncmp(name, connecting, strlen(connecting)) != 0)
        return SB_ERROR_ARGUMENT;
    name += listens ? strlen(listening) : strlen(connecting);
    if (!parse_place(name, &address, &port))
        return SB_ERROR_ARGUMENT;
    return listens ? sb_stream_accept(address, port, deadline, stream)
                   : sb_stream_connect(address, port, deadline, stream);
}

void sb_socket_destroy(struct sb_socket *socket)
{
    if (socket->stream != SB_NO_STREAM)
        sb_stream_close(socket->stream);
    sb_monitor_drop(&socket->monitor);
    free(socket->in);
    free(socket);
}

enum sb_error sb_open_socket(const char *address, const void *secret, size_t secret_length,
                             uint32_t timeout, struct sb_client **client)
{
    const struct secret known = {secret, secret_length};
    uint64_t deadline = sb_socket_deadline(timeout);
    struct sb_socket *socket;
    enum sb_error error;

    if (address == NULL || secret == NULL || client == NULL ||
        secret_length < SB_SOCKET_SECRET_MINIMUM || secret_length > SB_SOCKET_SECRET_MAXIMUM)
        return sb_fail(SB_ERROR_ARGUMENT, 0);
    socket = calloc(1, sizeof(*socket));
    if (socket == NULL)
        return sb_fail(SB_ERROR_NO_MEMORY, 0);
    socket->head.socket = socket;
    socket->stream = SB_NO_STREAM;
    sb_monitor_make(&socket->monitor);
    error = reserve(socket, SB_SOCKET_FIRST_CAPACITY)
                ? get_stream(address, deadline, &socket->stream)
                : SB_ERROR_NO_MEMORY;
    if (error == SB_OK)
        error = shake_hands(socket, &known, deadline);
    if (error != SB_OK) {
        sb_socket_destroy(socket);
        return sb_fail(error, 0);
    }
    *client = (struct sb_client *)&socket->head;
    return SB_OK;
}
