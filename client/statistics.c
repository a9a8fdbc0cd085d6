#include <sysbuf/client.h>

#include <string.h>

/* The answer is at hand in the driver; milliseconds. */
#define QUERY_TIMEOUT 5000

/* Room for what later drivers count. */
#define COUNTERS_MAXIMUM 1024

enum sb_error sb_query_statistics(struct sb_client *client, uint64_t *values, size_t count)
{
    struct {
        struct sb_statistics_header header;
        uint64_t values[COUNTERS_MAXIMUM];
    } answer;
    enum sb_error error;
    size_t received;
    size_t length;

    if (values == NULL && count != 0)
        return SB_ERROR_ARGUMENT;
    error = sb_call(client, SB_QUERY_STATISTICS, NULL, 0, &answer, sizeof(answer), &length,
                    QUERY_TIMEOUT);
    if (error != SB_OK && error != SB_ERROR_TRUNCATED)
        return error;
    if (length < sizeof(answer.header) || answer.header.format != 1)
        return SB_ERROR_UNKNOWN_COMMAND;
    received = (length - sizeof(answer.header)) / sizeof(answer.values[0]);
    if (received > count)
        received = count;
    if (count != 0) {
        memset(values, 0, count * sizeof(*values));
        memcpy(values, answer.values, received * sizeof(*values));
    }
    return SB_OK;
}
