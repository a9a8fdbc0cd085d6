/*
 * One peer. Nothing it sends is believed before sb_socket_frame() has judged it; memory for its
 * messages is allocated only as far as a frame that passed says, and before the handshake not at
 * all. Requests are served one after the other.
 */
#include "socket_internal.h"

#define FIRST_CAPACITY 16384
/* How long someone who is turned away may take to hear it. */
#define TURN_AWAY_TIMEOUT 200

NTSTATUS sb_connection_send(struct sb_socket_connection *connection,
                            const struct sb_socket_header *header, LONGLONG deadline)
{
    RtlCopyMemory(connection->out.bytes, header, sizeof(*header));
    return sb_transport_send(connection->transport, connection->out.mdl, 0,
                             sizeof(*header) + header->length, deadline);
}

static void refuse(struct sb_socket_connection *connection, NTSTATUS why, LONGLONG deadline)
{
    const struct sb_socket_header header = {
        .magic = SB_SOCKET_MAGIC, .type = SB_SOCKET_REFUSAL, .status = (uint32_t)why};

    sb_connection_send(connection, &header, deadline);
}

/* Is there a whole frame, or one that cannot be, at in.first? */
static enum sb_socket_verdict look(const struct sb_socket_connection *connection,
                                   const struct sb_socket_expectation *expected,
                                   struct sb_socket_header *header, size_t *needed)
{
    return sb_socket_frame(connection->in.bytes + connection->first,
                           connection->received - connection->first, expected, header, needed);
}

/* Moves what is left to the buffer's start, and makes room for a frame of needed bytes. */
static NTSTATUS make_room(struct sb_socket_connection *connection, ULONG needed)
{
    struct sb_socket_buffer *in = &connection->in;

    connection->received -= connection->first;
    RtlMoveMemory(in->bytes, in->bytes + connection->first, connection->received);
    connection->first = 0;
    return sb_socket_reserve(connection->channel->driver, in, needed, connection->received);
}

static const struct sb_beside *beside(const struct sb_socket_connection *connection)
{
    return connection->beside.event != NULL ? &connection->beside : NULL;
}

/* At least one byte more, with room for needed ones in all. */
static NTSTATUS receive(struct sb_socket_connection *connection, ULONG needed)
{
    ULONG length;
    NTSTATUS status;

    status = make_room(connection, needed);
    if (NT_SUCCESS(status))
        status = sb_socket_flush(&connection->outbox);
    if (NT_SUCCESS(status))
        status =
            sb_transport_receive(connection->transport, connection->in.mdl, connection->received,
                                 connection->in.capacity - connection->received,
                                 &connection->deadline, beside(connection), &length);
    if (NT_SUCCESS(status))
        connection->received += length;
    return status;
}

NTSTATUS sb_connection_read(struct sb_socket_connection *connection,
                            const struct sb_socket_expectation *expected, LONGLONG idle_deadline,
                            struct sb_socket_header *header)
{
    ULONG timeout = connection->channel->settings.timeout;
    NTSTATUS status = STATUS_SUCCESS;
    size_t needed;

    connection->is_idle = connection->received == connection->first;
    connection->deadline = connection->is_idle ? idle_deadline : sb_deadline(timeout);
    for (;;) {
        switch (look(connection, expected, header, &needed)) {
        case SB_SOCKET_FRAME_WHOLE:
            return STATUS_SUCCESS;
        case SB_SOCKET_FRAME_UNKNOWN:
            return STATUS_INVALID_NETWORK_RESPONSE;
        case SB_SOCKET_FRAME_TOO_LONG:
            return STATUS_INVALID_BUFFER_SIZE;
        case SB_SOCKET_FRAME_SHORT:
            break;
        }
        status = receive(connection, (ULONG)needed);
        if (!NT_SUCCESS(status))
            return status;
        if (connection->is_idle)
            connection->deadline = sb_deadline(timeout);
        connection->is_idle = FALSE;
    }
}

void sb_connection_drop(struct sb_socket_connection *connection,
                        const struct sb_socket_header *header)
{
    connection->first += (ULONG)sizeof(*header) + header->length;
}

const UCHAR *sb_connection_payload(const struct sb_socket_connection *connection)
{
    return connection->in.bytes + connection->first + sizeof(struct sb_socket_header);
}

