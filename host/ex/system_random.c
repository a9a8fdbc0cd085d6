/* Random numbers of the cryptographic libraries (cng.sys, and ksecdd.sys, which has the same): the
 * only algorithm they offer here. */
#include "host/ex/ex.h"
#include "host/rtl/rtl.h"

enum { RANDOM = 0x474E5253, SYSTEM_PREFERRED = 2 };

static const WCHAR random_name[] = L"RNG";

/* The provider's handle: nothing about it changes. */
static const ULONG provider = RANDOM;

NTSTATUS NTAPI BCryptOpenAlgorithmProvider(PVOID *opened, PCWSTR algorithm, PCWSTR implementation,
                                           ULONG flags);
NTSTATUS NTAPI BCryptOpenAlgorithmProvider(PVOID *opened, PCWSTR algorithm, PCWSTR implementation,
                                           ULONG flags)
{
    UNICODE_STRING wanted, known = SB_UNICODE(random_name);
    if (!opened || !algorithm)
        return STATUS_INVALID_PARAMETER;
    RtlInitUnicodeString(&wanted, algorithm);
    if (!RtlEqualUnicodeString(&wanted, &known, FALSE))
        return STATUS_NOT_FOUND;
    *opened = (PVOID)&provider;
    return STATUS_SUCCESS;
}
SB_EXPORT_FROM("cng.sys", BCryptOpenAlgorithmProvider)
SB_EXPORT_FROM("ksecdd.sys", BCryptOpenAlgorithmProvider)

NTSTATUS NTAPI BCryptCloseAlgorithmProvider(PVOID opened, ULONG flags);
NTSTATUS NTAPI BCryptCloseAlgorithmProvider(PVOID opened, ULONG flags)
{
    return opened == &provider ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}
SB_EXPORT_FROM("cng.sys", BCryptCloseAlgorithmProvider)
SB_EXPORT_FROM("ksecdd.sys", BCryptCloseAlgorithmProvider)

/* From Linux's generator. Without a provider the flag must say that the system's own is meant. */
NTSTATUS NTAPI BCryptGenRandom(PVOID opened, PUCHAR buffer, ULONG size, ULONG flags);
NTSTATUS NTAPI BCryptGenRandom(PVOID opened, PUCHAR buffer, ULONG size, ULONG flags)
{
    UCHAR part[64];
    if (opened ? opened != &provider : !(flags & SYSTEM_PREFERRED))
        return STATUS_INVALID_HANDLE;
    if (!buffer)
        return STATUS_INVALID_PARAMETER;
    for (ULONG done = 0; done < size; done += sizeof(part)) {
        linux_random(part, sizeof(part));
        RtlCopyMemory(buffer + done, part, size - done < sizeof(part) ? size - done : sizeof(part));
    }
    return STATUS_SUCCESS;
}
SB_EXPORT_FROM("cng.sys", BCryptGenRandom)
SB_EXPORT_FROM("ksecdd.sys", BCryptGenRandom)

BOOLEAN NTAPI SystemPrng(PUCHAR buffer, SIZE_T size);
BOOLEAN NTAPI SystemPrng(PUCHAR buffer, SIZE_T size)
{
    return size <= MAXULONG &&
           NT_SUCCESS(BCryptGenRandom(NULL, buffer, (ULONG)size, SYSTEM_PREFERRED));
}
SB_EXPORT_FROM("ksecdd.sys", SystemPrng)
