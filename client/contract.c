#include <sysbuf/client.h>

/* The answer is at hand in the driver; milliseconds. */
#define QUERY_TIMEOUT 5000

enum sb_error sb_query_contract(struct sb_client *client, uint32_t *version)
{
    struct sb_contract_version answer;
    enum sb_error error;
    size_t length;

    if (version == NULL)
        return SB_ERROR_ARGUMENT;
    error = sb_call(client, SB_QUERY_CONTRACT, NULL, 0, &answer, sizeof(answer), &length,
                    QUERY_TIMEOUT);
    if (error != SB_OK)
        return error;
    if (length != sizeof(answer) || answer.format != 1)
        return SB_ERROR_UNKNOWN_COMMAND;
    *version = answer.contract;
    return SB_OK;
}

/* A driver of the first protocol; it knew no other. */
static void fill_first(struct sb_protocol *protocol, const struct sb_contract_version *version)
{
    const struct sb_protocol first = {
        .format = 1, .contract = version->contract, .protocol = 1, .protocol_oldest = 1};

    *protocol = first;
}

enum sb_error sb_handshake(struct sb_client *client, struct sb_protocol *protocol)
{
    union {
        struct sb_protocol protocol;
        struct sb_contract_version version;
    } answer;
    enum sb_error error;
    size_t length;

    if (protocol == NULL)
        return SB_ERROR_ARGUMENT;
    error = sb_call(client, SB_QUERY_CONTRACT, NULL, 0, &answer, sizeof(answer), &length,
                    QUERY_TIMEOUT);
    if (error != SB_OK)
        return error;
    if (length == sizeof(answer.version) && answer.version.format == 1)
        fill_first(protocol, &answer.version);
    else if (length == sizeof(answer.protocol) && answer.protocol.format == 2)
        *protocol = answer.protocol;
    else
        return SB_ERROR_UNKNOWN_COMMAND;
    if (protocol->protocol < SB_PROTOCOL_OLDEST || protocol->protocol_oldest > SB_PROTOCOL_VERSION)
        return SB_ERROR_VERSION;
    return SB_OK;
}
