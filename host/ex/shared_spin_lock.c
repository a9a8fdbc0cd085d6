/*
 * Reader-writer spin locks: a LONG. Bit 31: held exclusively; bit 30: a writer waits, so that no
 * new reader enters; below: the readers.
 */
#include "host/ex/ddk.h"
#include "host/ex/ex.h"

static const ULONG exclusive_bit = 0x80000000u, waiting_bit = 0x40000000u;

static ULONG load(PEX_SPIN_LOCK lock)
{
    return (ULONG)__atomic_load_n(lock, __ATOMIC_RELAXED);
}

static BOOLEAN exchange(PEX_SPIN_LOCK lock, ULONG expected, ULONG wanted)
{
    LONG before = (LONG)expected;
    return __atomic_compare_exchange_n(lock, &before, (LONG)wanted, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

VOID NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK lock)
{
    schedule_choice(current_machine());
    ULONG turns = 0, value = load(lock);
    while ((value & (exclusive_bit | waiting_bit)) || !exchange(lock, value, value + 1)) {
        schedule_spin_on(lock, value, &turns);
        value = load(lock);
    }
}
SB_EXPORT(ExAcquireSpinLockSharedAtDpcLevel)

LOGICAL NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK lock)
{
    ULONG value = load(lock);
    return !(value & (exclusive_bit | waiting_bit)) && exchange(lock, value, value + 1);
}
SB_EXPORT(ExTryAcquireSpinLockSharedAtDpcLevel)

VOID NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK lock)
{
    __atomic_sub_fetch(lock, 1, __ATOMIC_RELEASE);
    schedule_choice(current_machine());
}
SB_EXPORT(ExReleaseSpinLockSharedFromDpcLevel)

VOID NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK lock)
{
    schedule_choice(current_machine());
    ULONG turns = 0, value = load(lock);
    while ((value & ~waiting_bit) || !exchange(lock, value, exclusive_bit)) {
        if (value & ~waiting_bit)
            value = (ULONG)__atomic_or_fetch(lock, (LONG)waiting_bit, __ATOMIC_RELAXED);
        schedule_spin_on(lock, value, &turns);
        value = load(lock);
    }
}
SB_EXPORT(ExAcquireSpinLockExclusiveAtDpcLevel)

LOGICAL NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK lock)
{
    ULONG value = load(lock);
    return !(value & ~waiting_bit) && exchange(lock, value, exclusive_bit);
}
SB_EXPORT(ExTryAcquireSpinLockExclusiveAtDpcLevel)

/* Another writer's wish, if there is one, stays. */
VOID NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK lock)
{
    __atomic_and_fetch(lock, (LONG)~exclusive_bit, __ATOMIC_RELEASE);
    schedule_choice(current_machine());
}
SB_EXPORT(ExReleaseSpinLockExclusiveFromDpcLevel)

/* Only the sole reader may become the writer. */
LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK lock)
{
    ULONG value = load(lock);
    return (value & ~waiting_bit) == 1 && exchange(lock, value, exclusive_bit);
}
SB_EXPORT(ExTryConvertSharedSpinLockExclusive)

KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK lock)
{
    KIRQL irql = KfRaiseIrql(DISPATCH_LEVEL);
    ExAcquireSpinLockSharedAtDpcLevel(lock);
    return irql;
}
SB_EXPORT(ExAcquireSpinLockShared)

VOID NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK lock, KIRQL irql)
{
    ExReleaseSpinLockSharedFromDpcLevel(lock);
    KeLowerIrql(irql);
}
SB_EXPORT(ExReleaseSpinLockShared)

KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK lock)
{
    KIRQL irql = KfRaiseIrql(DISPATCH_LEVEL);
    ExAcquireSpinLockExclusiveAtDpcLevel(lock);
    return irql;
}
SB_EXPORT(ExAcquireSpinLockExclusive)

VOID NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK lock, KIRQL irql)
{
    ExReleaseSpinLockExclusiveFromDpcLevel(lock);
    KeLowerIrql(irql);
}
SB_EXPORT(ExReleaseSpinLockExclusive)
