/*
 * Pool blocks that a process pays for. Who pays is kept beside the pool, by address: the block may
 * be freed by anybody, also when the process has ended; until then the process object stays.
 */
#ifndef SYSBUF_HOST_PS_POOL_QUOTA_H
#define SYSBUF_HOST_PS_POOL_QUOTA_H

#include "host/ps/ps.h"

struct quota_table;
NTSTATUS ps_quota_initialize(struct machine *machine);
void ps_quota_destroy(struct machine *machine);

/* Charges amount of pool to the process; the System process pays for nothing.
 * STATUS_QUOTA_EXCEEDED: nothing is charged. Any IRQL. */
NTSTATUS ps_quota_charge(struct _EPROCESS *process, ULONG pool_type, SIZE_T amount);
void ps_quota_return(struct _EPROCESS *process, ULONG pool_type, SIZE_T amount);

/* The current process pays for the block until it is freed. STATUS_QUOTA_EXCEEDED,
 * STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS ps_quota_charge_block(void *block, ULONG pool_type, SIZE_T size);
/* Is the block paid for? */
BOOLEAN ps_quota_has_block(struct machine *machine, const void *block);
void ps_quota_block_freed(struct machine *machine, const void *block);

/* Before a block's memory goes. */
static inline void ps_quota_return_block(struct machine *machine, const void *block)
{
    if (SB_UNLIKELY(__atomic_load_n(&machine->quota_blocks, __ATOMIC_RELAXED)))
        ps_quota_block_freed(machine, block);
}

#endif
