/* The pool routines drivers call; the allocator is host/mm/pool.c. */
#include "host/ex/ddk.h"
#include "host/ke/schedule.h"
#include "host/mm/mm.h"
#include "host/ps/pool_quota.h"

enum { DEFAULT_TAG = 0x656E6F4E }; /* "None" */

/* BAD_POOL_CALLER, parameter 1. */
enum { FREE_TWICE = 0x07, FREE_WITH_OTHER_TAG = 0x0A, FREE_OF_INVALID_ADDRESS = 0x46 };

static void *allocate(ULONG type, SIZE_T size, ULONG tag, void *caller)
{
    struct machine *machine = current_machine();
    schedule_choice(machine);
    void *block = NULL;
    BOOLEAN fail = FALSE;
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->pool_allocate)
        block = machine->verifier->pool_allocate(type, size, tag, caller, &fail);
    if (!block && !fail)
        block = mm_pool_allocate(machine, type, size, tag);
    if (SB_UNLIKELY(machine->verifier) && block && machine->verifier->fresh_pool)
        machine->verifier->fresh_pool(block, size);
    if (block && (type & POOL_ZERO_ALLOCATION))
        __builtin_memset(block, 0, size);
    return block;
}

static void *allocate_or_raise(ULONG type, SIZE_T size, ULONG tag, void *caller)
{
    void *block = allocate(type, size, tag, caller);
    if (!block && (type & POOL_RAISE_IF_ALLOCATION_FAILURE))
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    return block;
}

static void free_block(void *block, ULONG tag, void *caller);

/* A block that the current process pays for. */
static NTSTATUS allocate_charged(ULONG type, SIZE_T size, ULONG tag, void *caller, void **allocated)
{
    void *block = allocate(type, size, tag, caller);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = ps_quota_charge_block(block, type, size);
    if (NT_SUCCESS(status))
        *allocated = block;
    else
        free_block(block, tag, caller);
    return status;
}

/* Raising is the default here. */
static void *allocate_quota(ULONG type, SIZE_T size, ULONG tag, void *caller)
{
    void *block = NULL;
    NTSTATUS status = allocate_charged(type & ~(ULONG)POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, size, tag,
                                       caller, &block);
    if (!NT_SUCCESS(status) && !(type & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE))
        ExRaiseStatus(status);
    return block;
}

#undef ExAllocatePool
PVOID NTAPI ExAllocatePool(POOL_TYPE type, SIZE_T size)
{
    return allocate_or_raise(type, size, DEFAULT_TAG, __builtin_return_address(0));
}
SB_EXPORT(ExAllocatePool)

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    return allocate_or_raise(type, size, tag, __builtin_return_address(0));
}
SB_EXPORT(ExAllocatePoolWithTag)

PVOID NTAPI ExAllocatePoolWithTagPriority(POOL_TYPE type, SIZE_T size, ULONG tag,
                                          EX_POOL_PRIORITY priority)
{
    return allocate_or_raise(type, size, tag, __builtin_return_address(0));
}
SB_EXPORT(ExAllocatePoolWithTagPriority)

#undef ExAllocatePoolWithQuota
PVOID NTAPI ExAllocatePoolWithQuota(POOL_TYPE type, SIZE_T size)
{
    return allocate_quota(type, size, DEFAULT_TAG, __builtin_return_address(0));
}
SB_EXPORT(ExAllocatePoolWithQuota)

PVOID NTAPI ExAllocatePoolWithQuotaTag(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    return allocate_quota(type, size, tag, __builtin_return_address(0));
}
SB_EXPORT(ExAllocatePoolWithQuotaTag)

/* ---- ExAllocatePool2 and 3 ---- */
/* The pool type of flags: exactly one kind, and no required flag that is unknown. */
static BOOLEAN pool_type_of(POOL_FLAGS flags, ULONG *type)
{
    const POOL_FLAGS known = POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION |
                             POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE |
                             POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED;
    if (flags & POOL_FLAG_REQUIRED_MASK & ~known)
        return FALSE;
    switch (flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED)) {
    case POOL_FLAG_NON_PAGED:
        *type = NonPagedPoolNx;
        break;
    case POOL_FLAG_NON_PAGED_EXECUTE:
        *type = NonPagedPool;
        break;
    case POOL_FLAG_PAGED:
        *type = PagedPool;
        break;
    default:
        return FALSE;
    }
    if (flags & POOL_FLAG_CACHE_ALIGNED)
        *type |= NonPagedPoolCacheAligned;
    if (!(flags & POOL_FLAG_UNINITIALIZED))
        *type |= POOL_ZERO_ALLOCATION;
    return TRUE;
}

