/* The rules of memory descriptor lists. */
#ifndef SYSBUF_HOST_VERIFIER_MDL_H
#define SYSBUF_HOST_VERIFIER_MDL_H

#include "host/verifier/memory.h"

struct linux_fault;

/* Hook: host/mm/mdl.h says what detail is. TRUE: the change must not be made. */
BOOLEAN verifier_mdl_change(PMDL mdl, ULONG change, ULONG_PTR detail, void *caller);
/* What is left when the driver whose image holds base is unloaded, or a process ends. */
void verifier_mdl_unload(const uint8_t *base, SIZE_T size);
void verifier_mdl_process_exit(struct _EPROCESS *process);
/* A write through a mapping of pages that were locked for reading. TRUE: it is possible now. */
BOOLEAN verifier_mdl_fault(const struct linux_fault *fault, const CONTEXT *context);
void verifier_mdl_destroy(struct verifier_memory *memory);

#endif
