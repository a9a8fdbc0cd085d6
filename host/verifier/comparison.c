#include "host/verifier/comparison.h"

#include "host/linux/linux.h"

enum {
    MOST_REQUESTS = 1 << 16,
    MOST_REPLY = 1 << 16, /* bytes of one reply */
    MOST_BYTES = 1 << 26, /* of all */
};

/* What only grows, alternates or repeats itself from machine to machine follows neither filling. A
 * byte of a time or of a random number may be one of two by chance: it has one in 2^22 to be taken
 * for one that follows. Most comparisons end after two turns, with nothing in doubt. */
static const uint8_t fill_of_turn[] = {0, 1, 1, 0, 0, 1, 0, 0, 1, 1, 1, 0,
                                       1, 0, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0};
enum { TURNS = sizeof fill_of_turn, FIRST_TURNS = 2 };

struct reply {
    ULONG control_code;
    SIZE_T length;
    ULONG turns;      /* in how many it was seen, in all of them so far */
    uint8_t *bytes;   /* as the first machine of each filling answered, */
    uint8_t *changed; /* and which of them differed where the filling did not */
};

struct sb_comparison {
    struct linux_lock lock; /* a leaf */
    ULONG turn;             /* the first is 1 */
    ULONG next_request;
    struct reply *replies; /* by request */
    ULONG count, capacity;
    SIZE_T bytes;
};

sb_status sb_comparison_create(struct sb_comparison **comparison)
{
    struct sb_comparison *made = linux_allocate(sizeof(*made));
    if (!made)
        return STATUS_INSUFFICIENT_RESOURCES;
    *comparison = made;
    return STATUS_SUCCESS;
}

void sb_comparison_destroy(struct sb_comparison *comparison)
{
    for (ULONG i = 0; comparison && i < comparison->count; i++)
        linux_free(comparison->replies[i].bytes);
    if (comparison)
        linux_free(comparison->replies);
    linux_free(comparison);
}

unsigned comparison_fill(const struct sb_comparison *comparison)
{
    return comparison->turn ? fill_of_turn[comparison->turn - 1] : 0;
}

ULONG comparison_next_request(struct sb_comparison *comparison)
{
    return __atomic_fetch_add(&comparison->next_request, 1, __ATOMIC_RELAXED);
}

/* The first bytes that follow the filling. FALSE: none does. */
static BOOLEAN find_difference(const struct reply *reply, struct comparison_difference *found)
{
    const uint8_t *one = reply->bytes, *other = reply->bytes + reply->length;
    SIZE_T start = 0;
    while (start < reply->length && (one[start] == other[start] || reply->changed[start]))
        start++;
    if (start == reply->length)
        return FALSE;
    *found = (struct comparison_difference){.start = start, .values = {one[start], other[start]}};
    while (start < reply->length && one[start] != other[start] && !reply->changed[start])
        start++;
    found->length = start - found->start;
    return TRUE;
}

static BOOLEAN is_in_doubt(const struct sb_comparison *comparison)
{
    struct comparison_difference found;
    for (ULONG i = 0; i < comparison->count; i++) {
        const struct reply *reply = &comparison->replies[i];
        if (reply->turns == comparison->turn && find_difference(reply, &found))
            return TRUE;
    }
    return FALSE;
}

bool sb_comparison_next(struct sb_comparison *comparison)
{
    if (comparison->turn == TURNS || (comparison->turn >= FIRST_TURNS && !is_in_doubt(comparison)))
        return false;
    comparison->turn++;
    comparison->next_request = 0;
    return true;
}

/* ---- a reply ---- */
static struct reply *reply_of(struct sb_comparison *comparison, ULONG request)
{
    ULONG capacity = comparison->capacity;
    if (request >= MOST_REQUESTS)
        return NULL;
    while (request >= capacity)
        capacity = capacity ? 2 * capacity : 64;
    if (capacity != comparison->capacity) {
        struct reply *grown = linux_reallocate(comparison->replies, capacity * sizeof(*grown));
        if (!grown)
            return NULL;
        __builtin_memset(grown + comparison->capacity, 0,
                         (capacity - comparison->capacity) * sizeof(*grown));
        comparison->replies = grown;
        comparison->capacity = capacity;
    }
    if (request >= comparison->count)
        comparison->count = request + 1;
    return &comparison->replies[request];
}

static void begin(struct sb_comparison *comparison, struct reply *reply, ULONG control_code,
                  SIZE_T length)
{
    if (length > MOST_REPLY || comparison->bytes + length > MOST_BYTES)
        return;
    reply->bytes = linux_allocate(3 * length);
    if (!reply->bytes)
        return;
    reply->changed = reply->bytes + 2 * length;
    reply->control_code = control_code;
    reply->length = length;
    comparison->bytes += length;
}

static BOOLEAN is_same_request(const struct sb_comparison *comparison, const struct reply *reply,
                               ULONG control_code, SIZE_T length)
{
    return reply->bytes && reply->turns == comparison->turn - 1 &&
           reply->control_code == control_code && reply->length == length;
}

static void note(const struct sb_comparison *comparison, struct reply *reply, const uint8_t *bytes)
{
    uint8_t *known = reply->bytes + comparison_fill(comparison) * reply->length;
    reply->turns++;
    if (comparison->turn <= FIRST_TURNS) {
        __builtin_memcpy(known, bytes, reply->length);
        return;
    }
    for (SIZE_T i = 0; i < reply->length; i++)
        reply->changed[i] |= known[i] != bytes[i];
}

BOOLEAN comparison_note(struct sb_comparison *comparison, ULONG request, ULONG control_code,
                        const uint8_t *bytes, SIZE_T length, struct comparison_difference *found)
{
    BOOLEAN differs = FALSE;
    linux_lock(&comparison->lock);
    struct reply *reply = length ? reply_of(comparison, request) : NULL;
    if (reply && comparison->turn == 1 && !reply->bytes)
        begin(comparison, reply, control_code, length);
    if (reply && is_same_request(comparison, reply, control_code, length)) {
        note(comparison, reply, bytes);
        differs = comparison->turn == TURNS && find_difference(reply, found);
    }
    linux_unlock(&comparison->lock);
    return differs;
}