/* Nobody is silent who waits for the driver. */
static LONGLONG idle_deadline(const struct sb_socket_connection *connection)
{
    return connection->feed.count != 0 ? SB_NO_DEADLINE
                                       : sb_deadline(connection->channel->settings.idle_timeout);
}

/* A notification has come while the connection's thread waits for something else. */
static NTSTATUS feed_has_news(void *context)
{
    struct sb_socket_connection *connection = context;
    NTSTATUS status;

    status = sb_feed_run(&connection->feed, &connection->outbox);
    if (NT_SUCCESS(status))
        status = sb_socket_flush(&connection->outbox);
    if (connection->is_idle)
        connection->deadline = idle_deadline(connection);
    return status;
}

/* Waits for the command that is at the device; it is cancelled when the channel stops, when its
   time is up, and when the connection breaks, which is the only failure. Whoever waits for earlier
   replies gets them before. */
static NTSTATUS wait_for_command(struct sb_socket_connection *connection)
{
    const struct sb_socket_channel_state *channel = connection->channel;
    LONGLONG deadline = sb_deadline(channel->settings.timeout);
    NTSTATUS status = STATUS_SUCCESS;

    if (KeReadStateEvent(&connection->open.request.done) == 0)
        status = sb_socket_flush(&connection->outbox);
    if (NT_SUCCESS(status))
        status = sb_request_wait(&connection->open.request, connection->transport->stopping,
                                 &deadline, beside(connection));
    if (status != STATUS_SUCCESS)
        sb_request_cancel(&connection->open.request);
    return status == STATUS_CANCELLED || status == STATUS_IO_TIMEOUT ? STATUS_SUCCESS : status;
}

static NTSTATUS put_reply(struct sb_socket_connection *connection,
                          const struct sb_socket_header *request, NTSTATUS status, ULONG length)
{
    const struct sb_socket_header reply = {.magic = SB_SOCKET_MAGIC,
                                           .type = SB_SOCKET_REPLY,
                                           .length = length,
                                           .sequence = request->sequence,
                                           .status = (uint32_t)status};

    return sb_socket_put(&connection->outbox, &connection->out, &reply);
}

/* Calls the command and replies what it says; a failed command is a reply, too. */
static NTSTATUS answer_command(struct sb_socket_connection *connection,
                               const struct sb_socket_header *request)
{
    ULONG larger = request->length > request->capacity ? request->length : request->capacity;
    struct sb_socket_message message = {.code = request->code,
                                        .input_length = request->length,
                                        .output_capacity = request->capacity};
    NTSTATUS called, status;
    ULONG length = 0;

    status = sb_socket_reserve(connection->channel->driver, &connection->out,
                               (ULONG)sizeof(*request) + larger, 0);
    if (!NT_SUCCESS(status))
        return status;
    message.input = sb_connection_payload(connection);
    message.output = connection->out.bytes + sizeof(*request);
    called = sb_socket_call_begin(&connection->open, &connection->open.request, &message);
    if (called == STATUS_PENDING) {
        status = wait_for_command(connection);
        called =
            sb_socket_call_end(&connection->open, &connection->open.request, &message, &length);
    }
    return NT_SUCCESS(status) ? put_reply(connection, request, called, length) : status;
}

/* A request for a notification: it is answered when there is one. */
static NTSTATUS feed(struct sb_socket_connection *connection,
                     const struct sb_socket_header *request)
{
    if (!sb_feed_add(&connection->feed, request))
        return put_reply(connection, request, STATUS_QUOTA_EXCEEDED, 0);
    return sb_feed_run(&connection->feed, &connection->outbox);
}

static NTSTATUS answer_request(struct sb_socket_connection *connection,
                               const struct sb_socket_header *request)
{
    BOOLEAN feeds =
        request->code == SB_NOTIFY_NEXT && request->length == 0 && connection->beside.event != NULL;
    NTSTATUS status = feeds ? feed(connection, request) : answer_command(connection, request);

    sb_connection_drop(connection, request);
    return status;
}

static const struct sb_socket_expectation requests = {
    .types = 1u << SB_SOCKET_REQUEST,
    .length_maximum = SB_SOCKET_PAYLOAD_MAXIMUM,
    .capacity_maximum = SB_SOCKET_PAYLOAD_MAXIMUM,
};

static NTSTATUS serve_requests(struct sb_socket_connection *connection)
{
    struct sb_socket_header request;
    NTSTATUS status;

    do {
        status = sb_connection_read(connection, &requests, idle_deadline(connection), &request);
        if (NT_SUCCESS(status))
            status = answer_request(connection, &request);
    } while (NT_SUCCESS(status));
    return status;
}

