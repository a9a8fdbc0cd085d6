/*
 * Requests over a socket. Any number may be on their way: each is in the socket's list until its
 * reply has come, or until it is given up; a reply that nobody awaits is dropped. One thread of
 * those that wait reads for all:
 *
 *   request ----> sent, LISTED ----> replied: by who reads, which may be its own thread
 *                       |
 *                       +----> given up: out of the list
 *
 * Who reads stops when it has what it waits for, or when its time is up; then another one of those
 * who wait reads on. What breaks the order of frames (half a request sent, a frame that cannot be)
 * ends the connection: all requests from then on answer DISCONNECTED.
 */
#include "operation.h"
#include "request.h"
#include "socket_state.h"
#include "status.h"

#include <stdlib.h>
#include <string.h>

/* Milliseconds for a request of an operation to be sent. */
#define SEND_TIMEOUT 5000

/* ---- the list ---- */

static struct sb_socket_request **find(struct sb_socket *socket, uint32_t sequence)
{
    struct sb_socket_request **link = &socket->requests;

    while (*link != NULL && (*link)->sequence != sequence)
        link = &(*link)->next;
    return link;
}

static void list(struct sb_socket *socket, struct sb_socket_request *request)
{
    request->is_replied = false;
    request->sequence = ++socket->sequence;
    request->next = socket->requests;
    socket->requests = request;
}

/* Out of the list, where it is in it no more once its reply has come. */
static void give_up(struct sb_socket *socket, const struct sb_socket_request *request)
{
    struct sb_socket_request **link = find(socket, request->sequence);

    if (*link == request)
        *link = request->next;
}

/* Why nothing comes any more; OK: something may. */
static enum sb_error end_of(const struct sb_socket *socket)
{
    if (socket->closing)
        return SB_ERROR_CLOSED;
    return socket->broken ? SB_ERROR_DISCONNECTED : SB_OK;
}

static void break_off(struct sb_socket *socket)
{
    socket->broken = true;
    sb_stream_shutdown(socket->stream);
}

/* ---- sending ---- */

struct message {
    uint32_t code;
    const void *input;
    size_t input_length;
};

/* Waits for its turn. */
static enum sb_error begin_sending(struct sb_socket *socket, struct sb_socket_request *request,
                                   uint64_t deadline)
{
    enum sb_error error = end_of(socket);

    while (error == SB_OK && socket->is_sending) {
        if (!sb_monitor_wait(&socket->monitor, deadline) && socket->is_sending)
            return SB_ERROR_TIMEOUT;
        error = end_of(socket);
    }
    if (error != SB_OK)
        return error;
    socket->is_sending = true;
    list(socket, request);
    return SB_OK;
}

/* One send for all, since the other side would wait for the second part of what comes apart. */
static enum sb_error send_frame(struct sb_socket *socket, const struct sb_socket_request *request,
                                const struct message *message, uint64_t deadline, size_t *sent)
{
    const struct sb_socket_header header = {.magic = SB_SOCKET_MAGIC,
                                            .type = SB_SOCKET_REQUEST,
                                            .length = (uint32_t)message->input_length,
                                            .sequence = request->sequence,
                                            .code = message->code,
                                            .capacity = (uint32_t)request->capacity};
    size_t length = sizeof(header) + message->input_length;
    unsigned char small[SB_SOCKET_FIRST_CAPACITY];
    unsigned char *frame = length <= sizeof(small) ? small : malloc(length);
    enum sb_error error;

    *sent = 0;
    if (frame == NULL)
        return SB_ERROR_NO_MEMORY;
    memcpy(frame, &header, sizeof(header));
    if (message->input_length != 0)
        memcpy(frame + sizeof(header), message->input, message->input_length);
    error = sb_socket_send_frame(socket, frame, length, deadline, sent);
    if (frame != small)
        free(frame);
    return error;
}

