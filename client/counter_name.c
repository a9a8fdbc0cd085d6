#include <sysbuf/client.h>

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
    [SB_COUNTER_RINGS] = "rings",
    [SB_COUNTER_RINGS_REFUSED] = "rings refused",
    [SB_COUNTER_RINGS_BROKEN] = "rings broken",
    [SB_COUNTER_RING_RECEIVED] = "ring messages in",
    [SB_COUNTER_RING_BYTES_IN] = "ring bytes in",
    [SB_COUNTER_RING_SENT] = "ring messages out",
    [SB_COUNTER_RING_BYTES_OUT] = "ring bytes out",
    [SB_COUNTER_RING_DOORBELLS] = "ring doorbells",
    [SB_COUNTER_RING_FILL] = "ring bytes waiting",
    [SB_COUNTER_CONNECTIONS] = "connections",
    [SB_COUNTER_CONNECTIONS_REFUSED] = "connections refused",
};

const char *sb_counter_name(enum sb_counter counter)
{
    return (unsigned)counter < SB_COUNTER_COUNT ? names[counter] : NULL;
}
