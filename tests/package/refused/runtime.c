/* Imports from the C runtime of applications. */
#include <sysbuf/driver.h>

int puts(const char *text);

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    UNREFERENCED_PARAMETER(object);
    UNREFERENCED_PARAMETER(registry_path);
    return puts("hello") >= 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
