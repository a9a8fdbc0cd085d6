/* Imports routines that no kernel has, and exports two names of its own; shown and refused only. */
#include <ntifs.h>

__declspec(dllimport) NTSTATUS NTAPI KeNoSuchRoutine(void);
__declspec(dllimport) NTSTATUS NTAPI HalpNoSuchRoutine(void);

__declspec(dllexport) NTSTATUS NTAPI LackingCall(void)
{
    return KeNoSuchRoutine();
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    (void)driver;
    (void)registry_path;
    DbgPrint("lacking\n");
    return HalpNoSuchRoutine();
}
