/*
 * Loads a driver whose DriverEntry makes checks (tests/drivers/groups.h), once, and leaves nothing
 * of it behind:
 *
 *   conform SERVICE PATH [GROUP...]    the groups are left out
 *
 * What the driver found is in its debug output. Exit code 0 if Windows started it or if it refused,
 * which is how it says that checks failed; else 1, and the output says why.
 */
#include "service.h"

#include <stdio.h>

/* ERROR_GEN_FAILURE is how a start says that DriverEntry returned STATUS_UNSUCCESSFUL. */
static bool start_and_stop(SC_HANDLE service)
{
    DWORD error = StartServiceW(service, 0, NULL) ? ERROR_SUCCESS : GetLastError();

    printf("the start ended with %lu\n", (unsigned long)error);
    if (error == ERROR_SUCCESS)
        return service_stop(service);
    return error == ERROR_GEN_FAILURE;
}

static bool load(SC_HANDLE manager, int count, WCHAR **arguments)
{
    SC_HANDLE service = service_make(manager, arguments[0], arguments[1]);
    bool holds = service && service_leave_out(arguments[0], count - 2, arguments + 2) &&
                 start_and_stop(service);

    if (service)
        service_forget(manager, service, arguments[0]);
    return holds;
}

int wmain(int argc, WCHAR **argv)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    bool holds;

    if (argc < 3 || !manager)
        return !service_failed("conform SERVICE PATH [GROUP...]", GetLastError());
    holds = load(manager, argc - 1, argv + 1);
    CloseServiceHandle(manager);
    return holds ? 0 : 1;
}
