#include <sysbuf/client.h>

#include <string.h>

/* The answer is at hand in the driver; milliseconds. */
#define QUERY_TIMEOUT 5000

static const char *const names[SB_COUNTER_COUNT] = {
    [SB_COUNTER_OPENS] = "opens",
    [SB_COUNTER_OPENS_REFUSED] = "opens refused",
    [SB_COUNTER_CLOSES] = "closes",
    [SB_COUNTER_CALLS] = "calls",
    [SB_COUNTER_BYTES_IN] = "bytes in",
    [SB_COUNTER_BYTES_OUT] = "bytes out",
    [SB_COUNTER_FAILED] = "calls failed",
    [SB_COUNTER_REFUSED_CODE] = "refused: unknown command",
    [SB_COUNTER_REFUSED_ACCESS] = "refused: access",
    [SB_COUNTER_REFUSED_OPEN] = "refused: not open",
    [SB_COUNTER_REFUSED_INPUT] = "refused: input length",
    [SB_COUNTER_REFUSED_OUTPUT] = "refused: output length",
    [SB_COUNTER_REFUSED_MEMORY] = "refused: no memory",
    [SB_COUNTER_PENDED] = "calls that waited",
    [SB_COUNTER_CANCELLED] = "calls cancelled",
    [SB_COUNTER_BATCHES] = "batches",
    [SB_COUNTER_BATCHES_REFUSED] = "batches refused",
    [SB_COUNTER_SUBSCRIPTIONS] = "subscriptions",
    [SB_COUNTER_POSTED] = "notifications posted",
    [SB_COUNTER_DELIVERED] = "notifications received",
    [SB_COUNTER_LOST] = "notifications lost",
    [SB_COUNTER_POSTS_REFUSED] = "posts refused",
    [SB_COUNTER_QUESTIONS] = "questions",
    [SB_COUNTER_ANSWERS] = "answers",
};

const char *sb_counter_name(enum sb_counter counter)
{
    return (unsigned)counter < SB_COUNTER_COUNT ? names[counter] : NULL;
}

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
