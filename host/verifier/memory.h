/* What the rules of replies, user memory and MDLs keep for a machine. */
#ifndef SYSBUF_HOST_VERIFIER_MEMORY_H
#define SYSBUF_HOST_VERIFIER_MEMORY_H

#include "host/verifier/ranges.h"
#include "host/verifier/state.h"
#include "host/verifier/table.h"

struct verifier_exchange;

struct verifier_memory {
    struct linux_lock lock;          /* a leaf but for mm's */
    struct verifier_table requests;  /* struct verifier_exchange by IRP */
    struct verifier_table processes; /* struct verifier_process by EPROCESS */
    struct verifier_table mdls;      /* struct verifier_mdl by MDL */
};

/* What is known of an application's memory. */
struct verifier_process {
    struct verifier_ranges probed; /* by any driver at any time */
    struct verifier_range *areas;  /* regions that drivers were given addresses of */
    ULONG area_count, area_capacity;
    LONG inside; /* requests that a driver has not answered: the areas are watched */
};

static inline struct verifier_memory *verifier_memory(void)
{
    return verifier_state()->memory;
}

/* Beginning and end, for state.c. */
NTSTATUS verifier_memory_initialize(struct verifier_state *state);
void verifier_memory_destroy(struct verifier_state *state);
/* A process is gone. */
void verifier_memory_process_exit(struct _EPROCESS *process);

#endif
