/*
 * Drivers' races, each beside its cure. A race is one file; what differs between the mistaken and
 * the right way stands behind race_is_fixed.
 */
#ifndef RACES_H
#define RACES_H

#include <ntifs.h>
#include <races/contract.h>

struct race {
    const WCHAR *name;
    SIZE_T size; /* of its state, zeroed, in the device extension */
    void (*initialize)(void *state);
    /* Answers with the status; STATUS_PENDING: the request is the race's from then on. *count
     * is what RACES_COUNT asks for. */
    NTSTATUS (*control)(void *state, PIRP irp, ULONG code, ULONG *count);
    void (*unload)(void *state); /* or NULL */
};

extern const struct race race_shared_pointer, race_cancel, race_lost_wakeup, race_lock_order,
    race_count, race_thread_end, race_timer_dpc, race_spin;

/* The state's device is the one without the mistake. */
BOOLEAN race_is_fixed(const void *state);

void race_complete(PIRP irp, NTSTATUS status, ULONG_PTR information);

#define RACE_ALIVE 0x4556494Cu
/* Stops the machine when the marker of a state is not RACE_ALIVE: it was freed. */
void race_require_alive(ULONG marker);

#endif
