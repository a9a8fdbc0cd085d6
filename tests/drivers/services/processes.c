/* Processes seen from a driver: their environment block, image name, memory. */
#include "services.h"

typedef PVOID(NTAPI *of_process)(PEPROCESS process);
typedef PVOID(NTAPI *of_current)(void);
typedef NTSTATUS(NTAPI *copy_memory)(PEPROCESS from, PVOID source, PEPROCESS to, PVOID target,
                                     SIZE_T length, KPROCESSOR_MODE mode, PSIZE_T copied);

/* DriverEntry runs in the System process, which has none. */
void check_environment_block(void)
{
    of_process block = routine(L"PsGetProcessPeb");
    of_process wow64 = routine(L"PsGetProcessWow64Process");
    of_current current = routine(L"PsGetCurrentProcessWow64Process");

    CHECK(block(PsInitialSystemProcess) == NULL);
    CHECK(wow64(PsInitialSystemProcess) == NULL);
    CHECK(current() == NULL);
}

void check_image_name(void)
{
    PUNICODE_STRING name = NULL;

    CHECK_STATUS(STATUS_SUCCESS, SeLocateProcessImageName(PsInitialSystemProcess, &name));
    CHECK(name && name->Length == 0);
    if (name)
        ExFreePool(name);
}

void check_copy_between(void)
{
    copy_memory copy = routine(L"MmCopyVirtualMemory");
    PEPROCESS self = PsGetCurrentProcess();
    char from[16] = "between copies", to[16] = "";
    SIZE_T done = 77;

    CHECK_STATUS(STATUS_SUCCESS, copy(self, from, self, to, sizeof from, KernelMode, &done));
    CHECK(done == sizeof from && RtlCompareMemory(from, to, sizeof from) == sizeof from);
    CHECK_STATUS(STATUS_PARTIAL_COPY, copy(self, from, self, to, sizeof from, UserMode, &done));
    CHECK(done == 0);
    CHECK_STATUS(STATUS_PARTIAL_COPY,
                 copy(self, (PVOID)0x10000, self, to, sizeof to, KernelMode, &done));
    CHECK(done == 0);
}
