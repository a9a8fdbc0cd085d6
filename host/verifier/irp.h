/*
 * Requests under way. irp_table.c keeps every IRP that was allocated, and the last ones that were
 * freed; irp_dispatch.c looks at the way down and at what dispatch routines return, irp_complete.c
 * at the way up, irp_own.c at IRPs that drivers allocate.
 */
#ifndef SYSBUF_HOST_VERIFIER_IRP_H
#define SYSBUF_HOST_VERIFIER_IRP_H

#include "host/io/io.h"
#include "host/verifier/state.h"

/* What is known of one stack location: its driver's part of the request. */
struct irp_location {
    BOOLEAN is_sent;      /* a dispatch routine was called with it */
    BOOLEAN is_done;      /* completion has passed it */
    BOOLEAN is_pending;   /* it was marked so by then */
    BOOLEAN has_returned; /* the dispatch routine, with answer */
    BOOLEAN is_completer; /* IoCompleteRequest was called from here */
    BOOLEAN is_reported;  /* one mistake with it is enough */
    NTSTATUS status;      /* of the IRP when completion passed */
    NTSTATUS answer;      /* of the dispatch routine */
    const void *routine;  /* the dispatch routine */
    PDEVICE_OBJECT device;
};

struct irp_record {
    struct irp_record *next; /* in its bucket */
    struct irp_record *next_freed;
    PIRP irp;
    uint64_t serial;
    const void *made_by;      /* who allocated it: in a driver, or not */
    const void *completed_by; /* the last IoCompleteRequest */
    BOOLEAN is_drivers;       /* IoAllocateIrp and kin */
    BOOLEAN is_freed;
    ULONG count;
    struct irp_location locations[]; /* 1 to count: like IRP.CurrentLocation */
};

struct verifier_irps {
    struct linux_lock lock; /* a leaf */
    struct irp_record **buckets;
    SIZE_T bucket_count, count;
    uint64_t last_serial;
    struct irp_record *first_freed, **last_freed;
    SIZE_T freed_count;
};

struct verifier_irps *verifier_irps(void);
/* Whether any rule that is on asks about IRPs: if none does, none is known. */
BOOLEAN verifier_knows_irps(void);
/* The record of an IRP, freed or not; NULL when it is not known (a driver's own memory). The lock
 * is held. */
struct irp_record *irp_find(struct verifier_irps *irps, const void *irp);
/* The location, or NULL when the IRP is in none. */
struct irp_location *irp_location(struct irp_record *record, LONG location);
/* Forgets what was known of earlier uses. */
void irp_forget_uses(struct irp_record *record);

/* What a dispatch routine answered and what became of the request do not fit. Once both are known;
 * the lock is not held. */
void irp_compare(const void *irp, const struct irp_location *location);

NTSTATUS verifier_irps_initialize(struct verifier_state *state);
void verifier_irps_destroy(struct verifier_state *state);

#endif
