/* Between dpc.c and the threads of processors. */
#ifndef SYSBUF_HOST_DPC_H
#define SYSBUF_HOST_DPC_H

#include "host/ke/bug_codes.h"
#include "host/ke/schedule.h"

LOGICAL NTAPI KeIsExecutingDpc(VOID);

/* Runs one DPC that was directed at the processor, on its thread; FALSE when there is none. */
BOOLEAN ke_run_processor_dpc(struct machine *machine, struct processor *processor);

#endif
