/* The pool routines drivers call; the allocator is host/mm/pool.c. */
#include "host/ke/ke.h"
#include "host/mm/mm.h"

/* BAD_POOL_CALLER parameters: 0x46 "attempt to free an invalid pool address". */
enum { FREE_OF_INVALID_ADDRESS = 0x46 };

static void *allocate(POOL_TYPE type, SIZE_T size, ULONG tag, void *caller)
{
    struct machine *machine = current_machine();
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->pool_allocate) {
        BOOLEAN fail = FALSE;
        void *block = machine->verifier->pool_allocate(type, size, tag, caller, &fail);
        if (block || fail)
            return block;
    }
    return mm_pool_allocate(machine, type, size, tag);
}

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    return allocate(type, size, tag, __builtin_return_address(0));
}
SB_EXPORT(ExAllocatePoolWithTag)

VOID NTAPI ExFreePoolWithTag(PVOID block, ULONG tag)
{
    struct machine *machine = current_machine();
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->pool_free &&
        machine->verifier->pool_free(block, tag, __builtin_return_address(0)))
        return;
    if (!mm_pool_free(machine, block))
        KeBugCheckEx(BAD_POOL_CALLER, FREE_OF_INVALID_ADDRESS, (ULONG_PTR)block, tag, 0);
}
SB_EXPORT(ExFreePoolWithTag)

VOID NTAPI ExFreePool(PVOID block)
{
    ExFreePoolWithTag(block, 0);
}
SB_EXPORT(ExFreePool)
