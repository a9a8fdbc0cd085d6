#include "service.h"

#include <stdio.h>

static const WCHAR services[] = L"SYSTEM\\CurrentControlSet\\Services\\";

bool service_failed(const char *what, DWORD error)
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

bool service_leave_out(const WCHAR *name, int count, WCHAR **groups)
{
    static WCHAR text[4096];
    WCHAR key[260];
    DWORD length = join(text, ARRAYSIZE(text), count, groups);
    LSTATUS status;

    if (!length)
        return service_failed("the groups", ERROR_BUFFER_OVERFLOW);
    lstrcpynW(key, services, ARRAYSIZE(key));
    lstrcpynW(key + lstrlenW(key), name, 100);
    status = RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, L"Skip", REG_MULTI_SZ, text,
                             length * sizeof(WCHAR));
    return status == ERROR_SUCCESS || service_failed("the value Skip", (DWORD)status);
}

bool service_stop(SC_HANDLE service)
{
    SERVICE_STATUS status;

    return ControlService(service, SERVICE_CONTROL_STOP, &status) ||
           service_failed("stop", GetLastError());
}

/* Also what the registry driver keeps below a key of its own. */
static void remove_leftovers(SC_HANDLE manager, const WCHAR *name)
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

SC_HANDLE service_make(SC_HANDLE manager, WCHAR *name, WCHAR *path)
{
    SC_HANDLE service;

    remove_leftovers(manager, name);
    service = CreateServiceW(manager, name, NULL, SERVICE_ALL_ACCESS, SERVICE_KERNEL_DRIVER,
                             SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, path, NULL, NULL, NULL,
                             NULL, NULL);
    if (!service)
        service_failed("create", GetLastError());
    return service;
}

void service_forget(SC_HANDLE manager, SC_HANDLE service, const WCHAR *name)
{
    CloseServiceHandle(service);
    remove_leftovers(manager, name);
}
