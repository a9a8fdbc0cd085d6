/*
 * The drivers that a request goes through run on a stack of their own, which ends at pages without
 * access: an overrun of the stack that is longer than the driver's own frames ends there, at the
 * instruction that does it, instead of in the host.
 */
#ifndef SYSBUF_HOST_VERIFIER_STACK_FENCE_H
#define SYSBUF_HOST_VERIFIER_STACK_FENCE_H

#include "host/verifier/fault_place.h"

/* A hook: runs a dispatch routine on that stack, unless the thread has come from a driver; with the
 * rules of replies on a stack that nobody wrote. */
NTSTATUS verifier_run_dispatch(PDRIVER_DISPATCH routine, PDEVICE_OBJECT device, PIRP irp);
/* A hook: the thread leaves the driver without returning. */
void verifier_stack_fence_leave(void);
/* TRUE: the stack's end was hit, which is reported, and stop is filled. */
BOOLEAN stack_fence_check(const struct fault_place *place, struct fault_stop *stop);

#endif
