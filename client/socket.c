/*
 * A driver reached by TCP. Calls go one after the other: a request, then its reply. A call whose
 * time is up leaves its reply to come later; the next call skips it, by its sequence number. What
 * breaks the order of frames (half a request sent, a frame that cannot be) ends the connection, and
 * all calls from then on answer DISCONNECTED.
 */
#include "socket.h"
#include "stream.h"

#include <driver/socket_frame.h>
#include <stdlib.h>
#include <string.h>

/* Of the receive buffer at first, and of the longest request that is sent from the stack. */
#define FIRST_CAPACITY 4096

struct sb_socket {
    struct sb_client_head head; /* points here: a client is its head */
    sb_stream stream;
    uint32_t input_maximum, output_maximum;
    unsigned char *in; /* from the current frame's first byte on */
    size_t received, capacity;
    uint32_t sequence;
    bool order_lost; /* becomes broken as the call ends */

    struct sb_monitor monitor; /* guards what follows; and lets one call at a time use the rest */
    bool busy, closing, broken;
    unsigned users;
};

static enum sb_error call_error(uint32_t status)
{
    switch (status) {
    case 0x80000005: /* STATUS_BUFFER_OVERFLOW */
        return SB_ERROR_TRUNCATED;
    case 0xC0000004: /* STATUS_INFO_LENGTH_MISMATCH */
        return SB_ERROR_BAD_LENGTH;
    case 0xC0000023: /* STATUS_BUFFER_TOO_SMALL */
        return SB_ERROR_REPLY_TOO_SMALL;
    case 0xC0000010: /* STATUS_INVALID_DEVICE_REQUEST */
    case 0xC00000BB: /* STATUS_NOT_SUPPORTED */
        return SB_ERROR_UNKNOWN_COMMAND;
    case 0xC0000022: /* STATUS_ACCESS_DENIED */
        return SB_ERROR_ACCESS_DENIED;
    case 0xC0000120: /* STATUS_CANCELLED */
        return SB_ERROR_CLOSED;
    case 0xC0000017: /* STATUS_NO_MEMORY */
    case 0xC000009A: /* STATUS_INSUFFICIENT_RESOURCES */
        return SB_ERROR_NO_MEMORY;
    default:
        return (int32_t)status < 0 ? SB_ERROR_SYSTEM : SB_OK;
    }
}

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

