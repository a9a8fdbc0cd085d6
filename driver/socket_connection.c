/*
 * One peer. Nothing it sends is believed before sb_socket_frame() has judged it; memory for its
 * messages is allocated only as far as a frame that passed says, and before the handshake not at
 * all. Requests are served one after the other.
 */
#include "socket_internal.h"

#define FIRST_CAPACITY 4096
/* How long someone who is turned away may take to hear it. */
#define TURN_AWAY_TIMEOUT 200

/* Nonpaged memory that WSK can use. */
struct buffer {
    UCHAR *bytes;
    PMDL mdl;
    ULONG capacity;
};

struct connection {
    struct sb_socket_channel_state *channel;
    struct sb_transport *transport;
    struct buffer in, out; /* what has come; the frame that goes */
    ULONG received;        /* bytes at in.bytes, from the current frame's first on */
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

/*
 * Reads until a whole frame stands at in.bytes. The first byte may take until idle_deadline, the
 * rest has the channel's timeout from then on. STATUS_INVALID_NETWORK_RESPONSE: no frame that may
 * come now; STATUS_INVALID_BUFFER_SIZE: one that is too long.
 */
static NTSTATUS read_frame(struct connection *connection,
                           const struct sb_socket_expectation *expected, LONGLONG idle_deadline,
                           struct sb_socket_header *header)
{
    const struct sb_socket_channel_state *channel = connection->channel;
    BOOLEAN begun = connection->received != 0;
    LONGLONG deadline = begun ? sb_deadline(channel->settings.timeout) : idle_deadline;
    NTSTATUS status = STATUS_SUCCESS;
    size_t needed;
    ULONG length;

    for (;;) {
        switch (sb_socket_frame(connection->in.bytes, connection->received, expected, header,
                                &needed)) {
        case SB_SOCKET_FRAME_WHOLE:
            return STATUS_SUCCESS;
        case SB_SOCKET_FRAME_UNKNOWN:
            return STATUS_INVALID_NETWORK_RESPONSE;
        case SB_SOCKET_FRAME_TOO_LONG:
            return STATUS_INVALID_BUFFER_SIZE;
        case SB_SOCKET_FRAME_SHORT:
            break;
        }
        status = reserve(channel->driver, &connection->in, (ULONG)needed, connection->received);
        if (NT_SUCCESS(status))
            status = sb_transport_receive(
                connection->transport, connection->in.mdl, connection->received,
                connection->in.capacity - connection->received, deadline, &length);
        if (!NT_SUCCESS(status))
            return status;
        connection->received += length;
        if (!begun)
            deadline = sb_deadline(channel->settings.timeout);
        begun = TRUE;
    }
}

/* The frame has been dealt with; what came behind it moves to the front. */
static void drop_frame(struct connection *connection, const struct sb_socket_header *header)
{
    ULONG length = (ULONG)sizeof(*header) + header->length;

    connection->received -= length;
    RtlMoveMemory(connection->in.bytes, connection->in.bytes + length, connection->received);
}

/*
 * A number that was never used and that nobody without the secret can foresee: the code of a
 * counter and the time under the secret. So no random source of the system is needed.
 */
static void make_nonce(struct sb_socket_channel_state *channel, UCHAR nonce[SB_SOCKET_NONCE_LENGTH])
{
    struct {
        LONG64 count;
        LARGE_INTEGER time, counter;
        ULONGLONG interrupt_time;
        void *place;
    } ingredients;
    struct sb_hmac hmac;

    RtlZeroMemory(&ingredients, sizeof(ingredients));
    ingredients.count = InterlockedIncrement64(&channel->nonces);
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

/* All of it has one deadline. */
static NTSTATUS shake_hands(struct connection *connection)
{
    static const struct sb_socket_expectation expected = {.types = 1u << SB_SOCKET_ANSWER};
    LONGLONG deadline = sb_deadline(connection->channel->settings.timeout);
    struct sb_socket_header header;
    struct sb_socket_answer answer;
    NTSTATUS status;

    status = send_challenge(connection, deadline);
    if (NT_SUCCESS(status))
        status = read_frame(connection, &expected, deadline, &header);
    if (!NT_SUCCESS(status))
        return status;
    RtlCopyMemory(&answer, connection->in.bytes + sizeof(header), sizeof(answer));
    drop_frame(connection, &header);
    status = check_answer(connection, &answer);
    return NT_SUCCESS(status) ? send_welcome(connection, &answer, deadline) : status;
}

/* Calls the command and sends what it says; a failed command is a reply, too. */
static NTSTATUS answer_request(struct connection *connection,
                               const struct sb_socket_header *request)
{
    struct sb_socket_channel_state *channel = connection->channel;
    ULONG larger = request->length > request->capacity ? request->length : request->capacity;
    struct sb_socket_header reply = {
        .magic = SB_SOCKET_MAGIC, .type = SB_SOCKET_REPLY, .sequence = request->sequence};
    NTSTATUS status;
    ULONG length;

    status = reserve(channel->driver, &connection->out, (ULONG)sizeof(reply) + larger, 0);
    if (!NT_SUCCESS(status))
        return status;
    const struct sb_socket_message message = {
        .code = request->code,
        .input = connection->in.bytes + sizeof(*request),
        .input_length = request->length,
        .output = connection->out.bytes + sizeof(reply),
        .output_capacity = request->capacity,
    };
    status = sb_socket_call(&connection->open, &message, &channel->stopping,
                            sb_deadline(channel->settings.timeout), &length);
    reply.status = (uint32_t)status;
    reply.length = length;
    drop_frame(connection, request);
    return send_frame(connection, &reply, sb_deadline(channel->settings.timeout));
}

static NTSTATUS serve_requests(struct connection *connection)
{
    const struct sb_socket_channel_state *channel = connection->channel;
    const struct sb_socket_expectation expected = {.types = 1u << SB_SOCKET_REQUEST,
                                                   .length_maximum = SB_SOCKET_PAYLOAD_MAXIMUM,
                                                   .capacity_maximum = SB_SOCKET_PAYLOAD_MAXIMUM};
    struct sb_socket_header request;
    NTSTATUS status;

    do {
        status = read_frame(connection, &expected, sb_deadline(channel->settings.idle_timeout),
                            &request);
        if (NT_SUCCESS(status))
            status = answer_request(connection, &request);
    } while (NT_SUCCESS(status));
    return status;
}

/* An authenticated connection is an open of the driver. */
static NTSTATUS serve_open(struct connection *connection)
{
    NTSTATUS status;

    status = sb_socket_open(&connection->open, connection->channel->device);
    if (!NT_SUCCESS(status))
        return status;
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
        status = shake_hands(&connection);
        if (NT_SUCCESS(status))
            status = serve_open(&connection);
        say_goodbye(&connection, status);
    }
    sb_transport_close(transport); /* before the buffers, which a request may still use */
    free_buffer(channel->driver, &connection.in);
    free_buffer(channel->driver, &connection.out);
}

void sb_socket_turn_away(struct sb_socket_channel_state *channel, struct sb_transport *transport)
{
    struct connection connection = {.channel = channel, .transport = transport};

    if (NT_SUCCESS(reserve(channel->driver, &connection.out, FIRST_CAPACITY, 0)))
        refuse(&connection, STATUS_TOO_MANY_SESSIONS, sb_deadline(TURN_AWAY_TIMEOUT));
    sb_transport_close(transport);
    free_buffer(channel->driver, &connection.out);
}
