#include "host/ps/pool_quota.h"
#include "host/ob/object.h"

enum { PAGED = 1, BUCKETS = 256, BUCKET_SHIFT = 4 };

struct charge {
    LIST_ENTRY link;
    const void *block;
    struct _EPROCESS *process; /* referenced */
    ULONG pool_type;
    SIZE_T amount;
};

struct quota_table {
    struct linux_lock lock; /* a leaf */
    LIST_ENTRY buckets[BUCKETS];
};

NTSTATUS ps_quota_initialize(struct machine *machine)
{
    struct quota_table *table = linux_allocate(sizeof(*table));
    if (!table)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < BUCKETS; i++)
        InitializeListHead(&table->buckets[i]);
    machine->ps->quota = table;
    return STATUS_SUCCESS;
}

void ps_quota_destroy(struct machine *machine)
{
    struct quota_table *table = machine->ps->quota;
    for (ULONG i = 0; table && i < BUCKETS; i++)
        while (!IsListEmpty(&table->buckets[i]))
            linux_free(CONTAINING_RECORD(RemoveHeadList(&table->buckets[i]), struct charge, link));
    linux_free(table);
}

/* ---- amounts ---- */

NTSTATUS ps_quota_charge(struct _EPROCESS *process, ULONG pool_type, SIZE_T amount)
{
    struct pool_quota *quota = &process->quota[pool_type & PAGED];
    uint64_t before = __atomic_load_n(&quota->charged, __ATOMIC_RELAXED), after;
    if (process == process->machine->ps->system_process)
        return STATUS_SUCCESS;
    do {
        uint64_t limit = __atomic_load_n(&quota->limit, __ATOMIC_RELAXED);
        if (__builtin_add_overflow(before, amount, &after) || (limit && after > limit))
            return STATUS_QUOTA_EXCEEDED;
    } while (!__atomic_compare_exchange_n(&quota->charged, &before, after, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    uint64_t peak = __atomic_load_n(&quota->peak, __ATOMIC_RELAXED);
    while (after > peak && !__atomic_compare_exchange_n(&quota->peak, &peak, after, true,
                                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return STATUS_SUCCESS;
}

void ps_quota_return(struct _EPROCESS *process, ULONG pool_type, SIZE_T amount)
{
    if (process != process->machine->ps->system_process)
        __atomic_sub_fetch(&process->quota[pool_type & PAGED].charged, amount, __ATOMIC_RELAXED);
}

/* ---- blocks ---- */

static PLIST_ENTRY bucket_of(struct machine *machine, const void *block)
{
    return &machine->ps->quota->buckets[((uint64_t)block >> BUCKET_SHIFT) % BUCKETS];
}

/* The lock is held. */
static struct charge *find(PLIST_ENTRY bucket, const void *block)
{
    for (PLIST_ENTRY link = bucket->Flink; link != bucket; link = link->Flink) {
        struct charge *charge = CONTAINING_RECORD(link, struct charge, link);
        if (charge->block == block)
            return charge;
    }
    return NULL;
}

NTSTATUS ps_quota_charge_block(void *block, ULONG pool_type, SIZE_T size)
{
    struct _EPROCESS *process = current_thread()->Tcb.process;
    struct machine *machine = process->machine;
    if (process == machine->ps->system_process)
        return STATUS_SUCCESS;
    struct charge *charge = linux_allocate(sizeof(*charge));
    if (!charge)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = ps_quota_charge(process, pool_type, size);
    if (!NT_SUCCESS(status)) {
        linux_free(charge);
        return status;
    }
    *charge =
        (struct charge){.block = block, .process = process, .pool_type = pool_type, .amount = size};
    ob_reference(process);
    linux_lock(&machine->ps->quota->lock);
    InsertHeadList(bucket_of(machine, block), &charge->link);
    __atomic_store_n(&machine->quota_blocks, machine->quota_blocks + 1, __ATOMIC_RELAXED);
    linux_unlock(&machine->ps->quota->lock);
    return STATUS_SUCCESS;
}

BOOLEAN ps_quota_has_block(struct machine *machine, const void *block)
{
    linux_lock(&machine->ps->quota->lock);
    BOOLEAN has = find(bucket_of(machine, block), block) != NULL;
    linux_unlock(&machine->ps->quota->lock);
    return has;
}

void ps_quota_block_freed(struct machine *machine, const void *block)
{
    linux_lock(&machine->ps->quota->lock);
    struct charge *charge = find(bucket_of(machine, block), block);
    if (charge) {
        RemoveEntryList(&charge->link);
        __atomic_store_n(&machine->quota_blocks, machine->quota_blocks - 1, __ATOMIC_RELAXED);
    }
    linux_unlock(&machine->ps->quota->lock);
    if (!charge)
        return;
    ps_quota_return(charge->process, charge->pool_type, charge->amount);
    ob_dereference(charge->process);
    linux_free(charge);
}
