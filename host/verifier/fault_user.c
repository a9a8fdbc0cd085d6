#include "host/verifier/fault_user.h"

#include "host/verifier/fault_place.h"
#include "host/verifier/state.h"

static struct verifier_probe *probe_of(struct verifier_state *state, uint64_t page)
{
    return &state->null_probes[page % VERIFIER_NULL_PROBES];
}

/* Only those near zero are of interest here, one for each page there. */
BOOLEAN fault_note_probe(struct verifier_call *call)
{
    uint64_t start = call->arguments[0], length = call->arguments[1];
    if (start >= NULL_PAGES_END || length == 0)
        return TRUE;
    struct verifier_probe *probe = probe_of(verifier_state(), start / LINUX_PAGE_SIZE);
    __atomic_store_n(&probe->thread, (uint64_t)current_thread(), __ATOMIC_RELAXED);
    __atomic_store_n(&probe->start, start, __ATOMIC_RELAXED);
    __atomic_store_n(&probe->end, start + length, __ATOMIC_RELEASE);
    return TRUE;
}

static BOOLEAN was_probed(uint64_t address)
{
    struct verifier_state *state = verifier_state();
    for (ULONG i = 0; i < VERIFIER_NULL_PROBES; i++) {
        const struct verifier_probe *probe = &state->null_probes[i];
        if (address < __atomic_load_n(&probe->end, __ATOMIC_ACQUIRE) && address >= probe->start &&
            probe->thread == (uint64_t)current_thread())
            return TRUE;
    }
    return FALSE;
}

BOOLEAN fault_is_callers_null(uint64_t address)
{
    return fault_is_request_buffer(address) || was_probed(address);
}
