/* Routines of several components that drivers written elsewhere import, checked in DriverEntry. */
#include "services.h"

#include "groups.h"

CHECK_DEFINITIONS("services")

PDRIVER_OBJECT services_driver;

void *routine(const wchar_t *name)
{
    UNICODE_STRING string;
    void *address;

    RtlInitUnicodeString(&string, name);
    address = MmGetSystemRoutineAddress(&string);
    CHECK(address != NULL);
    return address;
}

struct errand {
    void (*function)(void *context);
    void *context;
};

static VOID NTAPI run_errand(PVOID context)
{
    struct errand *errand = context;

    errand->function(errand->context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

void on_another_thread(void (*function)(void *context), void *context)
{
    struct errand errand = {function, context};
    HANDLE handle;

    CHECK_STATUS(STATUS_SUCCESS, PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                                      run_errand, &errand));
    CHECK_STATUS(STATUS_SUCCESS, ZwWaitForSingleObject(handle, FALSE, NULL));
    ZwClose(handle);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

static struct check_group groups[] = {SERVICES_GROUPS(CHECK_GROUP_ITEM)};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverUnload = unload;
    services_driver = driver;
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    return groups_result();
}
