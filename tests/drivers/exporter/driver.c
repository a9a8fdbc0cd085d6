/* A driver that other drivers import from: a routine, a variable, and a name forwarded to the
 * kernel. */
#include <ntddk.h>

__declspec(dllexport) ULONG ExporterValue = 40;

__declspec(dllexport) ULONG ExporterAdd(ULONG value)
{
    return ExporterValue + value;
}

/* Called when it is loaded for its importers, without a DriverEntry. */
NTSTATUS NTAPI DllInitialize(PUNICODE_STRING path);
NTSTATUS NTAPI DllInitialize(PUNICODE_STRING path)
{
    DbgPrint("exporter: %wZ\n", path);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DllUnload(VOID);
NTSTATUS NTAPI DllUnload(VOID)
{
    DbgPrint("exporter: unloaded\n");
    return STATUS_SUCCESS;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
