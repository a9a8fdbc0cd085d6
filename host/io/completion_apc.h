/* A request's end told by an APC in the thread that made it. */
#ifndef SYSBUF_HOST_IO_COMPLETION_APC_H
#define SYSBUF_HOST_IO_COMPLETION_APC_H

#include "host/io/io.h"

/* The request, still in its thread's list, is to be told by an APC: its memory and the thread stay
 * until then. */
void io_completion_apc_keep(PIRP irp, PETHREAD thread);
/* Queues the APC, once; nothing else may be done with the request. IRQL <= DISPATCH_LEVEL. */
void io_completion_apc_queue(PIRP irp, PETHREAD thread);
/* For a kernel's call that ends before it returns; *made is NULL without a routine. */
NTSTATUS io_call_apc_make(PIO_APC_ROUTINE routine, PVOID context, PKAPC *made);
/* Queues it, or not; it is gone afterwards. NULL is fine. */
void io_call_apc_end(PKAPC apc, PIO_STATUS_BLOCK status_block, BOOLEAN is_told);

#endif
