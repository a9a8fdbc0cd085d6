/* A request's end told by an APC in the thread that made it. */
#ifndef SYSBUF_HOST_IO_COMPLETION_APC_H
#define SYSBUF_HOST_IO_COMPLETION_APC_H

#include "host/io/io.h"

/* The request, still in its thread's list, is to be told by an APC: its memory and the thread stay
 * until then. */
void io_completion_apc_keep(PIRP irp, PETHREAD thread);
/* Queues the APC, once; nothing else may be done with the request. IRQL <= DISPATCH_LEVEL. */
void io_completion_apc_queue(PIRP irp, PETHREAD thread);

#endif
