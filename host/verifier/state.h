/* What the verifier keeps for a machine. Each group of rules has a structure of its own, known to
 * its files alone; none exists while the verifier is off. */
#ifndef SYSBUF_HOST_VERIFIER_STATE_H
#define SYSBUF_HOST_VERIFIER_STATE_H

#include "host/verifier/report.h"

struct verifier_pool;         /* special pool and pool tracking */
struct verifier_sites;        /* low resources: where drivers allocate */
struct verifier_locks;        /* IRQL, locks, their order */
struct verifier_irps;         /* requests under way */
struct verifier_made;         /* what must be gone when the driver is */
struct verifier_watchman;     /* looks for what is stuck */
struct verifier_objects;      /* references and handles of drivers */
struct verifier_memory;       /* MDLs, user memory, replies */
struct verifier_remove_locks; /* their tags */
struct verifier_paged;        /* paged memory, which is closed at DISPATCH_LEVEL */

struct verifier_traces; /* driver call stacks */

/* The last probe of an address next to zero by its page: the caller's null pointer. */
enum { VERIFIER_NULL_PROBES = 16 };
struct verifier_probe {
    uint64_t thread, start, end;
};

struct verifier_state {
    unsigned classes; /* SB_VERIFY_* */
    BOOLEAN stops;    /* bug check at the first finding, as Windows does */
    struct verifier_findings findings;
    struct verifier_probe null_probes[VERIFIER_NULL_PROBES];
    uint64_t told;              /* the instruction of the last fault that a rule told of */
    BOOLEAN has_told;           /* there was one: it may be at address 0 */
    uint64_t told_copy;         /* the call of the last copy that was too long: its faults follow */
    uint64_t null_told;         /* where undefined.c told of a null pointer: its use follows */
    const void *undefined_file; /* the line that undefined.c told of last: one mistake is often */
    int32_t undefined_line;     /* undefined in several ways */
    struct verifier_pool *pool;
    struct verifier_sites *sites;
    struct verifier_traces *traces;
    struct verifier_locks *locks;
    struct verifier_irps *irps;
    struct verifier_made *made;
    struct verifier_watchman *watchman;
    struct verifier_objects *objects;
    struct verifier_memory *memory;
    struct verifier_paged *paged;
    struct verifier_remove_locks *remove_locks;
};

/* The current machine's; only where machine->verifier is not NULL. */
static inline struct verifier_state *verifier_state(void)
{
    return current_machine()->verifier_state;
}

static inline BOOLEAN verifier_checks(unsigned class)
{
    return (verifier_state()->classes & class) != 0;
}

/* The instruction's fault, which may end the machine, is a finding. */
static inline void verifier_note_told(uint64_t address)
{
    verifier_state()->told = address;
    verifier_state()->has_told = TRUE;
}

/* stuck.c: nobody is looked at any more; the machine is about to go. */
void verifier_watch_stop(struct machine *machine);

/* A component of the machine, the first to begin and the last to end. */
NTSTATUS verifier_initialize(struct machine *machine);
void verifier_destroy(struct machine *machine);

#endif
