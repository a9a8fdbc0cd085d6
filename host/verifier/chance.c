/* Decisions by chance: the thread of the highest priority runs; priorities are drawn once, and at a
 * few points drawn beforehand the running thread's becomes the lowest. */
#include "host/verifier/schedule.h"

enum { EARLY_TIMER_ODDS = 16 }; /* one in so many decisions lets a timer come early */

/* splitmix64 */
static uint64_t draw(struct schedule_chance *chance)
{
    uint64_t value = chance->state += 0x9E3779B97F4A7C15u;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
    value = (value ^ value >> 27) * 0x94D049BB133111EBu;
    return value ^ value >> 31;
}

void schedule_chance_start(struct schedule_chance *chance, uint64_t seed, uint32_t changes,
                           uint32_t length)
{
    *chance = (struct schedule_chance){.is_on = true,
                                       .state = seed,
                                       .changes = changes,
                                       .length = length ? length : 1,
                                       .lowest = 1u << 30};
}

static uint32_t *priority_of(struct schedule_chance *chance, uint32_t id)
{
    uint32_t *priority = &chance->priorities[id % SCHEDULE_MOST_IDS];
    if (*priority == 0)
        *priority = (1u << 30) + 1 + (uint32_t)(draw(chance) % (1u << 30));
    return priority;
}

/* The option of the highest priority among the first count. */
static uint32_t best_of(struct schedule_chance *chance, const struct schedule_options *options,
                        uint32_t count)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++)
        if (*priority_of(chance, options->ids[i]) > *priority_of(chance, options->ids[best]))
            best = i;
    return best;
}

/* Who waits for others must not come first for ever; and a timer, which stands last and costs
 * something although nobody could go on, seldom comes early. */
uint32_t schedule_chance_choose(struct schedule_chance *chance,
                                const struct schedule_options *options)
{
    bool has_timer = options->is_timed_last;
    uint32_t count = options->count - (has_timer && draw(chance) % EARLY_TIMER_ODDS != 0);
    if (options->yields != SCHEDULE_NOBODY)
        *priority_of(chance, options->yields) = chance->lowest--;
    if (chance->changes && draw(chance) % chance->length < chance->changes) {
        chance->changes--;
        *priority_of(chance, options->ids[0]) = chance->lowest--;
    }
    return best_of(chance, options, count);
}
