/* Has a section that is writable and executable. */
#include <sysbuf/driver.h>

__asm__(".section .wild, \"wx\"\n\t.long 0\n\t.text\n");

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    UNREFERENCED_PARAMETER(object);
    UNREFERENCED_PARAMETER(registry_path);
    return STATUS_SUCCESS;
}
