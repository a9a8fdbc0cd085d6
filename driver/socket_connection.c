/*
 * One peer. Nothing it sends is believed before sb_socket_frame() has judged it; memory for its
 * messages is allocated only as far as a frame that passed says, and before the handshake not at
 * all. Requests are served one after the other.
 */
#include "socket_internal.h"

#define FIRST_CAPACITY 16384
/* How long someone who is turned away may take to hear it. */
#define TURN_AWAY_TIMEOUT 200

/* Nonpaged memory that WSK can use. */
struct buffer {
    UCHAR *bytes;
    PMDL mdl;
    ULONG capacity;
};

/*
 * Requests that came together are answered together: replies that are not the last gather in
 * replies. A frame that is sent by itself stands in out.
 */
struct connection {
    struct sb_socket_channel_state *channel;
    struct sb_transport *transport;
    struct buffer in; /* what has come: received bytes, of which the first are dealt with */
    ULONG first, received;
    struct buffer out;
    struct buffer replies;
    ULONG gathered; /* bytes in replies */
    UCHAR nonce[SB_SOCKET_NONCE_LENGTH];
    struct sb_socket_open open;
};

static void free_buffer(const struct sb_driver *driver, struct buffer *buffer)
{
    if (buffer->mdl != NULL)
        IoFreeMdl(buffer->mdl);
    if (buffer->bytes != NULL)
        sb_free(driver, buffer->bytes);
    RtlZeroMemory(buffer, sizeof(*buffer));
}

/* Makes room for capacity bytes; the first kept bytes stay. */
static NTSTATUS reserve(const struct sb_driver *driver, struct buffer *buffer, ULONG capacity,
                        ULONG kept)
{
    struct buffer larger = {NULL, NULL, capacity};

    if (capacity <= buffer->capacity)
        return STATUS_SUCCESS;
    larger.bytes = sb_allocate(driver, capacity);
    if (larger.bytes != NULL)
        larger.mdl = IoAllocateMdl(larger.bytes, capacity, FALSE, FALSE, NULL);
    if (larger.mdl == NULL) {
        free_buffer(driver, &larger);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(larger.mdl);
    RtlCopyMemory(larger.bytes, buffer->bytes, kept);
    free_buffer(driver, buffer);
    *buffer = larger;
    return STATUS_SUCCESS;
}

/* Sends the frame at out.bytes: the header, and length bytes that are there already. */
static NTSTATUS send_frame(struct connection *connection, const struct sb_socket_header *header,
                           LONGLONG deadline)
{
    RtlCopyMemory(connection->out.bytes, header, sizeof(*header));
    return sb_transport_send(connection->transport, connection->out.mdl, 0,
                             sizeof(*header) + header->length, deadline);
}

static void refuse(struct connection *connection, NTSTATUS why, LONGLONG deadline)
{
    const struct sb_socket_header header = {
        .magic = SB_SOCKET_MAGIC, .type = SB_SOCKET_REFUSAL, .status = (uint32_t)why};

    send_frame(connection, &header, deadline);
}

/* Is there a whole frame, or one that cannot be, at in.first? */
static enum sb_socket_verdict look(const struct connection *connection,
                                   const struct sb_socket_expectation *expected,
                                   struct sb_socket_header *header, size_t *needed)
{
    return sb_socket_frame(connection->in.bytes + connection->first,
                           connection->received - connection->first, expected, header, needed);
}

/* Moves what is left to the buffer's start, and makes room for a frame of needed bytes. */
static NTSTATUS make_room(struct connection *connection, ULONG needed)
{
    struct buffer *in = &connection->in;

    connection->received -= connection->first;
    RtlMoveMemory(in->bytes, in->bytes + connection->first, connection->received);
    connection->first = 0;
    return reserve(connection->channel->driver, in, needed, connection->received);
}

/*
 * Reads until a whole frame stands at in.first. The first byte may take until idle_deadline, the
 * rest has the channel's timeout from then on. STATUS_INVALID_NETWORK_RESPONSE: no frame that may
 * come now; STATUS_INVALID_BUFFER_SIZE: one that is too long.
 */
static NTSTATUS read_frame(struct connection *connection,
                           const struct sb_socket_expectation *expected, LONGLONG idle_deadline,
                           struct sb_socket_header *header)
{
    ULONG timeout = connection->channel->settings.timeout;
    BOOLEAN begun = connection->received != connection->first;
    LONGLONG deadline = begun ? sb_deadline(timeout) : idle_deadline;
    NTSTATUS status = STATUS_SUCCESS;
    size_t needed;
    ULONG length;

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
        status = make_room(connection, (ULONG)needed);
        if (NT_SUCCESS(status))
            status = sb_transport_receive(
                connection->transport, connection->in.mdl, connection->received,
                connection->in.capacity - connection->received, deadline, &length);
        if (!NT_SUCCESS(status))
            return status;
        connection->received += length;
        if (!begun)
            deadline = sb_deadline(timeout);
        begun = TRUE;
    }
}

/* The frame has been dealt with. */
static void drop_frame(struct connection *connection, const struct sb_socket_header *header)
{
    connection->first += (ULONG)sizeof(*header) + header->length;
}

