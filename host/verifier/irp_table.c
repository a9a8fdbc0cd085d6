/* Every IRP that was allocated, by address. */
#include <sysbuf/host.h>

#include "host/verifier/irp.h"
#include "host/verifier/watch.h"

enum { FIRST_BUCKETS = 256, MOST_FREED = 4096 };

struct verifier_irps *verifier_irps(void)
{
    return verifier_state()->irps;
}

BOOLEAN verifier_knows_irps(void)
{
    return verifier_checks(SB_VERIFY_IRP | SB_VERIFY_UNLOAD);
}

static SIZE_T bucket_of(const struct verifier_irps *irps, const void *irp)
{
    return ((uint64_t)irp >> 4) * 0x9E3779B97F4A7C15ull >> 20 & (irps->bucket_count - 1);
}

struct irp_record *irp_find(struct verifier_irps *irps, const void *irp)
{
    struct irp_record *record = irps->buckets[bucket_of(irps, irp)];
    while (record && record->irp != irp)
        record = record->next;
    return record;
}

struct irp_location *irp_location(struct irp_record *record, LONG location)
{
    return location >= 1 && (ULONG)location <= record->count ? &record->locations[location] : NULL;
}

void irp_forget_uses(struct irp_record *record)
{
    __builtin_memset(record->locations, 0, (record->count + 1) * sizeof(record->locations[0]));
}

/* Twice as many buckets; when memory is short the old ones do. */
static void grow(struct verifier_irps *irps)
{
    struct verifier_irps old = *irps;
    struct irp_record **buckets = linux_allocate(old.bucket_count * 2 * sizeof(*buckets));
    if (!buckets)
        return;
    irps->buckets = buckets;
    irps->bucket_count *= 2;
    for (SIZE_T i = 0; i < old.bucket_count; i++) {
        while (old.buckets[i]) {
            struct irp_record *record = old.buckets[i];
            old.buckets[i] = record->next;
            struct irp_record **bucket = &irps->buckets[bucket_of(irps, record->irp)];
            record->next = *bucket;
            *bucket = record;
        }
    }
    linux_free(old.buckets);
}

static void unlink_record(struct verifier_irps *irps, struct irp_record *record)
{
    struct irp_record **link = &irps->buckets[bucket_of(irps, record->irp)];
    while (*link != record)
        link = &(*link)->next;
    *link = record->next;
    irps->count--;
}

static void unlink_freed(struct verifier_irps *irps, struct irp_record *record)
{
    struct irp_record **link = &irps->first_freed;
    while (*link && *link != record)
        link = &(*link)->next_freed;
    if (!*link)
        return;
    *link = record->next_freed;
    if (irps->last_freed == &record->next_freed)
        irps->last_freed = link;
    irps->freed_count--;
}

/* The memory is another IRP's now, or too many are remembered. The lock is held. */
static void drop(struct verifier_irps *irps, struct irp_record *record)
{
    if (record->is_freed)
        unlink_freed(irps, record);
    unlink_record(irps, record);
    linux_free(record);
}

static SIZE_T record_size(ULONG locations)
{
    return sizeof(struct irp_record) + (locations + 1) * sizeof(struct irp_location);
}

/* The record of an IRP that was there before, as if it was new: nearly always it is as large. */
static struct irp_record *renew(struct verifier_irps *irps, PIRP irp, ULONG count)
{
    struct irp_record *record = irp_find(irps, irp);
    if (!record || record->count != count) {
        if (record)
            drop(irps, record);
        return NULL;
    }
    if (record->is_freed)
        unlink_freed(irps, record);
    struct irp_record *next = record->next;
    __builtin_memset(record, 0, record_size(count));
    record->next = next;
    return record;
}

static struct irp_record *enter(struct verifier_irps *irps, PIRP irp, ULONG count)
{
    struct irp_record *record = linux_allocate(record_size(count));
    if (!record)
        return NULL;
    if (++irps->count > irps->bucket_count)
        grow(irps);
    struct irp_record **bucket = &irps->buckets[bucket_of(irps, irp)];
    record->next = *bucket;
    *bucket = record;
    return record;
}

void verifier_irp_made(PIRP irp, const void *caller)
{
    struct verifier_irps *irps = verifier_irps();
    ULONG count = (ULONG)irp->StackCount;
    if (!verifier_knows_irps())
        return;
    linux_lock(&irps->lock);
    struct irp_record *record = renew(irps, irp, count);
    if (!record)
        record = enter(irps, irp, count);
    if (record) {
        record->irp = irp;
        record->serial = ++irps->last_serial;
        record->made_by = caller;
        record->is_drivers = caller != NULL;
        record->count = count;
    }
    linux_unlock(&irps->lock);
}

void verifier_irp_freed(PIRP irp)
{
    struct verifier_irps *irps = verifier_irps();
    if (!verifier_knows_irps())
        return;
    linux_lock(&irps->lock);
    struct irp_record *record = irp_find(irps, irp);
    if (record && !record->is_freed) {
        record->is_freed = TRUE;
        record->next_freed = NULL;
        *irps->last_freed = record;
        irps->last_freed = &record->next_freed;
        if (++irps->freed_count > MOST_FREED)
            drop(irps, irps->first_freed);
    }
    linux_unlock(&irps->lock);
}

NTSTATUS verifier_irps_initialize(struct verifier_state *state)
{
    struct verifier_irps *irps = linux_allocate(sizeof(*irps));
    if (!irps)
        return STATUS_INSUFFICIENT_RESOURCES;
    irps->bucket_count = FIRST_BUCKETS;
    irps->buckets = linux_allocate(FIRST_BUCKETS * sizeof(*irps->buckets));
    irps->last_freed = &irps->first_freed;
    if (!irps->buckets) {
        linux_free(irps);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    state->irps = irps;
    return STATUS_SUCCESS;
}

void verifier_irps_destroy(struct verifier_state *state)
{
    struct verifier_irps *irps = state->irps;
    if (!irps)
        return;
    for (SIZE_T i = 0; i < irps->bucket_count; i++) {
        while (irps->buckets[i]) {
            struct irp_record *record = irps->buckets[i];
            irps->buckets[i] = record->next;
            linux_free(record);
        }
    }
    linux_free(irps->buckets);
    linux_free(irps);
    state->irps = NULL;
}
