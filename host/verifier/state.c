/* The verifier's beginning and end. */
#include <sysbuf/host.h>

#include "host/verifier/sites.h"
#include "host/verifier/special_pool.h"
#include "host/verifier/stack_trace.h"
#include "host/verifier/state.h"
#include "host/verifier/watch.h"

static const struct verifier_hooks hooks = {
    /* pool, faults, low resources */
    .pool_allocate = verifier_pool_allocate,
    .pool_free = verifier_pool_free,
    .pool_query = verifier_pool_query,
    .io_allocate = verifier_io_allocate,
    .fault = verifier_fault,
    .unhandled = verifier_unhandled,
    .image_unload = verifier_image_unload,
};

NTSTATUS verifier_initialize(struct machine *machine)
{
    if (!machine->verifier_classes)
        return STATUS_SUCCESS;
    struct verifier_state *state = linux_allocate(sizeof(*state));
    if (!state)
        return STATUS_INSUFFICIENT_RESOURCES;
    state->classes = machine->verifier_classes;
    state->stops = machine->verifier_stops;
    verifier_findings_initialize(&state->findings);
    machine->verifier_state = state;
    machine->verifier = &hooks;
    return STATUS_SUCCESS;
}

void verifier_destroy(struct machine *machine)
{
    struct verifier_state *state = machine->verifier_state;
    if (!state)
        return;
    machine->verifier = NULL;
    machine->verifier_state = NULL;
    verifier_findings_destroy(&state->findings);
    special_destroy(state->pool);
    verifier_sites_destroy(state->sites);
    verifier_traces_destroy(state->traces);
    linux_free(state);
}
