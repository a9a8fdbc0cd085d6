#include "executive.h"

void check_time(void)
{
    LARGE_INTEGER now, local, back;
    KeQuerySystemTime(&now);
    ExSystemTimeToLocalTime(&now, &local);
    ExLocalTimeToSystemTime(&local, &back);
    CHECK(back.QuadPart == now.QuadPart);
    CHECK((local.QuadPart - now.QuadPart) % 600000000 == 0);
}

void check_timer_resolution(void)
{
    CHECK(ExSetTimerResolution(10000, TRUE) >= 5000);
}

void check_uuid(void)
{
    UUID first, second;
    CHECK_STATUS(STATUS_SUCCESS, ExUuidCreate(&first));
    CHECK_STATUS(STATUS_SUCCESS, ExUuidCreate(&second));
    CHECK(!RtlEqualMemory(&first, &second, sizeof(first)));
    CHECK((first.Data3 >> 12) == 4 && (first.Data4[0] & 0xC0) == 0x80);
}

/* With the import's own indirection: what is imported is the variable's address. */
void check_variables(void)
{
    PULONG build = routine(L"NtBuildNumber");
    PCHAR processors = routine(L"KeNumberProcessors");
    PBOOLEAN not_present = routine(L"KdDebuggerNotPresent"),
             enabled = routine(L"KdDebuggerEnabled");
    PULONG safe_mode = routine(L"InitSafeBootMode");
    PVOID *section_type = routine(L"MmSectionObjectType"),
          *file_type = routine(L"IoFileObjectType");
    PVOID *range_start = routine(L"MmSystemRangeStart");
    CHECK((*build & 0xFFFF) >= 19041 && *processors >= 1);
    CHECK(*not_present == TRUE && *enabled == FALSE && *safe_mode == 0);
    CHECK(*section_type && *file_type && *section_type != *file_type);
    CHECK(*range_start == MmSystemRangeStart);
    CHECK(MmUserProbeAddress < (ULONG_PTR)MmSystemRangeStart);
    PVOID block = ExAllocatePoolWithTag(NonPagedPoolNx, 100, TAG);
    CHECK(block >= MmSystemRangeStart);
    ExFreePoolWithTag(block, TAG);
}

void check_tick_count(void)
{
    volatile LONGLONG *ticks = routine(L"KeTickCount");
    LONGLONG before = *ticks;
    LARGE_INTEGER moment = {.QuadPart = -400000};
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
    CHECK(*ticks > before);
}

void check_features(void)
{
    CHECK(ExIsProcessorFeaturePresent(PF_XMMI64_INSTRUCTIONS_AVAILABLE));
    CHECK(!ExIsProcessorFeaturePresent(0xFF));
    CHECK(ExGetPreviousMode() == KernelMode);
}
