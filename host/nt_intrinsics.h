/*
 * The compiler intrinsics that the DDK headers expect, for a native build: interlocked operations,
 * segment reads and the like. Declared before <ntifs.h>, hence in plain C types.
 */
#ifndef SYSBUF_HOST_NT_INTRINSICS_H
#define SYSBUF_HOST_NT_INTRINSICS_H

/* 32 bits on Windows; the native `long` has 64, so these take int and are cast by type-generic use.
 */
#define SB_ATOMIC(value)                     __atomic_load_n(&(value), __ATOMIC_SEQ_CST)
#define _InterlockedIncrement(p)             __atomic_add_fetch((p), 1, __ATOMIC_SEQ_CST)
#define _InterlockedDecrement(p)             __atomic_sub_fetch((p), 1, __ATOMIC_SEQ_CST)
#define _InterlockedExchange(p, v)           __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define _InterlockedExchangeAdd(p, v)        __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define _InterlockedAnd(p, v)                __atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST)
#define _InterlockedOr(p, v)                 __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)
#define _InterlockedXor(p, v)                __atomic_fetch_xor((p), (v), __ATOMIC_SEQ_CST)
#define _InterlockedCompareExchange(p, v, c) __sync_val_compare_and_swap((p), (c), (v))
#define _InterlockedIncrement64              _InterlockedIncrement
#define _InterlockedDecrement64              _InterlockedDecrement
#define _InterlockedExchange64               _InterlockedExchange
#define _InterlockedExchangeAdd64            _InterlockedExchangeAdd
#define _InterlockedCompareExchange64        _InterlockedCompareExchange
#define _InterlockedExchangePointer          _InterlockedExchange
#define _InterlockedCompareExchangePointer   _InterlockedCompareExchange

static inline __attribute__((always_inline)) unsigned long long __readgsqword(unsigned offset)
{
    unsigned long long value;
    __asm__ volatile("movq %%gs:(%q1), %0" : "=r"(value) : "r"((unsigned long long)offset));
    return value;
}

static inline __attribute__((always_inline)) unsigned char __readgsbyte(unsigned offset)
{
    unsigned char value;
    __asm__ volatile("movb %%gs:(%q1), %0" : "=q"(value) : "r"((unsigned long long)offset));
    return value;
}

/* Only the renamed inline routines of wdm.h use these; nothing of the host calls them. */
static inline unsigned long long __readcr8(void)
{
    __builtin_trap();
}

static inline void __writecr8(unsigned long long value)
{
    (void)value;
    __builtin_trap();
}

static inline void _mm_pause_nt(void)
{
    __builtin_ia32_pause();
}
#define _mm_pause _mm_pause_nt

#endif
