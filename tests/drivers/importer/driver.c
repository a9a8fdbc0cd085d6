/* Imports a routine, a variable and a forwarded routine of another driver. */
#include <ntddk.h>

__declspec(dllimport) extern ULONG ExporterValue;
__declspec(dllimport) ULONG ExporterAdd(ULONG value);
__declspec(dllimport) ULONG __cdecl ExporterPrint(PCSTR format, ...);

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
    ExporterPrint("importer: %lu\n", ExporterAdd(2));
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverUnload = unload;
    return ExporterValue == 40 && ExporterAdd(2) == 42 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
