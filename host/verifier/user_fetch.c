/*
 * Double fetches. The first read must be of a single value (what a driver decides by); copies are
 * only remembered as second reads, so that copying the same data twice is nobody's business. Reads
 * at the same place do not count: loops poll and scan. Notes are kept in granules of eight bytes.
 */
#include "host/verifier/user_fetch.h"

#include "host/linux/linux.h"
#include "host/verifier/table.h"

enum { GRANULE = 8, MOST_SINGLE = 8 };

struct granule {
    uint64_t places[GRANULE]; /* where each byte was read; 0: it was not */
    struct granule *next;
};

struct verifier_fetches {
    struct verifier_table granules;
    struct granule *all;
};

static struct granule *granule_at(struct verifier_fetches *fetches, uint64_t address)
{
    const void *key = (const void *)(address & ~(uint64_t)(GRANULE - 1));
    struct granule *granule = verifier_table_find(&fetches->granules, key);
    if (granule || !(granule = linux_allocate(sizeof(*granule))))
        return granule;
    if (!verifier_table_set(&fetches->granules, key, granule)) {
        linux_free(granule);
        return NULL;
    }
    granule->next = fetches->all;
    fetches->all = granule;
    return granule;
}

static uint64_t place_of(struct verifier_fetches *fetches, uint64_t address)
{
    const void *key = (const void *)(address & ~(uint64_t)(GRANULE - 1));
    struct granule *granule = verifier_table_find(&fetches->granules, key);
    return granule ? granule->places[address % GRANULE] : 0;
}

static void set_place(struct verifier_fetches *fetches, uint64_t address, uint64_t place)
{
    struct granule *granule = granule_at(fetches, address);
    if (granule)
        granule->places[address % GRANULE] = place;
}

BOOLEAN verifier_fetch_again(struct verifier_fetches **fetches, const struct verifier_fetch *fetch,
                             uint64_t *earlier)
{
    uint64_t end = fetch->address + fetch->length;
    BOOLEAN again = FALSE, is_noted = fetch->is_single && fetch->length <= MOST_SINGLE;
    if (!*fetches && !(*fetches = linux_allocate(sizeof(**fetches))))
        return FALSE;
    for (uint64_t at = fetch->address; at < end; at++) {
        uint64_t place = place_of(*fetches, at);
        if (place && place != fetch->place && !again) {
            again = TRUE;
            *earlier = place;
        }
        if (!place && is_noted)
            set_place(*fetches, at, fetch->place);
    }
    return again;
}

void verifier_fetch_forget(struct verifier_fetches *fetches, uint64_t address, SIZE_T length)
{
    for (uint64_t at = address; fetches && at < address + length; at++)
        if (place_of(fetches, at))
            set_place(fetches, at, 0);
}

void verifier_fetches_free(struct verifier_fetches *fetches)
{
    if (!fetches)
        return;
    while (fetches->all) {
        struct granule *granule = fetches->all;
        fetches->all = granule->next;
        linux_free(granule);
    }
    verifier_table_destroy(&fetches->granules);
    linux_free(fetches);
}
