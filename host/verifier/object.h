/* The rules of objects: references and handles of drivers. */
#ifndef SYSBUF_HOST_VERIFIER_OBJECT_H
#define SYSBUF_HOST_VERIFIER_OBJECT_H

#include "host/ob/object.h"
#include "host/verifier/state.h"

/* ---- references (object.c) ---- */
/* A driver was given a reference. was_dead: there had been none left. */
void verifier_object_referenced(void *object, BOOLEAN was_dead, void *caller);
/* A driver is about to give one up. TRUE: it has none; nothing must be done. */
BOOLEAN verifier_object_dereferencing(void *object, void *caller);

/* ---- memory of objects (object_memory.c): pages of their own, kept for a while when freed ---- */
void *verifier_object_allocate(SIZE_T size);
/* TRUE: it was one of those. */
BOOLEAN verifier_object_free(void *header);
/* A fault at a kernel address. Reports it when that is in a freed object. */
void verifier_object_fault(const struct linux_fault *fault, const CONTEXT *context);

/* ---- handles (handle.c) ---- */
void verifier_handle_created(struct _EPROCESS *process, HANDLE handle, void *object);
void verifier_handle_closed(struct _EPROCESS *process, HANDLE handle);
/* Kernel code uses a handle: of which process, as it was given, what came of it. */
struct verifier_handle_use {
    struct _EPROCESS *owner; /* whose table the handle leads to */
    HANDLE handle;
    KPROCESSOR_MODE mode;
    NTSTATUS status;
    BOOLEAN closes;
};
void verifier_handle_used(const struct verifier_handle_use *use);
/* ObReferenceObjectByHandle was asked for an object of any type. */
void verifier_handle_any_type(HANDLE handle, KPROCESSOR_MODE mode, void *caller);
void verifier_handle_process_exit(struct _EPROCESS *process);

/* ---- */
/* The driver whose image is at base is unloaded. */
void verifier_objects_unload(const uint8_t *base, SIZE_T size);
NTSTATUS verifier_objects_initialize(struct verifier_state *state);
void verifier_objects_destroy(struct verifier_state *state);

#endif
