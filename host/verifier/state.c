/* The verifier's beginning and end. */
#include <sysbuf/host.h>

#include "host/verifier/sites.h"
#include "host/verifier/special_pool.h"
#include "host/verifier/stack_fence.h"
#include "host/verifier/stack_trace.h"
#include "host/verifier/state.h"
#include "host/verifier/fill.h"
#include "host/verifier/mdl.h"
#include "host/verifier/paged.h"
#include "host/verifier/object.h"
#include "host/verifier/exchange.h"
#include "host/verifier/user_memory.h"
#include "host/verifier/user_probe.h"
#include "host/verifier/user_watch.h"
#include "host/verifier/watch.h"

/* Of a large block both ends are filled: to touch gigabytes would take seconds. */
static void fresh_pool(void *block, SIZE_T size)
{
    enum { FILLED = 1 << 20 };
    if (!verifier_checks(SB_VERIFY_REPLY | SB_VERIFY_POOL))
        return;
    verifier_fill(block, size < 2 * FILLED ? size : FILLED, VERIFIER_FILL_POOL);
    if (size >= 2 * FILLED)
        verifier_fill((uint8_t *)block + size - FILLED, FILLED, VERIFIER_FILL_POOL);
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
    /* pool, faults, low resources */
    .pool_allocate = verifier_pool_allocate,
    /* Replies, user memory, MDLs, objects. */
    .exchange_begin = verifier_exchange_begin,
    .exchange_end = verifier_exchange_end,
    .reply = verifier_exchange_reply,
    .fresh_pool = fresh_pool,
    .run_dispatch = verifier_run_dispatch,
    .leaving = verifier_stack_fence_leave,
    .user_memory = verifier_user_probed,
    .user_copy = verifier_user_copy,
    .user_copied = verifier_user_copied,
    .stopped = verifier_user_watch_stop,
    .process_exit = process_exit,
    .mdl_change = verifier_mdl_change,
    .object_referenced = verifier_object_referenced,
    .object_dereferencing = verifier_object_dereferencing,
    .object_allocate = verifier_object_allocate,
    .object_free = verifier_object_free,
    .handle_created = verifier_handle_created,
    .handle_closed = verifier_handle_closed,
    .handle_used = verifier_handle_used,
    .handle_any_type = verifier_handle_any_type,
    .image_unloading = image_unloading,
    .pool_free = verifier_pool_free,
    .pool_query = verifier_pool_query,
    .irp_allocate = verifier_irp_allocate,
    .buffer_allocate = verifier_buffer_allocate,
    .fault = verifier_fault,
    .has_told = verifier_has_told,
    .unhandled = verifier_unhandled,
    .image_loaded = verifier_paged_image,
    .image_unload = verifier_image_unload,
    .irql_changed = verifier_paged_follow,
    /* IRQL, locks, requests, unloading */
    .callback_begin = verifier_callback_begin,
    .callback_end = verifier_callback_end,
    .cancel_lock = verifier_cancel_lock,
    .thread_free = verifier_thread_free,
    .irp_made = verifier_irp_made,
    .irp_freed = verifier_irp_freed,
    .irp_send = verifier_irp_send,
    .request_begin = verifier_request_begin,
    .request_end = verifier_request_end,
    .irp_completing = verifier_irp_completing,
    .irp_passes = verifier_irp_passes,
    .irp_not_cancelled = verifier_irp_not_cancelled,
    .driver_gone = verifier_driver_gone,
    .block_until = verifier_block_until,
    .look_at_time = verifier_look_at_time,
    .stuck = verifier_stuck,
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
    NTSTATUS status = verifier_locks_initialize(state);
    if (NT_SUCCESS(status))
        status = verifier_irps_initialize(state);
    if (NT_SUCCESS(status))
        status = verifier_made_initialize(state);
    if (NT_SUCCESS(status))
        status = verifier_remove_locks_initialize(state);
    if (NT_SUCCESS(status))
        status = verifier_memory_initialize(state);
    if (NT_SUCCESS(status))
        status = verifier_objects_initialize(state);
    if (NT_SUCCESS(status))
        status = verifier_watchman_initialize(machine, state);
    if (!NT_SUCCESS(status)) {
        verifier_destroy(machine);
        return status;
    }
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
    verifier_watchman_destroy(state);
    verifier_objects_destroy(state);
    verifier_memory_destroy(state);
    verifier_remove_locks_destroy(state);
    verifier_made_destroy(state);
    verifier_irps_destroy(state);
    verifier_locks_destroy(state);
    verifier_findings_destroy(&state->findings);
    verifier_paged_destroy(state);
    special_destroy(state->pool);
    verifier_sites_destroy(state->sites);
    verifier_traces_destroy(state->traces);
    linux_free(state);
}
