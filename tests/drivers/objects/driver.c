/* Loading it is the test, on any runtime: DriverEntry checks and refuses when a check fails. */
#include "objects.h"

#include "groups.h"

CHECK_DEFINITIONS("objects")

PDRIVER_OBJECT this_driver;

static struct check_group groups[] = {OBJECTS_GROUPS(CHECK_GROUP_ITEM)};

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverUnload = unload;
    this_driver = driver;
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    return groups_result();
}
