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

void sb_ring_delist(struct sb_ring_list *list, struct sb_ring *ring)
{
    KIRQL irql;

    KeAcquireSpinLock(&list->lock, &irql);
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
