/* The random numbers of ksecdd.sys. */
#include "libraries.h"

NTSTATUS NTAPI BCryptOpenAlgorithmProvider(PVOID *provider, PCWSTR name, PCWSTR implementation,
                                           ULONG flags);
NTSTATUS NTAPI BCryptCloseAlgorithmProvider(PVOID provider, ULONG flags);
NTSTATUS NTAPI BCryptGenRandom(PVOID provider, PUCHAR buffer, ULONG size, ULONG flags);

enum { SYSTEM_PREFERRED = 2 };

void check_random(void)
{
    UCHAR first[100] = {0}, second[100] = {0};
    PVOID provider = NULL;
    ULONG zeros = 0;

    CHECK_STATUS(STATUS_INVALID_HANDLE, BCryptGenRandom(NULL, first, sizeof first, 0));
    CHECK_STATUS(STATUS_SUCCESS, BCryptGenRandom(NULL, first, sizeof first - 1, SYSTEM_PREFERRED));
    CHECK(first[sizeof first - 1] == 0);
    CHECK_STATUS(STATUS_NOT_FOUND, BCryptOpenAlgorithmProvider(&provider, L"NONE", NULL, 0));
    CHECK_STATUS(STATUS_SUCCESS, BCryptOpenAlgorithmProvider(&provider, L"RNG", NULL, 0));
    CHECK_STATUS(STATUS_SUCCESS, BCryptGenRandom(provider, second, sizeof second, 0));
    CHECK_STATUS(STATUS_SUCCESS, BCryptCloseAlgorithmProvider(provider, 0));
    CHECK(RtlCompareMemory(first, second, sizeof first) < sizeof first / 2);
    for (ULONG i = 0; i < sizeof second; i++)
        zeros += second[i] == 0;
    CHECK(zeros < sizeof second / 4);
}
