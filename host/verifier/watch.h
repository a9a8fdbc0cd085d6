/* What the groups of rules hang on the hooks (verifier.h), for state.c alone. */
#ifndef SYSBUF_HOST_VERIFIER_WATCH_H
#define SYSBUF_HOST_VERIFIER_WATCH_H

#include "host/verifier/state.h"
#include "host/verifier/thread.h"

struct loaded_image;

/* pool.c */
void verifier_image_unload(struct loaded_image *image);
/* pool_free.c */
BOOLEAN verifier_pool_free(struct machine *machine, void *block, ULONG tag, void *caller);
BOOLEAN verifier_pool_query(struct machine *machine, const void *block, SIZE_T *size, ULONG *tag);
/* pool_leak.c: what the image's code allocated and nobody freed. */
void verifier_pool_leaks(struct loaded_image *image);
/* fault.c */
BOOLEAN verifier_fault(const struct linux_fault *fault, CONTEXT *context, struct fault_stop *stop);
/* fault_unhandled.c */
BOOLEAN verifier_has_told(uint64_t address);
void verifier_unhandled(const EXCEPTION_RECORD *record, const CONTEXT *context, BOOLEAN exact);
/* pool.c */
void *verifier_irp_allocate(SIZE_T size, ULONG tag, BOOLEAN gets_buffer);
void *verifier_buffer_allocate(SIZE_T size, ULONG tag, PIRP irp);
void *verifier_pool_allocate(ULONG pool_type, SIZE_T size, ULONG tag, void *caller, BOOLEAN *fail);

/* ---- IRQL, locks, requests, unloading ---- */
struct verifier_thread;

/* callback.c */
void verifier_callback_begin(struct verifier_callback *callback);
void verifier_callback_end(struct verifier_callback *callback);
void verifier_cancel_lock(const void *routine);
/* thread.c */
void verifier_thread_free(PETHREAD thread);
/* lock_table.c */
NTSTATUS verifier_locks_initialize(struct verifier_state *state);
void verifier_locks_destroy(struct verifier_state *state);
/* irp_table.c, irp_dispatch.c, irp_complete.c */
NTSTATUS verifier_irps_initialize(struct verifier_state *state);
void verifier_irps_destroy(struct verifier_state *state);
void verifier_irp_made(PIRP irp, const void *caller);
void verifier_irp_freed(PIRP irp);
void verifier_irp_send(PDEVICE_OBJECT device, PIRP irp, const void *caller);
void verifier_request_begin(struct verifier_request *request);
void verifier_request_end(struct verifier_request *request, NTSTATUS answer);
BOOLEAN verifier_irp_completing(PIRP irp, const void *caller);
void verifier_irp_passes(PIRP irp, ULONG passed);
void verifier_irp_not_cancelled(PIRP irp, ULONG milliseconds);
/* remove_lock.c */
NTSTATUS verifier_remove_locks_initialize(struct verifier_state *state);
void verifier_remove_locks_destroy(struct verifier_state *state);
/* unload.c */
NTSTATUS verifier_made_initialize(struct verifier_state *state);
void verifier_made_destroy(struct verifier_state *state);
void verifier_driver_gone(PDRIVER_OBJECT driver, struct loaded_image *image, NTSTATUS status);
/* device.c: after DriverEntry, or AddDevice */
void verifier_check_devices(PDRIVER_OBJECT driver, BOOLEAN added);
/* stuck.c */
NTSTATUS verifier_watchman_initialize(struct machine *machine, struct verifier_state *state);
void verifier_watchman_destroy(struct verifier_state *state);
/* The calling thread's; 0: not watched. */
static inline void verifier_watch_until(struct verifier_thread *thread, int64_t until)
{
    __atomic_store_n(&thread->watched_until, until, __ATOMIC_RELAXED);
}
void verifier_watch_begin(struct verifier_thread *thread, struct verifier_callback *callback);
void verifier_watch_end(struct verifier_thread *thread, const struct verifier_callback *callback);
int64_t verifier_block_until(int64_t deadline);
void verifier_look_at_time(void);
void verifier_stuck(const struct linux_fault *fault);

#endif