static uint64_t deadline_of(uint32_t timeout)
{
    return timeout == SB_FOREVER ? SB_STREAM_FOREVER : sb_stream_now() + timeout;
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

static void drop_frame(struct sb_socket *socket, const struct sb_socket_header *header)
{
    size_t length = sizeof(*header) + header->length;

    socket->received -= length;
    memmove(socket->in, socket->in + length, socket->received);
}

/* Reads until a whole frame stands at socket->in. A refusal may come at any time. */
static enum sb_error read_frame(struct sb_socket *socket, uint32_t types, uint64_t deadline,
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

/* header and payload lie one behind the other. */
static enum sb_error send_frame(struct sb_socket *socket, const void *frame, size_t length,
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
        challenge->highest_version < SB_SOCKET_VERSION)
        return SB_ERROR_PROTOCOL;
    memset(answer, 0, sizeof(*answer));
    answer->version = SB_SOCKET_VERSION;
    if (!sb_random(answer->nonce, sizeof(answer->nonce)))
        return SB_ERROR_SYSTEM;
    sb_socket_prove(SB_SOCKET_CLIENT, secret->bytes, secret->length, answer->version,
                    challenge->nonce, answer->nonce, answer->proof);
    frame.header = (struct sb_socket_header){
        .magic = SB_SOCKET_MAGIC, .type = SB_SOCKET_ANSWER, .length = sizeof(*answer)};
    frame.answer = *answer;
    return send_frame(socket, &frame, sizeof(frame), deadline, &sent);
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
    socket->input_maximum = welcome->input_maximum;
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

    error = read_frame(socket, 1u << SB_SOCKET_CHALLENGE, deadline, &header);
    if (error != SB_OK)
        return error;
    memcpy(&challenge, socket->in + sizeof(header), sizeof(challenge));
    drop_frame(socket, &header);
    error = answer_challenge(socket, secret, &challenge, &answer, deadline);
    if (error == SB_OK)
        error = read_frame(socket, 1u << SB_SOCKET_WELCOME, deadline, &header);
    if (error != SB_OK)
        return error;
    memcpy(&welcome, socket->in + sizeof(header), sizeof(welcome));
    drop_frame(socket, &header);
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

static void destroy(struct sb_socket *socket)
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
    uint64_t deadline = deadline_of(timeout);
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
    error = reserve(socket, FIRST_CAPACITY) ? get_stream(address, deadline, &socket->stream)
                                            : SB_ERROR_NO_MEMORY;
    if (error == SB_OK)
        error = shake_hands(socket, &known, deadline);
    if (error != SB_OK) {
        destroy(socket);
        return sb_fail(error, 0);
    }
    *client = (struct sb_client *)&socket->head;
    return SB_OK;
}

/* ---- calling ---- */

struct message {
    uint32_t code;
    const void *input;
    size_t input_length;
    void *output;
    size_t output_capacity;
    size_t *reply_length;
};

/* One send for all, since the other side would wait for the second part of what comes apart. */
static enum sb_error send_request(struct sb_socket *socket, const struct message *message,
                                  uint64_t deadline)
{
    const struct sb_socket_header header = {.magic = SB_SOCKET_MAGIC,
                                            .type = SB_SOCKET_REQUEST,
                                            .length = (uint32_t)message->input_length,
                                            .sequence = ++socket->sequence,
                                            .code = message->code,
                                            .capacity = (uint32_t)message->output_capacity};
    size_t length = sizeof(header) + message->input_length;
    unsigned char small[FIRST_CAPACITY];
    unsigned char *frame = length <= sizeof(small) ? small : malloc(length);
    enum sb_error error;
    size_t sent = 0;

    if (frame == NULL)
        return SB_ERROR_NO_MEMORY;
    memcpy(frame, &header, sizeof(header));
    if (message->input_length != 0)
        memcpy(frame + sizeof(header), message->input, message->input_length);
    error = send_frame(socket, frame, length, deadline, &sent);
    if (error != SB_OK && sent != 0)
        socket->order_lost = true;
    if (frame != small)
        free(frame);
    return error;
}

/* The reply with this call's number; those of calls that were given up are skipped. */
static enum sb_error read_reply(struct sb_socket *socket, uint64_t deadline,
                                struct sb_socket_header *header)
{
    enum sb_error error;

    for (;;) {
        error = read_frame(socket, 1u << SB_SOCKET_REPLY, deadline, header);
        if (error != SB_OK || header->sequence == socket->sequence)
            return error;
        if ((int32_t)(socket->sequence - header->sequence) < 0)
            return SB_ERROR_PROTOCOL;
        drop_frame(socket, header);
    }
}

static enum sb_error run_call(struct sb_socket *socket, const struct message *message,
                              uint64_t deadline)
{
    struct sb_socket_header header;
    enum sb_error error;

    error = send_request(socket, message, deadline);
    if (error == SB_OK)
        error = read_reply(socket, deadline, &header);
    if (error != SB_OK) {
        if (error != SB_ERROR_TIMEOUT && error != SB_ERROR_NO_MEMORY)
            socket->order_lost = true;
        return error;
    }
    if (header.length > message->output_capacity) {
        socket->order_lost = true;
        return SB_ERROR_PROTOCOL;
    }
    error = call_error(header.status);
    if (error == SB_OK || error == SB_ERROR_TRUNCATED) {
        if (header.length != 0)
            memcpy(message->output, socket->in + sizeof(header), header.length);
        if (message->reply_length != NULL)
            *message->reply_length = header.length;
    }
    drop_frame(socket, &header);
    return sb_fail(error, header.status);
}

/* Waits for its turn. */
static enum sb_error begin_call(struct sb_socket *socket, uint64_t deadline)
{
    enum sb_error error = SB_OK;

    sb_monitor_enter(&socket->monitor);
    socket->users++;
    while (error == SB_OK && (socket->busy || socket->closing || socket->broken)) {
        if (socket->closing)
            error = SB_ERROR_CLOSED;
        else if (socket->broken)
            error = SB_ERROR_DISCONNECTED;
        else if (!sb_monitor_wait(&socket->monitor, deadline) && socket->busy)
            error = SB_ERROR_TIMEOUT;
    }
    if (error == SB_OK)
        socket->busy = true;
    else
        socket->users--;
    sb_monitor_tell(&socket->monitor);
    sb_monitor_leave(&socket->monitor);
    return error;
}

static enum sb_error end_call(struct sb_socket *socket, enum sb_error error)
{
    sb_monitor_enter(&socket->monitor);
    socket->busy = false;
    socket->broken = socket->order_lost;
    socket->users--;
    if (socket->closing && error == SB_ERROR_DISCONNECTED)
        error = SB_ERROR_CLOSED;
    sb_monitor_tell(&socket->monitor);
    sb_monitor_leave(&socket->monitor);
    return error;
}

enum sb_error sb_socket_call(struct sb_socket *socket, uint32_t code, const void *input,
                             size_t input_length, void *output, size_t output_capacity,
                             size_t *reply_length, uint32_t timeout)
{
    const struct message message = {
        .code = code,
        .input = input,
        .input_length = input_length,
        .output = output,
        .output_capacity =
            output_capacity < socket->output_maximum ? output_capacity : socket->output_maximum,
        .reply_length = reply_length,
    };
    uint64_t deadline = deadline_of(timeout);
    enum sb_error error;

    if (input_length > SB_SOCKET_PAYLOAD_MAXIMUM)
        return sb_fail(SB_ERROR_BAD_LENGTH, 0);
    error = begin_call(socket, deadline);
    if (error != SB_OK)
        return sb_fail(error, 0);
    return end_call(socket, run_call(socket, &message, deadline));
}

void sb_socket_close(struct sb_socket *socket)
{
    sb_monitor_enter(&socket->monitor);
    socket->closing = true;
    sb_stream_shutdown(socket->stream);
    sb_monitor_tell(&socket->monitor);
    while (socket->users != 0)
        sb_monitor_wait(&socket->monitor, SB_STREAM_FOREVER);
    sb_monitor_leave(&socket->monitor);
    destroy(socket);
}
