/* Imports a routine that Wine 8 lacks. */
#include <sysbuf/driver.h>

NTSYSAPI PVOID NTAPI ExAllocatePool2(ULONG64 flags, SIZE_T length, ULONG tag);

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    UNREFERENCED_PARAMETER(object);
    UNREFERENCED_PARAMETER(registry_path);
    return ExAllocatePool2(64, 100, 0x74736574) != NULL ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}