/* Entered. On failure the request is not in the list. */
static enum sb_error send_request(struct sb_socket *socket, struct sb_socket_request *request,
                                  const struct message *message, uint64_t deadline)
{
    enum sb_error error = begin_sending(socket, request, deadline);
    size_t sent;

    if (error != SB_OK)
        return error;
    sb_monitor_leave(&socket->monitor);
    error = send_frame(socket, request, message, deadline, &sent);
    sb_monitor_enter(&socket->monitor);
    socket->is_sending = false;
    if (error != SB_OK) {
        give_up(socket, request);
        if (sent != 0 || error == SB_ERROR_DISCONNECTED)
            break_off(socket);
    }
    sb_monitor_tell(&socket->monitor);
    return error;
}

/* ---- reading ---- */

static bool carries_output(uint32_t status)
{
    enum sb_error error = sb_status_error(status);

    return error == SB_OK || error == SB_ERROR_TRUNCATED;
}

/* A reply for whom it may concern. PROTOCOL: it can be nobody's. */
static enum sb_error deliver(struct sb_socket *socket, const struct sb_socket_header *header)
{
    struct sb_socket_request **link = find(socket, header->sequence);
    struct sb_socket_request *request = *link;

    if (request == NULL)
        return (int32_t)(socket->sequence - header->sequence) < 0 ? SB_ERROR_PROTOCOL : SB_OK;
    if (header->length > request->capacity)
        return SB_ERROR_PROTOCOL;
    *link = request->next;
    request->is_replied = true;
    request->status = header->status;
    request->length = carries_output(header->status) ? header->length : 0;
    if (request->length != 0)
        memcpy(request->output, socket->in + sizeof(*header), request->length);
    return SB_OK;
}

/* Entered, and nobody reads: reads one reply, for whomever. */
static enum sb_error read_reply(struct sb_socket *socket, uint64_t deadline)
{
    struct sb_socket_header header;
    enum sb_error error;

    socket->is_reading = true;
    sb_monitor_leave(&socket->monitor);
    error = sb_socket_read_frame(socket, 1u << SB_SOCKET_REPLY, deadline, &header);
    sb_monitor_enter(&socket->monitor);
    socket->is_reading = false;
    if (error == SB_OK) {
        error = deliver(socket, &header);
        sb_socket_drop_frame(socket, &header);
    }
    if (error != SB_OK && error != SB_ERROR_TIMEOUT && error != SB_ERROR_NO_MEMORY)
        break_off(socket);
    sb_monitor_tell(&socket->monitor);
    return error;
}

/* Entered. OK: the request is replied. */
static enum sb_error await(struct sb_socket *socket, const struct sb_socket_request *request,
                           uint64_t deadline)
{
    enum sb_error error = SB_OK;

    while (!request->is_replied && error == SB_OK) {
        error = end_of(socket);
        if (error != SB_OK)
            break;
        if (!socket->is_reading)
            error = read_reply(socket, deadline);
        else if (!sb_monitor_wait(&socket->monitor, deadline))
            error = SB_ERROR_TIMEOUT;
    }
    return request->is_replied ? SB_OK : error;
}

/* ---- calls ---- */

static void enter(struct sb_socket *socket)
{
    sb_monitor_enter(&socket->monitor);
    socket->users++;
}

/* The error, as it is to be told. */
static enum sb_error leave(struct sb_socket *socket, enum sb_error error)
{
    if (error == SB_ERROR_DISCONNECTED && socket->closing)
        error = SB_ERROR_CLOSED;
    socket->users--;
    sb_monitor_tell(&socket->monitor);
    sb_monitor_leave(&socket->monitor);
    return error;
}

enum sb_error sb_socket_call(struct sb_socket *socket, uint32_t code, const void *input,
                             size_t input_length, void *output, size_t output_capacity,
                             size_t *reply_length, uint32_t timeout)
{
    const struct message message = {code, input, input_length};
    struct sb_socket_request request = {
        .output = output,
        .capacity =
            output_capacity < socket->output_maximum ? output_capacity : socket->output_maximum,
    };
    uint64_t deadline = sb_socket_deadline(timeout);
    enum sb_error error;

    if (input_length > SB_SOCKET_PAYLOAD_MAXIMUM)
        return sb_fail(SB_ERROR_BAD_LENGTH, 0);
    enter(socket);
    error = send_request(socket, &request, &message, deadline);
    if (error == SB_OK)
        error = await(socket, &request, deadline);
    if (error != SB_OK)
        give_up(socket, &request);
    error = leave(socket, error);
    if (error != SB_OK)
        return sb_fail(error, 0);
    if (carries_output(request.status) && reply_length != NULL)
        *reply_length = request.length;
    return sb_fail(sb_status_error(request.status), request.status);
}

