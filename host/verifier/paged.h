/*
 * Paged memory at DISPATCH_LEVEL. Nothing is paged out here; instead, while a thread runs at
 * DISPATCH_LEVEL or above, paged pool and pageable sections of drivers are without access. Only
 * under the deterministic scheduler, where nobody else runs at the same time.
 */
#ifndef SYSBUF_HOST_VERIFIER_PAGED_H
#define SYSBUF_HOST_VERIFIER_PAGED_H

#include "host/verifier/special_pool.h"

struct loaded_image;
struct linux_fault;
struct verifier_call;

/* A block of paged pool is there; is about to go. */
void verifier_paged_pool(const struct special_block *block);
void verifier_paged_pool_gone(const struct special_block *block);
/* Hooks: an image's pages are protected; the running thread, or its IRQL, is another. */
void verifier_paged_image(struct loaded_image *image);
void verifier_paged_follow(void);
/* Memory is locked, or goes: it is left alone for good. */
void verifier_paged_forget(const void *start, SIZE_T size);
/* Before MmLockPagableDataSection and kin. */
BOOLEAN paged_section_locked(struct verifier_call *call);
/* TRUE: memory was closed by this and is open now, so that the access is to be done again. */
BOOLEAN verifier_paged_fault(const struct linux_fault *fault, const CONTEXT *context);

void verifier_paged_destroy(struct verifier_state *state);

#endif
