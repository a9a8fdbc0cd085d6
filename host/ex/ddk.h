/* Documented declarations of executive routines that mingw's headers lack. */
#ifndef SYSBUF_HOST_EX_DDK_H
#define SYSBUF_HOST_EX_DDK_H

#include "host/nt.h"

typedef ULONG64 POOL_FLAGS;
#define POOL_FLAG_USE_QUOTA         0x1ull
#define POOL_FLAG_UNINITIALIZED     0x2ull
#define POOL_FLAG_SESSION           0x4ull
#define POOL_FLAG_CACHE_ALIGNED     0x8ull
#define POOL_FLAG_RAISE_ON_FAILURE  0x20ull
#define POOL_FLAG_NON_PAGED         0x40ull
#define POOL_FLAG_NON_PAGED_EXECUTE 0x80ull
#define POOL_FLAG_PAGED             0x100ull
#define POOL_FLAG_REQUIRED_MASK     0xFFFFFFFFull

#ifndef POOL_ZERO_ALLOCATION
#define POOL_ZERO_ALLOCATION 1024
#endif

enum {
    PoolExtendedParameterInvalidType,
    PoolExtendedParameterPriority,
    PoolExtendedParameterSecurePool,
    PoolExtendedParameterNumaNode,
};

typedef struct {
    ULONG64 Type : 8;
    ULONG64 Optional : 1;
    ULONG64 Reserved : 55;
    ULONG64 Value; /* a union of priority, node and pointers */
} POOL_EXTENDED_PARAMETER;
_Static_assert(sizeof(POOL_EXTENDED_PARAMETER) == 16, "POOL_EXTENDED_PARAMETER");

PVOID NTAPI ExAllocatePool2(POOL_FLAGS flags, SIZE_T size, ULONG tag);
PVOID NTAPI ExAllocatePool3(POOL_FLAGS flags, SIZE_T size, ULONG tag,
                            const POOL_EXTENDED_PARAMETER *parameters, ULONG count);
VOID NTAPI ExFreePool2(PVOID block, ULONG tag, const POOL_EXTENDED_PARAMETER *parameters,
                       ULONG count);

typedef LONG EX_SPIN_LOCK, *PEX_SPIN_LOCK;
KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK lock);
VOID NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK lock);
VOID NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK lock, KIRQL irql);
VOID NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK lock);
KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK lock);
VOID NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK lock);
VOID NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK lock, KIRQL irql);
VOID NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK lock);
LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK lock);
LOGICAL NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK lock);
LOGICAL NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK lock);

VOID NTAPI ExQueryTimerResolution(PULONG longest, PULONG shortest, PULONG current);
NTSTATUS NTAPI ExUuidCreate(UUID *uuid);

#endif
