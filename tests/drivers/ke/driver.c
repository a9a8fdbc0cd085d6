#include "ke.h"

#include "groups.h"

CHECK_DEFINITIONS("ke")

PVOID ke_routine(PCWSTR name)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, name);
    return MmGetSystemRoutineAddress(&string);
}

__attribute__((noinline)) LARGE_INTEGER ke_now(void)
{
    LARGE_INTEGER now;
    KeQuerySystemTime(&now);
    return now;
}

PKTHREAD ke_start(PKSTART_ROUTINE routine, PVOID context)
{
    HANDLE handle;
    PVOID thread = NULL;
    NTSTATUS status =
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, context);
    CHECK(status == STATUS_SUCCESS);
    status = ObReferenceObjectByHandle(handle, SYNCHRONIZE, NULL, KernelMode, &thread, NULL);
    CHECK(status == STATUS_SUCCESS);
    ZwClose(handle);
    return thread;
}

void ke_join(PKTHREAD thread)
{
    CHECK(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    ObDereferenceObject(thread);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
}

static struct check_group groups[] = {KE_GROUPS(CHECK_GROUP_ITEM)};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverUnload = unload;
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    return groups_result();
}
