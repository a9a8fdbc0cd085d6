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

struct loaded_image;
struct machine;
struct linux_fault;
struct fault_stop;

struct verifier_hooks {
    /* May answer with a block of its own (special pool) or NULL to let the pool serve it;
     * *fail makes the allocation fail (low resources). */
    void *(*pool_allocate)(ULONG pool_type, SIZE_T size, ULONG tag, void *caller, BOOLEAN *fail);
    /* Memory of the I/O manager that drivers use: the system buffer of irp, or, where that is NULL,
     * an IRP. NULL: use the pool. */
    void *(*io_allocate)(SIZE_T size, ULONG tag, PIRP irp);
    /* TRUE when the block was the verifier's and is dealt with. caller NULL: the host frees it,
     * maybe where there is no current machine. */
    BOOLEAN (*pool_free)(struct machine *machine, void *block, ULONG tag, void *caller);
    BOOLEAN (*pool_query)(struct machine *machine, const void *block, SIZE_T *size, ULONG *tag);
    /* A fault inside the machine, before handlers are asked. TRUE: the machine is to stop. */
    BOOLEAN (*fault)(const struct linux_fault *fault, const CONTEXT *context,
                     struct fault_stop *stop);
    /* An exception that no handler took. */
    void (*unhandled)(const EXCEPTION_RECORD *record, const CONTEXT *context);
    /* The image's memory is about to go. */
    void (*image_unload)(struct loaded_image *image);
    void (*irp_dispatch)(PDEVICE_OBJECT device, PIRP irp, BOOLEAN after, NTSTATUS status);
    void (*irp_complete)(PIRP irp, void *caller);
    void (*irp_free)(PIRP irp, void *caller);
    void (*irql_change)(KIRQL from, KIRQL to, void *caller);
    void (*lock_change)(void *lock, BOOLEAN acquired, void *caller);
    void (*object_reference)(void *object, LONG change, void *caller);
    void (*mdl_change)(PMDL mdl, ULONG what, void *caller);
    void (*user_memory)(const void *address, SIZE_T length, BOOLEAN write, void *caller);
};

#endif