static const UCHAR *payload(const struct connection *connection)
{
    return connection->in.bytes + connection->first + sizeof(struct sb_socket_header);
}

/*
 * A number that was never used and that nobody without the secret can foresee: the code of a
 * counter and the time under the secret. So no random source of the system is needed.
 */
static void make_nonce(struct sb_socket_channel_state *channel, UCHAR nonce[SB_SOCKET_NONCE_LENGTH])
{
    struct {
        LONG count;
        LARGE_INTEGER time, counter;
        ULONGLONG interrupt_time;
        void *place;
    } ingredients;
    struct sb_hmac hmac;

    RtlZeroMemory(&ingredients, sizeof(ingredients));
    ingredients.count = InterlockedIncrement(&channel->nonces);
    KeQuerySystemTime(&ingredients.time);
    ingredients.counter = KeQueryPerformanceCounter(NULL);
    ingredients.interrupt_time = KeQueryInterruptTime();
    ingredients.place = channel;
    sb_hmac_begin(&hmac, channel->settings.secret, channel->settings.secret_length);
    sb_hmac_add(&hmac, "sysbuf nonce  1", 16);
    sb_hmac_add(&hmac, &ingredients, sizeof(ingredients));
    sb_hmac_end(&hmac, nonce);
}

static NTSTATUS send_challenge(struct connection *connection, LONGLONG deadline)
{
    struct sb_socket_challenge challenge = {SB_SOCKET_VERSION, SB_SOCKET_VERSION, {0}};
    const struct sb_socket_header header = {
        .magic = SB_SOCKET_MAGIC, .type = SB_SOCKET_CHALLENGE, .length = sizeof(challenge)};

    make_nonce(connection->channel, connection->nonce);
    RtlCopyMemory(challenge.nonce, connection->nonce, sizeof(challenge.nonce));
    RtlCopyMemory(connection->out.bytes + sizeof(header), &challenge, sizeof(challenge));
    return send_frame(connection, &header, deadline);
}

static NTSTATUS send_welcome(struct connection *connection, const struct sb_socket_answer *answer,
                             LONGLONG deadline)
{
    const struct sb_socket_settings *settings = &connection->channel->settings;
    struct sb_socket_welcome welcome = {.input_maximum = connection->channel->input_maximum,
                                        .output_maximum = SB_SOCKET_PAYLOAD_MAXIMUM,
                                        .idle_timeout = settings->idle_timeout};
    const struct sb_socket_header header = {
        .magic = SB_SOCKET_MAGIC, .type = SB_SOCKET_WELCOME, .length = sizeof(welcome)};

    sb_socket_prove(SB_SOCKET_DRIVER, settings->secret, settings->secret_length, answer->version,
                    connection->nonce, answer->nonce, welcome.proof);
    RtlCopyMemory(connection->out.bytes + sizeof(header), &welcome, sizeof(welcome));
    return send_frame(connection, &header, deadline);
}

/* The nonce is the connection's own, so that an answer heard elsewhere proves nothing here. */
static NTSTATUS check_answer(struct connection *connection, const struct sb_socket_answer *answer)
{
    const struct sb_socket_settings *settings = &connection->channel->settings;
    UCHAR proof[SB_SOCKET_PROOF_LENGTH];

    if (answer->version != SB_SOCKET_VERSION || answer->reserved != 0)
        return STATUS_REVISION_MISMATCH;
    sb_socket_prove(SB_SOCKET_CLIENT, settings->secret, settings->secret_length, answer->version,
                    connection->nonce, answer->nonce, proof);
    return sb_equal_secret(proof, answer->proof, sizeof(proof)) ? STATUS_SUCCESS
                                                                : STATUS_ACCESS_DENIED;
}

/* The peer knows the secret, and its answer is to be welcomed. */
static NTSTATUS authenticate(struct connection *connection, LONGLONG deadline,
                             struct sb_socket_answer *answer)
{
    static const struct sb_socket_expectation expected = {.types = 1u << SB_SOCKET_ANSWER};
    struct sb_socket_header header;
    NTSTATUS status;

    status = send_challenge(connection, deadline);
    if (NT_SUCCESS(status))
        status = read_frame(connection, &expected, deadline, &header);
    if (!NT_SUCCESS(status))
        return status;
    RtlCopyMemory(answer, payload(connection), sizeof(*answer));
    drop_frame(connection, &header);
    return check_answer(connection, answer);
}

static const struct sb_socket_expectation requests = {
    .types = 1u << SB_SOCKET_REQUEST,
    .length_maximum = SB_SOCKET_PAYLOAD_MAXIMUM,
    .capacity_maximum = SB_SOCKET_PAYLOAD_MAXIMUM,
};

static NTSTATUS send_gathered(struct connection *connection)
{
    ULONG length = connection->gathered;

    connection->gathered = 0;
    return length == 0
               ? STATUS_SUCCESS
               : sb_transport_send(connection->transport, connection->replies.mdl, 0, length,
                                   sb_deadline(connection->channel->settings.timeout));
}

