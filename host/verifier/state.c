/* The verifier's beginning and end. */
#include <sysbuf/host.h>

#include "host/verifier/state.h"
#include "host/verifier/fill.h"
#include "host/verifier/mdl.h"
#include "host/verifier/object.h"
#include "host/verifier/request.h"
#include "host/verifier/user_memory.h"
#include "host/verifier/user_probe.h"
#include "host/verifier/user_watch.h"
#include "host/verifier/watch.h"

static void fresh_pool(void *block, SIZE_T size)
{
    if (verifier_checks(SB_VERIFY_REPLY))
        verifier_fill(block, size, VERIFIER_FILL_POOL);
}

static void fresh_stack(void)
{
    if (verifier_checks(SB_VERIFY_REPLY))
        verifier_fill_stack();
}

static BOOLEAN memory_fault(const struct linux_fault *fault, CONTEXT *context)
{
    if (fault->kind != LINUX_FAULT_ACCESS || fault->general_protection)
        return FALSE;
    if (fault->address < LINUX_USER_END)
        return verifier_user_fault(fault, context) == VERIFIER_FAULT_RESUME;
    verifier_object_fault(fault, context);
    return FALSE;
}

static void process_exit(struct _EPROCESS *process)
{
    verifier_handle_process_exit(process);
    verifier_memory_process_exit(process);
}

static void image_unloading(const uint8_t *base, SIZE_T size)
{
    verifier_objects_unload(base, size);
    verifier_mdl_unload(base, size);
}

static const struct verifier_hooks hooks = {
    .pool_allocate = verifier_pool_allocate,
    /* Replies, user memory, MDLs, objects. */
    .request_begin = verifier_request_begin,
    .request_end = verifier_request_end,
    .reply = verifier_request_reply,
    .fresh_pool = fresh_pool,
    .fresh_stack = fresh_stack,
    .user_memory = verifier_user_probed,
    .user_copy = verifier_user_copy,
    .user_copied = verifier_user_copied,
    .memory_fault = memory_fault,
    .stopped = verifier_watch_stop,
    .process_exit = process_exit,
    .mdl_change = verifier_mdl_change,
    .io_space = verifier_io_space,
    .object_referenced = verifier_object_referenced,
    .object_dereferencing = verifier_object_dereferencing,
    .object_allocate = verifier_object_allocate,
    .object_free = verifier_object_free,
    .handle_created = verifier_handle_created,
    .handle_closed = verifier_handle_closed,
    .handle_used = verifier_handle_used,
    .handle_any_type = verifier_handle_any_type,
    .image_unloading = image_unloading,
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
    NTSTATUS status = verifier_memory_initialize(state);
    if (NT_SUCCESS(status))
        status = verifier_objects_initialize(state);
    if (NT_SUCCESS(status))
        machine->verifier = &hooks;
    return status;
}

void verifier_destroy(struct machine *machine)
{
    struct verifier_state *state = machine->verifier_state;
    if (!state)
        return;
    machine->verifier = NULL;
    machine->verifier_state = NULL;
    verifier_objects_destroy(state);
    verifier_memory_destroy(state);
    verifier_findings_destroy(&state->findings);
    linux_free(state);
}
