#include "ke.h"

static LONG checks, failures;

void ke_check(BOOLEAN condition, const char *text, const char *file, int line)
{
    InterlockedIncrement(&checks);
    if (condition)
        return;
    InterlockedIncrement(&failures);
    while (strchr(file, '/'))
        file = strchr(file, '/') + 1;
    DbgPrint("ke: %s line %d: %s\n", file, line, text);
}

PVOID ke_routine(PCWSTR name)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, name);
    return MmGetSystemRoutineAddress(&string);
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

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverUnload = unload;
    check_irql();
    check_locks();
    check_events();
    check_mutexes();
    check_timers();
    check_dpcs();
    check_queues();
    check_apcs();
    check_processors();
    check_times();
    check_threads();
    DbgPrint("ke: %d checks, %d failed\n", checks, failures);
    return failures ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}