/* ---- operations ---- */

struct sb_socket_operation {
    struct sb_operation head;
    struct sb_socket *socket;
    struct sb_socket_request request;
    enum sb_error error; /* OK while a reply may come, or has come */
    unsigned char reply[];
};

static struct sb_socket_operation *of_socket(struct sb_operation *operation)
{
    return (struct sb_socket_operation *)operation;
}

static void start(struct sb_operation *operation, uint32_t code)
{
    struct sb_socket_operation *made = of_socket(operation);
    const struct message message = {code, NULL, 0};
    enum sb_error error;

    enter(made->socket);
    error = send_request(made->socket, &made->request, &message, sb_socket_deadline(SEND_TIMEOUT));
    made->error = leave(made->socket, error);
}

static bool wait(struct sb_operation *operation, uint32_t timeout)
{
    struct sb_socket_operation *made = of_socket(operation);
    enum sb_error error;

    if (made->error != SB_OK)
        return true;
    enter(made->socket);
    error = await(made->socket, &made->request, sb_socket_deadline(timeout));
    error = leave(made->socket, error);
    if (error == SB_ERROR_TIMEOUT)
        return false;
    made->error = error;
    return true;
}

static enum sb_error result(struct sb_operation *operation, const void **reply, size_t *length)
{
    struct sb_socket_operation *made = of_socket(operation);

    if (made->error != SB_OK)
        return sb_fail(made->error, 0);
    if (carries_output(made->request.status)) {
        *reply = made->reply;
        *length = made->request.length;
    }
    return sb_fail(sb_status_error(made->request.status), made->request.status);
}

static void discard(struct sb_operation *operation)
{
    struct sb_socket_operation *made = of_socket(operation);

    enter(made->socket);
    give_up(made->socket, &made->request);
    (void)leave(made->socket, SB_OK);
    free(made);
}

static const struct sb_operation_methods methods = {start, wait, result, discard};

/* An older driver answers in turn, and what waits would hold up all others. */
enum sb_error sb_socket_operation_create(struct sb_socket *socket, size_t capacity,
                                         struct sb_operation **operation)
{
    struct sb_socket_operation *made;

    if (socket->version < SB_SOCKET_VERSION_FEED || capacity > socket->output_maximum)
        return sb_refuse(SB_ERROR_UNKNOWN_COMMAND);
    made = calloc(1, sizeof(*made) + capacity);
    if (made == NULL)
        return sb_fail(SB_ERROR_NO_MEMORY, 0);
    made->head.methods = &methods;
    made->socket = socket;
    made->request.output = made->reply;
    made->request.capacity = capacity;
    made->error = SB_ERROR_STATE;
    *operation = &made->head;
    return SB_OK;
}

/* ---- the end ---- */

void sb_socket_break(struct sb_socket *socket)
{
    sb_monitor_enter(&socket->monitor);
    break_off(socket);
    sb_monitor_tell(&socket->monitor);
    sb_monitor_leave(&socket->monitor);
}

void sb_socket_end_calls(struct sb_socket *socket)
{
    sb_monitor_enter(&socket->monitor);
    socket->closing = true;
    sb_stream_shutdown(socket->stream);
    sb_monitor_tell(&socket->monitor);
    while (socket->users != 0)
        sb_monitor_wait(&socket->monitor, SB_NO_DEADLINE);
    sb_monitor_leave(&socket->monitor);
}

void sb_socket_close(struct sb_socket *socket)
{
    sb_socket_end_calls(socket);
    sb_socket_destroy(socket);
}
