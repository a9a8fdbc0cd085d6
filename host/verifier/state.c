/* The verifier's beginning and end. */
#include <sysbuf/host.h>

#include "host/verifier/state.h"
#include "host/verifier/watch.h"

static const struct verifier_hooks hooks = {
    .pool_allocate = verifier_pool_allocate,
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
    linux_free(state);
}
