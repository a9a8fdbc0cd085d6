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
