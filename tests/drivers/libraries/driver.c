/* Routines of other modules than the kernel's, wmilib.sys and ksecdd.sys, checked in DriverEntry.
 */
#include "libraries.h"

#include "groups.h"

CHECK_DEFINITIONS("libraries")

PDRIVER_OBJECT libraries_driver;

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

static struct check_group groups[] = {LIBRARIES_GROUPS(CHECK_GROUP_ITEM)};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverUnload = unload;
    libraries_driver = driver;
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    return groups_result();
}
