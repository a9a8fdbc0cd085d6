/* The APC of a call that has ended before it returns: made before, so that it cannot be missing. */
#include "host/io/completion_apc.h"
#include "host/ke/apc.h"
#include "host/mm/mm.h"

enum { APC_TAG = 0x63704149 };

static VOID NTAPI let_go(PKAPC apc)
{
    mm_pool_free(current_machine(), apc);
}

static VOID NTAPI deliver(PKAPC apc, PKNORMAL_ROUTINE *routine, PVOID *context, PVOID *argument1,
                          PVOID *argument2)
{
    let_go(apc);
}

NTSTATUS io_call_apc_make(PIO_APC_ROUTINE routine, PVOID context, PKAPC *made)
{
    PETHREAD thread = current_thread();
    *made = NULL;
    if (!routine)
        return STATUS_SUCCESS;
    PKAPC apc = mm_pool_allocate(thread->machine, NonPagedPoolNx, sizeof(*apc), APC_TAG);
    if (!apc)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeApc(apc, &thread->Tcb, OriginalApcEnvironment, deliver, let_go,
                    (PKNORMAL_ROUTINE)(void *)routine, KernelMode, context);
    *made = apc;
    return STATUS_SUCCESS;
}

void io_call_apc_end(PKAPC apc, PIO_STATUS_BLOCK status_block, BOOLEAN is_told)
{
    if (apc && (!is_told || !KeInsertQueueApc(apc, status_block, NULL, 0)))
        let_go(apc);
}
