#include "socket_frame.h"

static void copy(void *to, const void *from, size_t length)
{
    uint8_t *target = to;
    const uint8_t *source = from;

    while (length-- != 0)
        *target++ = *source++;
}

/* The payload that a type has, if it always has the same. */
static bool exact_length(uint32_t type, uint32_t *length)
{
    switch (type) {
    case SB_SOCKET_CHALLENGE:
        *length = sizeof(struct sb_socket_challenge);
        return true;
    case SB_SOCKET_ANSWER:
        *length = sizeof(struct sb_socket_answer);
        return true;
    case SB_SOCKET_WELCOME:
        *length = sizeof(struct sb_socket_welcome);
        return true;
    case SB_SOCKET_REFUSAL:
        *length = 0;
        return true;
    default:
        return false;
    }
}

/* Each field either has a meaning for the type or is 0. */
static bool fields_fit(const struct sb_socket_header *header)
{
    bool request = header->type == SB_SOCKET_REQUEST;
    bool reply = header->type == SB_SOCKET_REPLY;

    if (header->reserved != 0)
        return false;
    if (!request && (header->code != 0 || header->capacity != 0))
        return false;
    if (!request && !reply && header->sequence != 0)
        return false;
    return reply || header->type == SB_SOCKET_REFUSAL || header->status == 0;
}

static enum sb_socket_verdict judge(const struct sb_socket_header *header,
                                    const struct sb_socket_expectation *expected)
{
    uint32_t length;

    if (header->magic != SB_SOCKET_MAGIC || header->type >= 32 ||
        (expected->types >> header->type & 1) == 0 || !fields_fit(header))
        return SB_SOCKET_FRAME_UNKNOWN;
    if (exact_length(header->type, &length))
        return header->length == length ? SB_SOCKET_FRAME_WHOLE : SB_SOCKET_FRAME_UNKNOWN;
    if (header->length > expected->length_maximum)
        return SB_SOCKET_FRAME_TOO_LONG;
    if (header->type == SB_SOCKET_REQUEST && header->capacity > expected->capacity_maximum)
        return SB_SOCKET_FRAME_TOO_LONG;
    return SB_SOCKET_FRAME_WHOLE;
}

enum sb_socket_verdict sb_socket_frame(const void *bytes, size_t length,
                                       const struct sb_socket_expectation *expected,
                                       struct sb_socket_header *header, size_t *needed)
{
    enum sb_socket_verdict verdict;

    *needed = sizeof(*header);
    if (length < sizeof(*header))
        return SB_SOCKET_FRAME_SHORT;
    copy(header, bytes, sizeof(*header));
    verdict = judge(header, expected);
    if (verdict != SB_SOCKET_FRAME_WHOLE)
        return verdict;
    *needed = sizeof(*header) + (size_t)header->length;
    return length < *needed ? SB_SOCKET_FRAME_SHORT : SB_SOCKET_FRAME_WHOLE;
}

void sb_socket_prove(enum sb_socket_prover prover, const uint8_t *secret, size_t secret_length,
                     uint32_t version, const uint8_t challenge_nonce[SB_SOCKET_NONCE_LENGTH],
                     const uint8_t answer_nonce[SB_SOCKET_NONCE_LENGTH],
                     uint8_t proof[SB_SOCKET_PROOF_LENGTH])
{
    /* Sixteen bytes each; the last is 0. */
    static const char client_label[16] = "sysbuf client 1";
    static const char driver_label[16] = "sysbuf driver 1";
    const uint8_t number[4] = {(uint8_t)version, (uint8_t)(version >> 8), (uint8_t)(version >> 16),
                               (uint8_t)(version >> 24)};
    struct sb_hmac hmac;

    sb_hmac_begin(&hmac, secret, secret_length);
    sb_hmac_add(&hmac, prover == SB_SOCKET_CLIENT ? client_label : driver_label, 16);
    sb_hmac_add(&hmac, number, sizeof(number));
    sb_hmac_add(&hmac, challenge_nonce, SB_SOCKET_NONCE_LENGTH);
    sb_hmac_add(&hmac, answer_nonce, SB_SOCKET_NONCE_LENGTH);
    sb_hmac_end(&hmac, proof);
}
