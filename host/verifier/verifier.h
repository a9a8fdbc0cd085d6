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

/* ---- IRQL, locks, requests, unloading ---- */
enum verifier_callback_kind {
    VERIFIER_CALLBACK_DISPATCH,
    VERIFIER_CALLBACK_COMPLETION,
    VERIFIER_CALLBACK_CANCEL,
    VERIFIER_CALLBACK_DPC,
    VERIFIER_CALLBACK_WORK,
    VERIFIER_CALLBACK_THREAD,
    VERIFIER_CALLBACK_ENTRY,
    VERIFIER_CALLBACK_UNLOAD,
    VERIFIER_CALLBACK_ADD_DEVICE,
};

/* A routine of a driver that the host calls, on the caller's stack: what must be the same when it
 * returns. kind, routine and object (device, DPC ... or NULL) are the caller's; the rest is filled
 * by callback_begin. */
struct verifier_callback {
    enum verifier_callback_kind kind;
    const void *routine;
    const void *object;
    struct verifier_callback *outer;
    KIRQL irql;
    LONG apc_disable;
    ULONG held_count;
    const void *raised_by, *disabled_by; /* the thread's before */
    int64_t watched_until;               /* the thread's before */
};

/* One call of a dispatch routine. */
struct verifier_request {
    struct verifier_callback callback;
    PIRP irp;
    ULONG location;     /* the IRP's, while the routine has it */
    uint64_t serial;    /* of the IRP: its memory may be another's by the end */
    BOOLEAN was_marked; /* pending, by a driver above that shares the location */
};

struct loaded_image;
struct io_request;
struct linux_fault;
struct verifier_handle_use;
struct _EPROCESS;
struct machine;
struct linux_fault;
struct fault_stop;

struct verifier_hooks {
    /* May answer with a block of its own (special pool) or NULL to let the pool serve it;
     * *fail makes the allocation fail (low resources). */
    void *(*pool_allocate)(ULONG pool_type, SIZE_T size, ULONG tag, void *caller, BOOLEAN *fail);
    /* Memory of the I/O manager that drivers use: an IRP, which may get a system buffer or never
     * does, and the system buffer of irp. NULL: use the pool. */
    void *(*irp_allocate)(SIZE_T size, ULONG tag, BOOLEAN gets_buffer);
    void *(*buffer_allocate)(SIZE_T size, ULONG tag, PIRP irp);
    /* TRUE when the block was the verifier's and is dealt with. caller NULL: the host frees it,
     * maybe where there is no current machine. */
    BOOLEAN (*pool_free)(struct machine *machine, void *block, ULONG tag, void *caller);
    BOOLEAN (*pool_query)(struct machine *machine, const void *block, SIZE_T *size, ULONG *tag);
    /* A fault inside the machine, before handlers are asked. TRUE: the machine is to stop. */
    BOOLEAN(*fault)
    (const struct linux_fault *fault, CONTEXT *context, struct fault_stop *stop);
    /* Whether a rule has told of the last fault, which was at this instruction. */
    BOOLEAN (*has_told)(uint64_t address);
    /* An exception that no handler took. */
    void (*unhandled)(const EXCEPTION_RECORD *record, const CONTEXT *context, BOOLEAN exact);
    /* The image's pages are as they are to be; nothing of it has run. */
    void (*image_loaded)(struct loaded_image *image);
    /* The image's memory is about to go. */
    void (*image_unload)(struct loaded_image *image);
    void (*irp_dispatch)(PDEVICE_OBJECT device, PIRP irp, BOOLEAN after, NTSTATUS status);
    void (*irp_complete)(PIRP irp, void *caller);
    /* ---- IRQL, locks, requests, unloading ---- */
    /* The thread has raised its IRQL, or another one runs; only under a scheduler. */
    void (*irql_changed)(void);
    /* Around every call of a driver's routine; end repairs what the routine left wrong. */
    void (*callback_begin)(struct verifier_callback *callback);
    void (*callback_end)(struct verifier_callback *callback);
    /* The cancel spin lock, taken by the host, is the cancel routine's to release. */
    void (*cancel_lock)(const void *routine);
    void (*thread_free)(PETHREAD thread);
    /* An IRP was made: by the host for a request, or for the driver that called. */
    void (*irp_made)(PIRP irp, const void *caller);
    void (*irp_freed)(PIRP irp);
    /* It is to be sent to the device, before its location moves; caller may be the host. */
    void (*irp_send)(PDEVICE_OBJECT device, PIRP irp, const void *caller);
    /* Around the dispatch routine. */
    void (*request_begin)(struct verifier_request *request);
    void (*request_end)(struct verifier_request *request, NTSTATUS status);
    /* IoCompleteRequest, before it looks at the IRP. FALSE: it must not go on. */
    BOOLEAN (*irp_completing)(PIRP irp, const void *caller);
    /* Completion passes a location, whose driver is done with the request. */
    void (*irp_passes)(PIRP irp, ULONG location);
    /* A cancelled request was waited for in vain. */
    void (*irp_not_cancelled)(PIRP irp, ULONG milliseconds);
    /* The driver's DriverUnload has returned (status 0) or its DriverEntry failed. */
    void (*driver_gone)(PDRIVER_OBJECT driver, struct loaded_image *image, NTSTATUS status);
    /* How long the thread may be blocked: deadline or sooner. */
    int64_t (*block_until)(int64_t deadline);
    /* It was woken or time is up, or it spins: looks whether it is stuck. */
    void (*look_at_time)(void);
    /* Interrupted in driver code that runs for too long. */
    void (*stuck)(const struct linux_fault *fault);
    /* ---- replies, user memory ---- */
    /* A request's IRP is ready; TRUE: exchange_end follows when the driver has answered. */
    BOOLEAN (*exchange_begin)(PIRP irp, const struct io_request *request);
    void (*exchange_end)(void);
    /* The request is finished; how many bytes of the reply may go to the caller. */
    SIZE_T (*reply)(PIRP irp);
    /* Memory nobody has written: a fresh pool block. */
    void (*fresh_pool)(void *block, SIZE_T size);
    /* Calls the routine, on a stack nobody has written. */
    NTSTATUS (*run_dispatch)(PDRIVER_DISPATCH routine, PDEVICE_OBJECT device, PIRP irp);
    void (*user_memory)(const void *address, SIZE_T length, BOOLEAN write, void *caller);
    void (*user_copy)(const void *to, const void *from, SIZE_T length, void *caller);
    void (*user_copied)(void);
    /* A thread is about to leave the driver it is in, without returning: the machine was stopped.
     */
    void (*leaving)(void);
    /* It has left. */
    void (*stopped)(void);
    void (*process_exit)(struct _EPROCESS *process);
    /* ---- MDLs: TRUE: it must not be done (host/mm/mdl.h) ---- */
    BOOLEAN (*mdl_change)(PMDL mdl, ULONG change, ULONG_PTR detail, void *caller);
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
