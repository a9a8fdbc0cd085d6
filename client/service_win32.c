/*
 * A driver as a kernel service, over the service manager.
 */
#include "image.h"
#include "win32.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* How long a service may take to reach a state, and how often it is asked; milliseconds. */
#define STATE_LIMIT    30000
#define STATE_INTERVAL 20

/* ERROR_INVALID_IMAGE_HASH; not in every toolchain's headers. */
#define INVALID_IMAGE_HASH 577

/* A service with the manager it was opened through. */
struct service {
    SC_HANDLE manager;
    SC_HANDLE handle;
};

static enum sb_error service_error(DWORD error)
{
    switch (error) {
    case ERROR_ACCESS_DENIED:
        return SB_ERROR_ACCESS_DENIED;
    case ERROR_SERVICE_DOES_NOT_EXIST:
        return SB_ERROR_NOT_INSTALLED;
    case ERROR_SERVICE_EXISTS:
    case ERROR_DUPLICATE_SERVICE_NAME:
        return SB_ERROR_ALREADY_INSTALLED;
    case ERROR_SERVICE_ALREADY_RUNNING:
        return SB_ERROR_ALREADY_RUNNING;
    case ERROR_SERVICE_NOT_ACTIVE:
        return SB_ERROR_NOT_RUNNING;
    case ERROR_SERVICE_MARKED_FOR_DELETE:
        return SB_ERROR_DELETE_PENDING;
    case ERROR_INVALID_NAME:
        return SB_ERROR_ARGUMENT;
    case ERROR_NOT_ENOUGH_MEMORY:
        return SB_ERROR_NO_MEMORY;
    default:
        return SB_ERROR_SYSTEM;
    }
}

static enum sb_error start_error(DWORD error)
{
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
        return SB_ERROR_FILE_NOT_FOUND;
    case ERROR_BAD_EXE_FORMAT:
    case ERROR_EXE_MACHINE_TYPE_MISMATCH:
        return SB_ERROR_BAD_IMAGE;
    case INVALID_IMAGE_HASH:
    case ERROR_DRIVER_BLOCKED:
        return SB_ERROR_SIGNATURE;
    case ERROR_ACCESS_DENIED: /* the service was opened for starting, so it is DriverEntry's word */
        return SB_ERROR_START_FAILED;
    default:
        return service_error(error) == SB_ERROR_SYSTEM ? SB_ERROR_START_FAILED
                                                       : service_error(error);
    }
}

/* What Windows says of a driver that has no unload routine, is on its way already, or is needed. */
static enum sb_error stop_error(DWORD error)
{
    switch (error) {
    case ERROR_INVALID_SERVICE_CONTROL:
    case ERROR_SERVICE_CANNOT_ACCEPT_CTRL:
    case ERROR_DEPENDENT_SERVICES_RUNNING:
        return SB_ERROR_STOP_FAILED;
    default:
        return service_error(error);
    }
}

static enum sb_error last_service_error(void)
{
    DWORD reason = GetLastError();

    return sb_fail(service_error(reason), reason);
}

static void close_service(const struct service *service)
{
    CloseServiceHandle(service->handle);
    CloseServiceHandle(service->manager);
}

static enum sb_error open_service(const char *name, DWORD access, struct service *service)
{
    enum sb_error error;
    wchar_t *wide;

    error = sb_widen(name, &wide);
    if (error != SB_OK)
        return error;
    service->manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    if (service->manager == NULL) {
        error = last_service_error();
        goto free_name;
    }
    service->handle = OpenServiceW(service->manager, wide, access);
    if (service->handle == NULL) {
        error = last_service_error();
        CloseServiceHandle(service->manager);
    }
free_name:
    free(wide);
    return error;
}

static enum sb_error query_state(const struct service *service, DWORD *state)
{
    SERVICE_STATUS status;

    if (!QueryServiceStatus(service->handle, &status))
        return last_service_error();
    *state = status.dwCurrentState;
    return SB_OK;
}

/* Waits until the service is in the wanted state or stays out of it; *state is the last one seen.
 */
static enum sb_error wait_for_state(const struct service *service, DWORD wanted, DWORD *state)
{
    ULONGLONG end = GetTickCount64() + STATE_LIMIT;
    enum sb_error error;

    for (;;) {
        error = query_state(service, state);
        if (error != SB_OK || *state == wanted || GetTickCount64() >= end)
            return error;
        if (wanted == SERVICE_RUNNING && *state == SERVICE_STOPPED)
            return SB_OK;
        Sleep(STATE_INTERVAL);
    }
}

/* A 32-bit program sees another System32 than the kernel, unless it asks not to. */
static FILE *open_unredirected(const wchar_t *path)
{
    BOOL redirected;
    PVOID before;
    FILE *file;
    int reason;

    redirected = Wow64DisableWow64FsRedirection(&before);
    file = _wfopen(path, L"rb");
    reason = errno;
    if (redirected)
        Wow64RevertWow64FsRedirection(before);
    errno = reason;
    return file;
}

static bool is_folder(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);

    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

static enum sb_error check_image(const wchar_t *path)
{
    FILE *file = open_unredirected(path);
    bool driver;

