/* Ex from the inside: everything is checked in DriverEntry, which fails when a check does. */
#include "executive.h"

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

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverUnload = unload;
    check_pool();
    check_lists();
    check_resources();
    check_locks();
    check_work();
    check_system();
    DbgPrint("executive: %u checks, %u failed\n", checks, failures);
    return failures ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}
