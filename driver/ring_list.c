/*
 * The rings of a device: found by the file object of their open, ended by whoever claims it first.
 */
#include "ring.h"

static struct sb_ring *find_locked(struct sb_ring_list *list, PFILE_OBJECT file)
{
    PLIST_ENTRY entry;

    for (entry = list->rings.Flink; entry != &list->rings; entry = entry->Flink) {
        struct sb_ring *ring = CONTAINING_RECORD(entry, struct sb_ring, entry);

        if (ring->file == file)
            return ring;
    }
    return NULL;
}

struct sb_ring *sb_ring_find(struct sb_ring_list *list, PFILE_OBJECT file)
{
    struct sb_ring *ring;
    KIRQL irql;

    KeAcquireSpinLock(&list->lock, &irql);
    ring = find_locked(list, file);
    if (ring != NULL && !ring->is_ready)
        ring = NULL;
    if (ring != NULL)
        sb_ring_reference(ring);
    KeReleaseSpinLock(&list->lock, irql);
    return ring;
}

enum sb_ring_refusal sb_ring_enlist(struct sb_ring_list *list, struct sb_ring *ring, uint32_t limit)
{
    enum sb_ring_refusal refusal = SB_RING_ACCEPTED;
    KIRQL irql;

    KeAcquireSpinLock(&list->lock, &irql);
    if (find_locked(list, ring->file) != NULL)
        refusal = SB_RING_REFUSED_SECOND;
    else if (list->count >= limit)
        refusal = SB_RING_REFUSED_COUNT;
    if (refusal == SB_RING_ACCEPTED) {
        InsertTailList(&list->rings, &ring->entry);
        list->count++;
    }
    KeReleaseSpinLock(&list->lock, irql);
    return refusal;
}

/* FALSE: somebody else ends it. The ring stays in the list, so that the open has no other one
   before this one has ended. */
static BOOLEAN claim_end(struct sb_ring_list *list, struct sb_ring *ring)
{
    BOOLEAN was_ready;
    KIRQL irql;

    KeAcquireSpinLock(&list->lock, &irql);
    was_ready = ring->is_ready;
    ring->is_ready = FALSE;
    KeReleaseSpinLock(&list->lock, irql);
    return was_ready;
}

/* ---- statistics: the device's counters have what rings that are gone did ---- */

static void add(uint64_t *values, const struct sb_ring *ring)
{
    values[SB_COUNTER_RING_RECEIVED] += ring->to_driver.messages;
    values[SB_COUNTER_RING_BYTES_IN] += ring->to_driver.bytes;
    values[SB_COUNTER_RING_SENT] += ring->to_client.messages;
    values[SB_COUNTER_RING_BYTES_OUT] += ring->to_client.bytes;
    values[SB_COUNTER_RING_DOORBELLS] += ring->to_driver.doorbells + ring->to_client.doorbells;
}

/* Under the list's lock, with which the ring leaves the list: it is never counted twice. */
static void keep_counters(struct sb_device *device, const struct sb_ring *ring)
{
    uint64_t values[SB_COUNTER_COUNT] = {0};
    int counter;

    add(values, ring);
    for (counter = SB_COUNTER_RING_RECEIVED; counter <= SB_COUNTER_RING_DOORBELLS; counter++)
        device->counters[counter] += (LONG64)values[counter];
}

void sb_ring_tell_statistics(struct sb_device *device, uint64_t *values)
{
    struct sb_ring_list *list = &device->rings;
    PLIST_ENTRY entry;
    int counter;
    KIRQL irql;

    KeAcquireSpinLock(&list->lock, &irql);
    for (counter = SB_COUNTER_RING_RECEIVED; counter <= SB_COUNTER_RING_DOORBELLS; counter++)
        values[counter] = (uint64_t)device->counters[counter];
    for (entry = list->rings.Flink; entry != &list->rings; entry = entry->Flink) {
        const struct sb_ring *ring = CONTAINING_RECORD(entry, struct sb_ring, entry);

        add(values, ring);
        if (ring->is_ready)
            values[SB_COUNTER_RING_FILL] +=
                (uint64_t)sb_ring_to_driver_fill(ring) + sb_ring_to_client_fill(ring);
    }
    KeReleaseSpinLock(&list->lock, irql);
}

void sb_ring_delist(struct sb_ring_list *list, struct sb_ring *ring)
{
    KIRQL irql;

    KeAcquireSpinLock(&list->lock, &irql);
    keep_counters(CONTAINING_RECORD(list, struct sb_device, rings), ring);
    RemoveEntryList(&ring->entry);
    list->count--;
    KeReleaseSpinLock(&list->lock, irql);
}

void sb_ring_set_ready(struct sb_ring_list *list, struct sb_ring *ring)
{
    KIRQL irql;

    KeAcquireSpinLock(&list->lock, &irql);
    ring->is_ready = TRUE;
    KeReleaseSpinLock(&list->lock, irql);
}

/* Ends a ring that sb_ring_find() gave, and lets go of it. FALSE: another thread is just ending it.
 */
static BOOLEAN end_found(struct sb_ring_list *list, struct sb_ring *ring)
{
    BOOLEAN is_ours = claim_end(list, ring);

    if (is_ours) {
        sb_ring_set_reason(ring, SB_RING_CLOSED_BY_CLIENT);
        sb_ring_join(ring);
        sb_ring_delist(list, ring);
        sb_ring_release(ring); /* the list's */
    }
    sb_ring_release(ring);
    return is_ours;
}

BOOLEAN sb_ring_end(struct sb_ring_list *list, PFILE_OBJECT file)
{
    struct sb_ring *ring = sb_ring_find(list, file);

    return ring != NULL && end_found(list, ring);
}

/* Only where a driver is unloaded although files are open, as Wine 8 does: their rings' threads
   must not run on. Nothing is opened any more. */
void sb_ring_end_all(struct sb_ring_list *list)
{
    struct sb_ring *ring;

    do {
        PFILE_OBJECT file = NULL;
        KIRQL irql;

        KeAcquireSpinLock(&list->lock, &irql);
        if (!IsListEmpty(&list->rings))
            file = CONTAINING_RECORD(list->rings.Flink, struct sb_ring, entry)->file;
        KeReleaseSpinLock(&list->lock, irql);
        ring = file != NULL ? sb_ring_find(list, file) : NULL;
        if (ring != NULL)
            end_found(list, ring);
    } while (ring != NULL);
}
