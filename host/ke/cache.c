/* Caches and buffers of the processor: coherent here, so that a barrier is all it takes. */
#include "host/ke/schedule.h"

VOID NTAPI nt_KeFlushIoBuffers(PMDL mdl, BOOLEAN is_read, BOOLEAN is_dma)
{
    __asm__ volatile("mfence" : : : "memory");
}
SB_EXPORT_AS("KeFlushIoBuffers", nt_KeFlushIoBuffers)

BOOLEAN NTAPI KeInvalidateAllCaches(VOID)
{
    __asm__ volatile("mfence" : : : "memory");
    return TRUE;
}
SB_EXPORT(KeInvalidateAllCaches)

VOID FASTCALL KeInvalidateRangeAllCaches(PVOID base, ULONG length)
{
    enum { LINE = 64 };
    const char *end = (const char *)base + length;
    __asm__ volatile("mfence" : : : "memory");
    for (const char *line = (const char *)((ULONG_PTR)base & ~(ULONG_PTR)(LINE - 1)); line < end;
         line += LINE)
        __builtin_ia32_clflush(line);
    __asm__ volatile("mfence" : : : "memory");
}
SB_EXPORT(KeInvalidateRangeAllCaches)

VOID NTAPI nt_KeFlushWriteBuffer(VOID)
{
    __asm__ volatile("mfence" : : : "memory");
}
SB_EXPORT_AS("KeFlushWriteBuffer", nt_KeFlushWriteBuffer)

ULONG NTAPI KeGetRecommendedSharedDataAlignment(VOID)
{
    return 64; /* a cache line of every x64 processor */
}
SB_EXPORT(KeGetRecommendedSharedDataAlignment)
