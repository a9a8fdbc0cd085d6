/* Copies by the routines of the kernel, checked before they happen: against the true size of pool
 * blocks, and against the return addresses on the stack. */
#ifndef SYSBUF_HOST_VERIFIER_POOL_COPY_H
#define SYSBUF_HOST_VERIFIER_POOL_COPY_H

#include "host/verifier/before.h"

BOOLEAN copy_memory(struct verifier_call *call);
/* memcpy alone: source and destination must not overlap. */
BOOLEAN copy_overlap(struct verifier_call *call);     /* (to, from, bytes) */
BOOLEAN copy_fill(struct verifier_call *call);        /* memset(to, value, bytes) */
BOOLEAN copy_rtl_fill(struct verifier_call *call);    /* RtlFillMemory(to, bytes, value), RtlZero */
BOOLEAN copy_text(struct verifier_call *call);        /* strcpy */
BOOLEAN copy_wide_text(struct verifier_call *call);   /* wcscpy */
BOOLEAN append_text(struct verifier_call *call);      /* strcat */
BOOLEAN append_wide_text(struct verifier_call *call); /* wcscat */
BOOLEAN copy_padded(struct verifier_call *call);      /* strncpy(to, from, bytes): always so many */
BOOLEAN copy_wide_padded(struct verifier_call *call); /* wcsncpy */

#endif
