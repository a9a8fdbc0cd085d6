/* Ex from the inside: everything is checked in DriverEntry, which fails when a check does. */
#include "executive.h"

#include "groups.h"

CHECK_DEFINITIONS("executive")

PKTHREAD start_thread(PKSTART_ROUTINE routine, void *context)
{
    HANDLE handle;
    PVOID thread = NULL;
    CHECK_STATUS(STATUS_SUCCESS, PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                                      routine, context));
    CHECK_STATUS(STATUS_SUCCESS,
                 ObReferenceObjectByHandle(handle, SYNCHRONIZE, NULL, KernelMode, &thread, NULL));
    ZwClose(handle);
    return thread;
}

void join(PKTHREAD thread)
{
    CHECK_STATUS(STATUS_SUCCESS, KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL));
    ObDereferenceObject(thread);
}

void sleep_a_moment(void)
{
    LARGE_INTEGER moment = {.QuadPart = -100000};
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
}

void *routine(const wchar_t *name)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, name);
    void *address = MmGetSystemRoutineAddress(&string);
    CHECK(address != NULL);
    return address;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

static struct check_group groups[] = {EXECUTIVE_GROUPS(CHECK_GROUP_ITEM)};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverUnload = unload;
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    return groups_result();
}