/* The reply stands in out. It is sent at once unless the next request is there already. */
static NTSTATUS send_reply(struct connection *connection, const struct sb_socket_header *reply)
{
    ULONG length = (ULONG)sizeof(*reply) + reply->length;
    struct sb_socket_header next;
    NTSTATUS status;
    size_t needed;

    if (look(connection, &requests, &next, &needed) == SB_SOCKET_FRAME_WHOLE &&
        length <= connection->replies.capacity - connection->gathered) {
        RtlCopyMemory(connection->replies.bytes + connection->gathered, reply, sizeof(*reply));
        RtlCopyMemory(connection->replies.bytes + connection->gathered + sizeof(*reply),
                      connection->out.bytes + sizeof(*reply), reply->length);
        connection->gathered += length;
        return STATUS_SUCCESS;
    }
    status = send_gathered(connection);
    if (!NT_SUCCESS(status))
        return status;
    return send_frame(connection, reply, sb_deadline(connection->channel->settings.timeout));
}

/* Calls the command and sends what it says; a failed command is a reply, too. */
static NTSTATUS answer_request(struct connection *connection,
                               const struct sb_socket_header *request)
{
    struct sb_socket_channel_state *channel = connection->channel;
    ULONG larger = request->length > request->capacity ? request->length : request->capacity;
    struct sb_socket_header reply = {
        .magic = SB_SOCKET_MAGIC, .type = SB_SOCKET_REPLY, .sequence = request->sequence};
    struct sb_socket_message message = {.code = request->code,
                                        .input_length = request->length,
                                        .output_capacity = request->capacity};
    NTSTATUS status;
    ULONG length;

    status = reserve(channel->driver, &connection->out, (ULONG)sizeof(reply) + larger, 0);
    if (!NT_SUCCESS(status))
        return status;
    message.input = payload(connection);
    message.output = connection->out.bytes + sizeof(reply);
    status = sb_socket_call(&connection->open, &message, &channel->stopping,
                            sb_deadline(channel->settings.timeout), &length);
    reply.status = (uint32_t)status;
    reply.length = length;
    drop_frame(connection, request);
    return send_reply(connection, &reply);
}

static NTSTATUS serve_requests(struct connection *connection)
{
    const struct sb_socket_channel_state *channel = connection->channel;
    struct sb_socket_header request;
    NTSTATUS status;

    status = reserve(channel->driver, &connection->replies, FIRST_CAPACITY, 0);
    while (NT_SUCCESS(status)) {
        status = read_frame(connection, &requests, sb_deadline(channel->settings.idle_timeout),
                            &request);
        if (NT_SUCCESS(status))
            status = answer_request(connection, &request);
    }
    return status;
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
static NTSTATUS serve_open(struct connection *connection)
{
    LONGLONG deadline = sb_deadline(connection->channel->settings.timeout);
    struct sb_socket_answer answer;
    NTSTATUS status;

    status = authenticate(connection, deadline, &answer);
    if (NT_SUCCESS(status))
        status = sb_socket_open(&connection->open, connection->channel->device);
    count_opening(connection->channel, status);
    if (!NT_SUCCESS(status))
        return status;
    status = send_welcome(connection, &answer, deadline);
    if (NT_SUCCESS(status))
        status = serve_requests(connection);
    sb_socket_close(&connection->open);
    return status;
}

/* Why the connection ends is told to a peer that may still listen. */
static void say_goodbye(struct connection *connection, NTSTATUS status)
{
    if (status == STATUS_END_OF_FILE || connection->transport->outstanding)
        return;
    if (status != STATUS_CANCELLED)
        sb_log(SB_LOG_WARNING, "sysbuf: a socket connection ended, status 0x%08x\n", status);
    refuse(connection, status, sb_deadline(TURN_AWAY_TIMEOUT));
}

void sb_socket_serve(struct sb_socket_channel_state *channel, struct sb_transport *transport)
{
    struct connection connection = {.channel = channel, .transport = transport};
    NTSTATUS status;

    transport->patient = TRUE;
    status = reserve(channel->driver, &connection.in, FIRST_CAPACITY, 0);
    if (NT_SUCCESS(status))
        status = reserve(channel->driver, &connection.out, FIRST_CAPACITY, 0);
    if (NT_SUCCESS(status)) {
        status = serve_open(&connection);
        say_goodbye(&connection, status);
    }
    sb_transport_close(transport); /* before the buffers, which a request may still use */
    free_buffer(channel->driver, &connection.in);
    free_buffer(channel->driver, &connection.out);
    free_buffer(channel->driver, &connection.replies);
}

void sb_socket_turn_away(struct sb_socket_channel_state *channel, struct sb_transport *transport)
{
    struct connection connection = {.channel = channel, .transport = transport};

    sb_count(sb_device_of(channel->device), SB_COUNTER_CONNECTIONS_REFUSED);
    if (NT_SUCCESS(reserve(channel->driver, &connection.out, FIRST_CAPACITY, 0)))
        refuse(&connection, STATUS_TOO_MANY_SESSIONS, sb_deadline(TURN_AWAY_TIMEOUT));
    sb_transport_close(transport);
    free_buffer(channel->driver, &connection.out);
}
