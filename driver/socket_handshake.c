/*
 * Who the peer is: a challenge, its answer, a welcome. docs/channels.md tells why.
 */
#include "socket_internal.h"

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

static NTSTATUS send_challenge(struct sb_socket_connection *connection, LONGLONG deadline)
{
    struct sb_socket_challenge challenge = {SB_SOCKET_VERSION_OLDEST, SB_SOCKET_VERSION, {0}};
    const struct sb_socket_header header = {
        .magic = SB_SOCKET_MAGIC, .type = SB_SOCKET_CHALLENGE, .length = sizeof(challenge)};

    make_nonce(connection->channel, connection->nonce);
    RtlCopyMemory(challenge.nonce, connection->nonce, sizeof(challenge.nonce));
    RtlCopyMemory(connection->out.bytes + sizeof(header), &challenge, sizeof(challenge));
    return sb_connection_send(connection, &header, deadline);
}

NTSTATUS sb_socket_welcome(struct sb_socket_connection *connection,
                           const struct sb_socket_answer *answer, LONGLONG deadline)
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
    return sb_connection_send(connection, &header, deadline);
}

/* The nonce is the connection's own, so that an answer heard elsewhere proves nothing here. */
static NTSTATUS check_answer(struct sb_socket_connection *connection,
                             const struct sb_socket_answer *answer)
{
    const struct sb_socket_settings *settings = &connection->channel->settings;
    UCHAR proof[SB_SOCKET_PROOF_LENGTH];

    if (answer->version < SB_SOCKET_VERSION_OLDEST || answer->version > SB_SOCKET_VERSION ||
        answer->reserved != 0)
        return STATUS_REVISION_MISMATCH;
    sb_socket_prove(SB_SOCKET_CLIENT, settings->secret, settings->secret_length, answer->version,
                    connection->nonce, answer->nonce, proof);
    return sb_equal_secret(proof, answer->proof, sizeof(proof)) ? STATUS_SUCCESS
                                                                : STATUS_ACCESS_DENIED;
}

NTSTATUS sb_socket_authenticate(struct sb_socket_connection *connection, LONGLONG deadline,
                                struct sb_socket_answer *answer)
{
    static const struct sb_socket_expectation expected = {.types = 1u << SB_SOCKET_ANSWER};
    struct sb_socket_header header;
    NTSTATUS status;

    status = send_challenge(connection, deadline);
    if (NT_SUCCESS(status))
        status = sb_connection_read(connection, &expected, deadline, &header);
    if (!NT_SUCCESS(status))
        return status;
    RtlCopyMemory(answer, sb_connection_payload(connection), sizeof(*answer));
    sb_connection_drop(connection, &header);
    return check_answer(connection, answer);
}