/* What the agreed version has besides requests and replies in turn. */
static NTSTATUS begin_feed(struct sb_socket_connection *connection, ULONG version)
{
    NTSTATUS status;

    if (version < SB_SOCKET_VERSION_FEED)
        return STATUS_SUCCESS;
    status = sb_feed_open(&connection->feed, &connection->open);
    if (!NT_SUCCESS(status))
        return status;
    connection->beside.event = &connection->feed.request.done;
    connection->beside.run = feed_has_news;
    connection->beside.context = connection;
    return STATUS_SUCCESS;
}

/* The end of the driver refuses nobody. */
static void count_opening(struct sb_socket_channel_state *channel, NTSTATUS status)
{
    if (NT_SUCCESS(status))
        sb_count(sb_device_of(channel->device), SB_COUNTER_CONNECTIONS);
    else if (status != STATUS_CANCELLED)
        sb_count(sb_device_of(channel->device), SB_COUNTER_CONNECTIONS_REFUSED);
}

/* The handshake, which has one deadline; then the connection is an open of the driver. */
static NTSTATUS serve_open(struct sb_socket_connection *connection)
{
    LONGLONG deadline = sb_deadline(connection->channel->settings.timeout);
    struct sb_socket_answer answer;
    NTSTATUS status;

    status = sb_socket_authenticate(connection, deadline, &answer);
    if (NT_SUCCESS(status))
        status = sb_socket_open(&connection->open, connection->channel->device);
    count_opening(connection->channel, status);
    if (!NT_SUCCESS(status))
        return status;
    status = begin_feed(connection, answer.version);
    if (NT_SUCCESS(status))
        status = sb_socket_welcome(connection, &answer, deadline);
    if (NT_SUCCESS(status))
        status = serve_requests(connection);
    connection->beside.event = NULL;
    sb_feed_close(&connection->feed);
    sb_socket_close(&connection->open);
    return status;
}

/* Why the connection ends is told to a peer that may still listen. */
static void say_goodbye(struct sb_socket_connection *connection, NTSTATUS status)
{
    if (status == STATUS_END_OF_FILE || sb_transport_is_stuck(connection->transport))
        return;
    if (status != STATUS_CANCELLED)
        sb_log(SB_LOG_WARNING, "sysbuf: a socket connection ended, status 0x%08x\n", status);
    refuse(connection, status, sb_deadline(TURN_AWAY_TIMEOUT));
}

void sb_socket_serve(struct sb_socket_channel_state *channel, struct sb_transport *transport)
{
    struct sb_socket_connection connection = {.channel = channel, .transport = transport};
    struct sb_socket_outbox *outbox = &connection.outbox;
    NTSTATUS status;

    transport->patient = TRUE;
    outbox->transport = transport;
    outbox->timeout = channel->settings.timeout;
    status = sb_socket_reserve(channel->driver, &connection.in, FIRST_CAPACITY, 0);
    if (NT_SUCCESS(status))
        status = sb_socket_reserve(channel->driver, &connection.out, FIRST_CAPACITY, 0);
    if (NT_SUCCESS(status))
        status = sb_socket_reserve(channel->driver, &outbox->buffer, FIRST_CAPACITY, 0);
    if (NT_SUCCESS(status)) {
        status = serve_open(&connection);
        say_goodbye(&connection, status);
    }
    sb_transport_close(transport); /* before the buffers, which a request may still use */
    sb_socket_free(channel->driver, &connection.in);
    sb_socket_free(channel->driver, &connection.out);
    sb_socket_free(channel->driver, &connection.feed.room);
    sb_socket_free(channel->driver, &outbox->buffer);
}

void sb_socket_turn_away(struct sb_socket_channel_state *channel, struct sb_transport *transport)
{
    struct sb_socket_connection connection = {.channel = channel, .transport = transport};

    sb_count(sb_device_of(channel->device), SB_COUNTER_CONNECTIONS_REFUSED);
    if (NT_SUCCESS(sb_socket_reserve(channel->driver, &connection.out, FIRST_CAPACITY, 0)))
        refuse(&connection, STATUS_TOO_MANY_SESSIONS, sb_deadline(TURN_AWAY_TIMEOUT));
    sb_transport_close(transport);
    sb_socket_free(channel->driver, &connection.out);
}
