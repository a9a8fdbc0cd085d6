#include "host/verifier/memory.h"

#include "host/io/io.h"
#include "host/verifier/mdl.h"
#include "host/verifier/exchange.h"

NTSTATUS verifier_memory_initialize(struct verifier_state *state)
{
    state->memory = linux_allocate(sizeof(*state->memory));
    return state->memory ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static void free_process(struct verifier_process *known)
{
    if (!known)
        return;
    verifier_ranges_destroy(&known->probed);
    linux_free(known->areas);
    linux_free(known);
}

void verifier_memory_process_exit(struct _EPROCESS *process)
{
    struct verifier_memory *memory = verifier_memory();
    verifier_mdl_process_exit(process);
    linux_lock(&memory->lock);
    struct verifier_process *known = verifier_table_remove(&memory->processes, process);
    linux_unlock(&memory->lock);
    free_process(known);
}

void verifier_memory_destroy(struct verifier_state *state)
{
    struct verifier_memory *memory = state->memory;
    struct verifier_exchange *request;
    struct verifier_process *known;
    SIZE_T position = 0;
    if (!memory)
        return;
    while ((request = verifier_table_next(&memory->requests, &position)) != NULL) {
        request->holds = 1;
        verifier_exchange_release(request);
    }
    position = 0;
    while ((known = verifier_table_next(&memory->processes, &position)) != NULL)
        free_process(known);
    verifier_mdl_destroy(memory);
    verifier_table_destroy(&memory->requests);
    verifier_table_destroy(&memory->processes);
    linux_free(memory);
}
