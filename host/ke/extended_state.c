/*
 * Floating point and extended registers. Linux keeps each thread's; a DPC or APC that runs on a
 * thread does so at a call, where Windows' convention lets the volatile ones change. What a driver
 * saves itself is therefore only what it asked for by mask.
 */
#include "host/ke/schedule.h"

enum { XSTATE_TAG = 0x76617358, AREA_ALIGNMENT = 64, CPUID_XSTATE = 0xD };

/* On x64 the kernel may use x87 and SSE registers as it likes: there is nothing to save. */
NTSTATUS NTAPI KeSaveFloatingPointState(PKFLOATING_SAVE save)
{
    save->Dummy = 0;
    return STATUS_SUCCESS;
}
SB_EXPORT(KeSaveFloatingPointState)

NTSTATUS NTAPI KeRestoreFloatingPointState(PKFLOATING_SAVE save)
{
    return STATUS_SUCCESS;
}
SB_EXPORT(KeRestoreFloatingPointState)

static ULONG64 enabled_features(void)
{
    ULONG eax = 1, ebx, ecx, edx, high;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    if (!(ecx & 1u << 27)) /* OSXSAVE */
        return 0;
    __asm__ volatile("xgetbv" : "=a"(eax), "=d"(high) : "c"(0));
    return (ULONG64)high << 32 | eax;
}

static ULONG area_size(void)
{
    ULONG eax = CPUID_XSTATE, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return ebx;
}

NTSTATUS NTAPI KeSaveExtendedProcessorState(ULONG64 mask, PXSTATE_SAVE save)
{
    ULONG64 features = enabled_features() & mask;
    save->XStateContext.Mask = features;
    save->XStateContext.Buffer = NULL;
    if (!features)
        return mask ? STATUS_NOT_SUPPORTED : STATUS_SUCCESS;
    ULONG size = area_size();
    PUCHAR buffer = ExAllocatePoolWithTag(NonPagedPoolNx, size + AREA_ALIGNMENT, XSTATE_TAG);
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(buffer, size + AREA_ALIGNMENT);
    PUCHAR area =
        (PUCHAR)(((ULONG_PTR)buffer + AREA_ALIGNMENT - 1) & ~(ULONG_PTR)(AREA_ALIGNMENT - 1));
    save->Thread = KeGetCurrentThread();
    save->Level = KeGetCurrentIrql();
    save->XStateContext.Length = size;
    save->XStateContext.Buffer = buffer;
    save->XStateContext.Area = (PXSAVE_AREA)area;
    __asm__ volatile("xsave64 (%0)"
                     :
                     : "r"(area), "a"((ULONG)features), "d"((ULONG)(features >> 32))
                     : "memory");
    return STATUS_SUCCESS;
}
SB_EXPORT(KeSaveExtendedProcessorState)

VOID NTAPI KeRestoreExtendedProcessorState(PXSTATE_SAVE save)
{
    ULONG64 features = save->XStateContext.Mask;
    if (!save->XStateContext.Buffer)
        return;
    __asm__ volatile("xrstor64 (%0)"
                     :
                     : "r"(save->XStateContext.Area), "a"((ULONG)features),
                       "d"((ULONG)(features >> 32))
                     : "memory");
    ExFreePoolWithTag(save->XStateContext.Buffer, XSTATE_TAG);
    save->XStateContext.Buffer = NULL;
}
SB_EXPORT(KeRestoreExtendedProcessorState)
