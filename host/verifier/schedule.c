/* Taking and keeping decisions. */
#include "host/verifier/schedule.h"

#include "host/linux/linux.h"

/* FNV-1a over everything that was offered: two runs with the same digest had the same choices. */
static uint32_t add_to_digest(uint32_t digest, const struct schedule_options *options)
{
    digest = (digest ^ (options->count << 8 | options->free)) * 16777619u;
    for (uint32_t i = 0; i < options->count; i++)
        digest = (digest ^ options->ids[i]) * 16777619u;
    return digest;
}

static bool has_room(struct sb_schedule *schedule)
{
    if (schedule->count < schedule->capacity)
        return true;
    uint32_t capacity = schedule->capacity ? schedule->capacity * 2 : 256;
    if (capacity > SCHEDULE_MOST_DECISIONS)
        return false;
    void *grown =
        linux_reallocate(schedule->decisions, capacity * sizeof(struct schedule_decision));
    if (!grown)
        return false;
    schedule->decisions = grown;
    schedule->capacity = capacity;
    return true;
}

static uint32_t decide(struct sb_schedule *schedule, const struct schedule_options *options)
{
    uint32_t index = schedule->count;
    if (index < schedule->prefix_length) {
        if (schedule->prefix[index] < options->count)
            return schedule->prefix[index];
        schedule->diverged = true;
        return 0;
    }
    return schedule->chance.is_on ? schedule_chance_choose(&schedule->chance, options) : 0;
}

uint32_t schedule_choose(struct sb_schedule *schedule, const struct schedule_options *options)
{
    if (options->count == 1)
        return 0;
    if (!has_room(schedule)) {
        schedule->is_exhausted = true;
        return 0;
    }
    uint32_t chosen = decide(schedule, options);
    schedule->digest = add_to_digest(schedule->digest, options);
    schedule->decisions[schedule->count++] =
        (struct schedule_decision){.count = (uint8_t)options->count,
                                   .free = (uint8_t)options->free,
                                   .chosen = (uint8_t)chosen,
                                   .digest = schedule->digest};
    if (schedule->count == schedule->digest_at && schedule->digest != schedule->expected_digest)
        schedule->diverged = true;
    return chosen;
}

bool schedule_reset(struct sb_schedule *schedule, const uint8_t *prefix, uint32_t length)
{
    uint8_t *copy = length ? linux_allocate(length) : NULL;
    if (length && !copy)
        return false;
    for (uint32_t i = 0; i < length; i++)
        copy[i] = prefix[i];
    linux_free(schedule->prefix);
    schedule->prefix = copy;
    schedule->prefix_length = length;
    schedule->expected_digest = schedule->digest_at = 0;
    schedule->diverged = schedule->is_exhausted = false;
    schedule->chance.is_on = false;
    schedule->count = schedule->digest = 0;
    return true;
}

uint32_t schedule_most_steps(const struct sb_schedule *schedule)
{
    enum { DEFAULT_STEPS = 500000 };
    return schedule->most_steps ? schedule->most_steps : DEFAULT_STEPS;
}

uint32_t schedule_preemptions(const struct sb_schedule *schedule, uint32_t count)
{
    uint32_t preemptions = 0;
    for (uint32_t i = 0; i < count && i < schedule->count; i++)
        preemptions += schedule->decisions[i].chosen >= schedule->decisions[i].free;
    return preemptions;
}