static void *allocate_by_flags(POOL_FLAGS flags, BOOLEAN valid, SIZE_T size, ULONG tag,
                               void *caller)
{
    ULONG type;
    void *block = NULL;
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    if (valid && tag != 0 && size != 0 && pool_type_of(flags, &type)) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        if (flags & POOL_FLAG_USE_QUOTA)
            status = allocate_charged(type, size, tag, caller, &block);
        else
            block = allocate(type, size, tag, caller);
    }
    if (!block && (flags & POOL_FLAG_RAISE_ON_FAILURE))
        ExRaiseStatus(status);
    return block;
}

PVOID NTAPI ExAllocatePool2(POOL_FLAGS flags, SIZE_T size, ULONG tag)
{
    return allocate_by_flags(flags, TRUE, size, tag, __builtin_return_address(0));
}
SB_EXPORT(ExAllocatePool2)

/* A priority or a node changes nothing here; secure pool does not exist. */
static BOOLEAN are_satisfiable(const POOL_EXTENDED_PARAMETER *parameters, ULONG count)
{
    for (ULONG i = 0; i < count; i++) {
        BOOLEAN known = parameters[i].Type == PoolExtendedParameterPriority ||
                        parameters[i].Type == PoolExtendedParameterNumaNode;
        if (!known && !parameters[i].Optional)
            return FALSE;
    }
    return TRUE;
}

PVOID NTAPI ExAllocatePool3(POOL_FLAGS flags, SIZE_T size, ULONG tag,
                            const POOL_EXTENDED_PARAMETER *parameters, ULONG count)
{
    return allocate_by_flags(flags, are_satisfiable(parameters, count), size, tag,
                             __builtin_return_address(0));
}
SB_EXPORT(ExAllocatePool3)

/* ---- freeing ---- */
static void free_block(void *block, ULONG tag, void *caller)
{
    struct machine *machine = current_machine();
    schedule_choice(machine);
    ULONG actual = 0;
    ps_quota_return_block(machine, block);
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->pool_free &&
        machine->verifier->pool_free(machine, block, tag, caller))
        return;
    switch (mm_pool_free_tagged(machine, block, tag, &actual)) {
    case MM_FREED:
        break;
    case MM_FREE_TWICE:
        KeBugCheckEx(BAD_POOL_CALLER, FREE_TWICE, 0, 0, (ULONG_PTR)block);
    case MM_FREE_WRONG_TAG:
        KeBugCheckEx(BAD_POOL_CALLER, FREE_WITH_OTHER_TAG, (ULONG_PTR)block, actual, tag);
    case MM_FREE_NOT_A_BLOCK:
        KeBugCheckEx(BAD_POOL_CALLER, FREE_OF_INVALID_ADDRESS, (ULONG_PTR)block, tag, 0);
    }
}

VOID NTAPI ExFreePoolWithTag(PVOID block, ULONG tag)
{
    free_block(block, tag, __builtin_return_address(0));
}
SB_EXPORT(ExFreePoolWithTag)

#undef ExFreePool
VOID NTAPI ExFreePool(PVOID block)
{
    free_block(block, 0, __builtin_return_address(0));
}
SB_EXPORT(ExFreePool)

VOID NTAPI ExFreePool2(PVOID block, ULONG tag, const POOL_EXTENDED_PARAMETER *parameters,
                       ULONG count)
{
    free_block(block, tag, __builtin_return_address(0));
}
SB_EXPORT(ExFreePool2)

/* The room of a block: its size rounded up to what the allocator deals in. */
SIZE_T NTAPI ExQueryPoolBlockSize(PVOID block, PBOOLEAN quota_charged)
{
    SIZE_T size, granule = (ULONG_PTR)block % PAGE_SIZE == 0 ? PAGE_SIZE : 16;
    ULONG tag;
    *quota_charged = ps_quota_has_block(current_machine(), block);
    if (!mm_pool_query(current_machine(), block, &size, &tag))
        return 0;
    return size ? (size + granule - 1) & ~(granule - 1) : granule;
}
SB_EXPORT(ExQueryPoolBlockSize)