    if (file == NULL && errno == EACCES && !is_folder(path))
        return sb_fail(SB_ERROR_ACCESS_DENIED, ERROR_ACCESS_DENIED);
    if (file == NULL)
        return sb_fail(SB_ERROR_FILE_NOT_FOUND, ERROR_FILE_NOT_FOUND);
    driver = sb_is_driver_image(file);
    fclose(file);
    return driver ? SB_OK : sb_fail(SB_ERROR_BAD_IMAGE, ERROR_BAD_EXE_FORMAT);
}

/* The full path, allocated. The service manager does not know the current folder. */
static enum sb_error full_path(const char *path, wchar_t **full)
{
    enum sb_error error;
    wchar_t *expanded;
    wchar_t *wide;
    DWORD length;

    error = sb_widen(path, &wide);
    if (error != SB_OK)
        return error;
    length = GetFullPathNameW(wide, 0, NULL, NULL);
    expanded = length != 0 ? calloc(length, sizeof(*expanded)) : NULL;
    if (expanded == NULL || GetFullPathNameW(wide, length, expanded, NULL) == 0) {
        error = sb_fail(length != 0 ? SB_ERROR_NO_MEMORY : SB_ERROR_ARGUMENT, GetLastError());
        free(expanded);
    } else {
        *full = expanded;
    }
    free(wide);
    return error;
}

static enum sb_error create_service(const wchar_t *name, const wchar_t *path)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CREATE_SERVICE);
    enum sb_error error = SB_OK;
    SC_HANDLE created;

    if (manager == NULL)
        return last_service_error();
    created = CreateServiceW(manager, name, name, SERVICE_QUERY_STATUS, SERVICE_KERNEL_DRIVER,
                             SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, path, NULL, NULL, NULL,
                             NULL, NULL);
    if (created == NULL)
        error = last_service_error();
    else
        CloseServiceHandle(created);
    CloseServiceHandle(manager);
    return error;
}

enum sb_error sb_service_install(const char *name, const char *path)
{
    enum sb_error error;
    wchar_t *wide_name;
    wchar_t *wide_path = NULL;

    error = sb_widen(name, &wide_name);
    if (error != SB_OK)
        return error;
    error = full_path(path, &wide_path);
    if (error != SB_OK)
        goto free_name;
    error = check_image(wide_path);
    if (error == SB_OK)
        error = create_service(wide_name, wide_path);
    free(wide_path);
free_name:
    free(wide_name);
    return error;
}

static enum sb_error start_opened(const struct service *service)
{
    enum sb_error error;
    DWORD reason;
    DWORD state = SERVICE_STOPPED;

    if (!StartServiceW(service->handle, 0, NULL)) {
        reason = GetLastError();
        return sb_fail(start_error(reason), reason);
    }
    error = wait_for_state(service, SERVICE_RUNNING, &state);
    if (error != SB_OK)
        return error;
    return state == SERVICE_RUNNING ? SB_OK : sb_fail(SB_ERROR_START_FAILED, ERROR_SUCCESS);
}

enum sb_error sb_service_start(const char *name)
{
    struct service service;
    enum sb_error error;

    error = open_service(name, SERVICE_START | SERVICE_QUERY_STATUS, &service);
    if (error != SB_OK)
        return error;
    error = start_opened(&service);
    close_service(&service);
    return error;
}

static enum sb_error stop_opened(const struct service *service)
{
    enum sb_error error;
    SERVICE_STATUS status;
    DWORD state = SERVICE_STOPPED;
    DWORD reason;

    if (!ControlService(service->handle, SERVICE_CONTROL_STOP, &status)) {
        reason = GetLastError();
        return sb_fail(stop_error(reason), reason);
    }
    error = wait_for_state(service, SERVICE_STOPPED, &state);
    if (error != SB_OK)
        return error;
    return state == SERVICE_STOPPED ? SB_OK : sb_fail(SB_ERROR_STOP_FAILED, WAIT_TIMEOUT);
}

enum sb_error sb_service_stop(const char *name)
{
    struct service service;
    enum sb_error error;

    error = open_service(name, SERVICE_STOP | SERVICE_QUERY_STATUS, &service);
    if (error != SB_OK)
        return error;
    error = stop_opened(&service);
    close_service(&service);
    return error;
}

enum sb_error sb_service_uninstall(const char *name)
{
    struct service service;
    enum sb_error error;

    error = open_service(name, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE, &service);
    if (error != SB_OK)
        return error;
    error = stop_opened(&service);
    if (error == SB_OK || error == SB_ERROR_NOT_RUNNING)
        error = DeleteService(service.handle) ? SB_OK : last_service_error();
    close_service(&service);
    return error;
}

enum sb_error sb_service_status(const char *name, enum sb_service_state *state)
{
    struct service service;
    enum sb_error error;
    DWORD current = SERVICE_STOPPED;

    if (state == NULL)
        return sb_fail(SB_ERROR_ARGUMENT, ERROR_INVALID_PARAMETER);
    error = open_service(name, SERVICE_QUERY_STATUS, &service);
    if (error != SB_OK)
        return error;
    error = query_state(&service, &current);
    if (error == SB_OK)
        *state = current == SERVICE_RUNNING   ? SB_SERVICE_RUNNING
                 : current == SERVICE_STOPPED ? SB_SERVICE_STOPPED
                                              : SB_SERVICE_CHANGING;
    close_service(&service);
    return error;
}
