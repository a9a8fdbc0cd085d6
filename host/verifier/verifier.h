/*
 * The seam to the verifier: what the components report while it is on. machine->verifier is NULL
 * when it is off, so each hot path pays one predicted branch:
 *
 *     if (SB_UNLIKELY(machine->verifier)) machine->verifier->pool_allocated(...);
 *
 * Each hook runs on the thread that did the thing, without host locks held.
 */
#ifndef SYSBUF_HOST_VERIFIER_H
#define SYSBUF_HOST_VERIFIER_H

#include "host/nt.h"

struct io_request;
struct linux_fault;
struct verifier_handle_use;
struct _EPROCESS;

struct verifier_hooks {
    /* May answer with a block of its own (special pool) or NULL to let the pool serve it;
     * *fail makes the allocation fail (low resources). */
    void *(*pool_allocate)(ULONG pool_type, SIZE_T size, ULONG tag, void *caller, BOOLEAN *fail);
    /* TRUE when the block was the verifier's and is dealt with. */
    BOOLEAN (*pool_free)(void *block, ULONG tag, void *caller);
    void (*irp_dispatch)(PDEVICE_OBJECT device, PIRP irp, BOOLEAN after, NTSTATUS status);
    void (*irp_complete)(PIRP irp, void *caller);
    void (*irp_free)(PIRP irp, void *caller);
    void (*irql_change)(KIRQL from, KIRQL to, void *caller);
    void (*lock_change)(void *lock, BOOLEAN acquired, void *caller);

    /* ---- replies, user memory ---- */
    /* A request's IRP is ready; TRUE: request_end follows when the driver has answered. */
    BOOLEAN (*request_begin)(PIRP irp, const struct io_request *request);
    void (*request_end)(void);
    /* The request is finished; how many bytes of the reply may go to the caller. */
    SIZE_T (*reply)(PIRP irp);
    /* Memory nobody has written: a fresh pool block; the stack below a driver's routine. */
    void (*fresh_pool)(void *block, SIZE_T size);
    void (*fresh_stack)(void);
    void (*user_memory)(const void *address, SIZE_T length, BOOLEAN write, void *caller);
    void (*user_copy)(const void *to, const void *from, SIZE_T length, void *caller);
    void (*user_copied)(void);
    /* On the faulting thread, before anything else is made of it. TRUE: go on with *context. */
    BOOLEAN (*memory_fault)(const struct linux_fault *fault, CONTEXT *context);
    /* A thread leaves the machine, which was stopped. */
    void (*stopped)(void);
    void (*process_exit)(struct _EPROCESS *process);
    /* ---- MDLs: TRUE: it must not be done (host/mm/mdl.h) ---- */
    BOOLEAN (*mdl_change)(PMDL mdl, ULONG change, ULONG_PTR detail, void *caller);
    void (*io_space)(const void *address, SIZE_T length, BOOLEAN map, void *caller);
    /* ---- objects (host/verifier/object.h) ---- */
    void (*object_referenced)(void *object, BOOLEAN was_dead, void *caller);
    BOOLEAN (*object_dereferencing)(void *object, void *caller);
    void *(*object_allocate)(SIZE_T size);
    BOOLEAN (*object_free)(void *header);
    void (*handle_created)(struct _EPROCESS *process, HANDLE handle, void *object);
    void (*handle_closed)(struct _EPROCESS *process, HANDLE handle);
    void (*handle_used)(const struct verifier_handle_use *use);
    void (*handle_any_type)(HANDLE handle, KPROCESSOR_MODE mode, void *caller);
    /* The driver whose image this is has unloaded; the image is still there. */
    void (*image_unloading)(const uint8_t *base, SIZE_T size);
};

#endif
