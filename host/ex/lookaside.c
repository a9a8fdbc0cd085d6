/* Lookaside lists. Drivers take from and give to them inline; here is their making and unmaking. */
#include "host/ex/ddk.h"
#include "host/ex/ex.h"

enum { FIRST_DEPTH = 4, MAXIMUM_DEPTH = 256 };

static void general_initialize(PGENERAL_LOOKASIDE_POOL list, ULONG type, SIZE_T size, ULONG tag)
{
    nt_InitializeSListHead(&list->ListHead);
    list->Depth = FIRST_DEPTH;
    list->MaximumDepth = MAXIMUM_DEPTH;
    list->TotalAllocates = list->AllocateMisses = 0;
    list->TotalFrees = list->FreeMisses = 0;
    list->Type = (POOL_TYPE)type;
    list->Tag = tag;
    list->Size = (ULONG)(size < LOOKASIDE_MINIMUM_BLOCK_SIZE ? LOOKASIDE_MINIMUM_BLOCK_SIZE : size);
    InitializeListHead(&list->ListEntry);
    list->LastTotalAllocates = list->LastAllocateMisses = 0;
    list->Future[0] = list->Future[1] = 0;
}

static void initialize(PGENERAL_LOOKASIDE_POOL list, PALLOCATE_FUNCTION allocate,
                       PFREE_FUNCTION free_function, ULONG type, SIZE_T size, ULONG tag)
{
    general_initialize(list, type, size, tag);
    list->Allocate = allocate ? allocate : ExAllocatePoolWithTag;
    list->Free = free_function ? free_function : ExFreePool;
}

VOID NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list, PALLOCATE_FUNCTION allocate,
                                           PFREE_FUNCTION free_function, ULONG flags, SIZE_T size,
                                           ULONG tag, USHORT depth)
{
    initialize((PGENERAL_LOOKASIDE_POOL)&list->L, allocate, free_function, NonPagedPool | flags,
               size, tag);
}
SB_EXPORT(ExInitializeNPagedLookasideList)

VOID NTAPI ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST list, PALLOCATE_FUNCTION allocate,
                                          PFREE_FUNCTION free_function, ULONG flags, SIZE_T size,
                                          ULONG tag, USHORT depth)
{
    initialize((PGENERAL_LOOKASIDE_POOL)&list->L, allocate, free_function, PagedPool | flags, size,
               tag);
}
SB_EXPORT(ExInitializePagedLookasideList)

/* Gives every cached entry back. */
static void drain(PGENERAL_LOOKASIDE_POOL list)
{
    PSLIST_ENTRY entry;
    while ((entry = nt_pop_entry(&list->ListHead)) != NULL)
        list->Free(entry);
}

VOID NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list)
{
    drain((PGENERAL_LOOKASIDE_POOL)&list->L);
}
SB_EXPORT(ExDeleteNPagedLookasideList)

VOID NTAPI ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST list)
{
    drain((PGENERAL_LOOKASIDE_POOL)&list->L);
}
SB_EXPORT(ExDeletePagedLookasideList)

/* ---- LOOKASIDE_LIST_EX ---- */
static PVOID NTAPI allocate_ex(POOL_TYPE type, SIZE_T size, ULONG tag, PLOOKASIDE_LIST_EX list)
{
    if (type & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE)
        return ExAllocatePoolWithQuotaTag(type, size, tag);
    return ExAllocatePoolWithTag(type, size, tag);
}

static VOID NTAPI free_ex(PVOID block, PLOOKASIDE_LIST_EX list)
{
    ExFreePool(block);
}

static BOOLEAN is_pool_type(ULONG type)
{
    const ULONG kinds = PagedPool | NonPagedPoolCacheAligned | NonPagedPoolNx;
    return (type & ~kinds) == 0 && !((type & PagedPool) && (type & NonPagedPoolNx));
}

NTSTATUS NTAPI ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX list, PALLOCATE_FUNCTION_EX allocate,
                                           PFREE_FUNCTION_EX free_function, POOL_TYPE type,
                                           ULONG flags, SIZE_T size, ULONG tag, USHORT depth)
{
    const ULONG both =
        EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE;
    ULONG modifiers = 0;
    if (!is_pool_type(type))
        return STATUS_INVALID_PARAMETER_4;
    if ((flags & ~both) || flags == both)
        return STATUS_INVALID_PARAMETER_5;
    if (depth != 0)
        return STATUS_INVALID_PARAMETER_8;
    if (flags == EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL)
        modifiers = POOL_RAISE_IF_ALLOCATION_FAILURE;
    if (flags == EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE)
        modifiers = POOL_QUOTA_FAIL_INSTEAD_OF_RAISE;
    general_initialize(&list->L, type | modifiers, size, tag);
    list->L.AllocateEx = allocate ? allocate : allocate_ex;
    list->L.FreeEx = free_function ? free_function : free_ex;
    return STATUS_SUCCESS;
}
SB_EXPORT(ExInitializeLookasideListEx)

VOID NTAPI ExFlushLookasideListEx(PLOOKASIDE_LIST_EX list)
{
    PSLIST_ENTRY entry;
    while ((entry = nt_pop_entry(&list->L.ListHead)) != NULL)
        list->L.FreeEx(entry, list);
}
SB_EXPORT(ExFlushLookasideListEx)

VOID NTAPI ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX list)
{
    ExFlushLookasideListEx(list);
}
SB_EXPORT(ExDeleteLookasideListEx)
