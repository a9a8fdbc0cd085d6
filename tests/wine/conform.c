/*
 * Loads a driver whose DriverEntry makes checks (tests/drivers/groups.h), once, and leaves nothing
 * of it behind:
 *
 *   conform SERVICE PATH [GROUP...]    the groups are left out
 *
 * What the driver found is in its debug output. Exit code 0 if Windows started it or if it refused,
 * which is how it says that checks failed; else 1, and the output says why.
 */
#include <windows.h>

#include <stdbool.h>
#include <stdio.h>

static const WCHAR services[] = L"SYSTEM\\CurrentControlSet\\Services\\";

static bool failed(const char *what, DWORD error)
{
    printf("%s: system error %lu\n", what, (unsigned long)error);
    return false;
}

/* The names one after the other, each with its end, and an empty one: REG_MULTI_SZ. */
static DWORD join(WCHAR *text, DWORD room, int count, WCHAR **names)
{
    DWORD used = 0;

    for (int i = 0; i < count; i++) {
        DWORD length = (DWORD)lstrlenW(names[i]) + 1;
        if (used + length + 1 > room)
            return 0;
        CopyMemory(text + used, names[i], length * sizeof(WCHAR));
        used += length;
    }
    text[used++] = 0;
    return used;
}

static bool leave_out(const WCHAR *service, int count, WCHAR **groups)
{
    static WCHAR text[4096];
    WCHAR name[260];
    DWORD length = join(text, ARRAYSIZE(text), count, groups);
    LSTATUS status;

    if (!length)
        return failed("the groups", ERROR_BUFFER_OVERFLOW);
    lstrcpynW(name, services, ARRAYSIZE(name));
    lstrcpynW(name + lstrlenW(name), service, 100);
    status = RegSetKeyValueW(HKEY_LOCAL_MACHINE, name, L"Skip", REG_MULTI_SZ, text,
                             length * sizeof(WCHAR));
    return status == ERROR_SUCCESS || failed("the value Skip", (DWORD)status);
}

/* ERROR_GEN_FAILURE is how a start says that DriverEntry returned STATUS_UNSUCCESSFUL. */
static bool start_and_stop(SC_HANDLE service)
{
    SERVICE_STATUS status;
    DWORD error = StartServiceW(service, 0, NULL) ? ERROR_SUCCESS : GetLastError();

    printf("the start ended with %lu\n", (unsigned long)error);
    if (error == ERROR_SUCCESS)
        return ControlService(service, SERVICE_CONTROL_STOP, &status) ||
               failed("stop", GetLastError());
    return error == ERROR_GEN_FAILURE;
}

/* Also what the registry driver keeps below a key of its own. */
static void forget(SC_HANDLE manager, const WCHAR *name)
{
    SC_HANDLE service = OpenServiceW(manager, name, SERVICE_ALL_ACCESS);
    HKEY key;

    if (service) {
        DeleteService(service);
        CloseServiceHandle(service);
    }
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, services, 0, KEY_ALL_ACCESS, &key) == ERROR_SUCCESS) {
        RegDeleteTreeW(key, L"CmTest");
        RegCloseKey(key);
    }
}

static bool load(SC_HANDLE manager, int count, WCHAR **arguments)
{
    SC_HANDLE service;
    bool holds;

    forget(manager, arguments[0]);
    service = CreateServiceW(manager, arguments[0], NULL, SERVICE_ALL_ACCESS, SERVICE_KERNEL_DRIVER,
                             SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, arguments[1], NULL, NULL,
                             NULL, NULL, NULL);
    if (!service)
        return failed("create", GetLastError());
    holds = leave_out(arguments[0], count - 2, arguments + 2) && start_and_stop(service);
    CloseServiceHandle(service);
    forget(manager, arguments[0]);
    return holds;
}

int wmain(int argc, WCHAR **argv)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    bool holds;

    if (argc < 3 || !manager)
        return !failed("conform SERVICE PATH [GROUP...]", GetLastError());
    holds = load(manager, argc - 1, argv + 1);
    CloseServiceHandle(manager);
    return holds ? 0 : 1;
}
