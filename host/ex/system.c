/* What Ex says about the machine and the caller. */
#include <cpuid.h>

#include "host/ex/ex.h"

#undef ExGetPreviousMode
KPROCESSOR_MODE NTAPI ExGetPreviousMode(VOID)
{
    return current_thread()->Tcb.previous_mode;
}
SB_EXPORT(ExGetPreviousMode)

/* A bit of the processor's own description: leaf, register (eax, ebx, ecx, edx), bit. */
struct feature {
    UCHAR number; /* PF_... */
    UCHAR leaf, index, bit;
};

enum { EBX = 1, ECX = 2, EDX = 3 };

static const struct feature features[] = {
    {PF_COMPARE_EXCHANGE_DOUBLE, 1, EDX, 8},
    {PF_MMX_INSTRUCTIONS_AVAILABLE, 1, EDX, 23},
    {PF_XMMI_INSTRUCTIONS_AVAILABLE, 1, EDX, 25},
    {PF_XMMI64_INSTRUCTIONS_AVAILABLE, 1, EDX, 26},
    {PF_RDTSC_INSTRUCTION_AVAILABLE, 1, EDX, 4},
    {PF_PAE_ENABLED, 1, EDX, 6},
    {PF_SSE3_INSTRUCTIONS_AVAILABLE, 1, ECX, 0},
    {PF_COMPARE_EXCHANGE128, 1, ECX, 13},
    {PF_XSAVE_ENABLED, 1, ECX, 27},
    {30 /* RDRAND */, 1, ECX, 30},
    {36 /* SSSE3 */, 1, ECX, 9},
    {37 /* SSE4.1 */, 1, ECX, 19},
    {38 /* SSE4.2 */, 1, ECX, 20},
    {39 /* AVX */, 1, ECX, 28},
    {40 /* AVX2 */, 7, EBX, 5},
    {41 /* AVX512F */, 7, EBX, 16},
};

BOOLEAN NTAPI ExIsProcessorFeaturePresent(ULONG number)
{
    if (number == PF_NX_ENABLED || number == 23 /* fast fail */)
        return TRUE;
    for (ULONG i = 0; i < RTL_NUMBER_OF(features); i++) {
        unsigned registers[4];
        if (features[i].number != number)
            continue;
        if (!__get_cpuid_count(features[i].leaf, 0, &registers[0], &registers[1], &registers[2],
                               &registers[3]))
            return FALSE;
        return (registers[features[i].index] >> features[i].bit) & 1;
    }
    return FALSE;
}
SB_EXPORT(ExIsProcessorFeaturePresent)

/* A workstation of one interactive session, as RtlGetVersion says. */
BOOLEAN NTAPI ExVerifySuite(SUITE_TYPE suite)
{
    return suite == TerminalServer || suite == SingleUserTS;
}
SB_EXPORT(ExVerifySuite)

/* There is no firmware: what NT answers on a machine without UEFI. */
NTSTATUS NTAPI nt_ExGetFirmwareEnvironmentVariable(PUNICODE_STRING name, LPGUID vendor, PVOID value,
                                                   PULONG length, PULONG attributes)
{
    return STATUS_NOT_IMPLEMENTED;
}
SB_EXPORT_AS("ExGetFirmwareEnvironmentVariable", nt_ExGetFirmwareEnvironmentVariable)

NTSTATUS NTAPI nt_ExSetFirmwareEnvironmentVariable(PUNICODE_STRING name, LPGUID vendor, PVOID value,
                                                   ULONG length, ULONG attributes)
{
    return STATUS_NOT_IMPLEMENTED;
}
SB_EXPORT_AS("ExSetFirmwareEnvironmentVariable", nt_ExSetFirmwareEnvironmentVariable)
