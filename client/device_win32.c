/*
 * Opening a device and closing it, over CreateFile. It is opened for overlapped I/O: call_win32.c
 * says why.
 */
#include "device_win32.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>

enum sb_error sb_refuse(enum sb_error error)
{
    switch (error) {
    case SB_ERROR_ARGUMENT:
        return sb_fail(error, ERROR_INVALID_PARAMETER);
    case SB_ERROR_NO_MEMORY:
        return sb_fail(error, ERROR_NOT_ENOUGH_MEMORY);
    case SB_ERROR_CLOSED:
        return sb_fail(error, ERROR_OPERATION_ABORTED);
    default:
        return sb_fail(error, ERROR_NOT_SUPPORTED);
    }
}

/* The toolkit's drivers never refuse administrators, so what does is the exclusive open. */
static bool is_administrator(void)
{
    SID_IDENTIFIER_AUTHORITY authority = SECURITY_NT_AUTHORITY;
    BOOL member = FALSE;
    PSID administrators;

    if (!AllocateAndInitializeSid(&authority, 2, SECURITY_BUILTIN_DOMAIN_RID,
                                  DOMAIN_ALIAS_RID_ADMINS, 0, 0, 0, 0, 0, 0, &administrators))
        return false;
    if (!CheckTokenMembership(NULL, administrators, &member))
        member = FALSE;
    FreeSid(administrators);
    return member != FALSE;
}

static enum sb_error open_error(DWORD error)
{
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
        return SB_ERROR_NOT_FOUND;
    case ERROR_SHARING_VIOLATION:
        return SB_ERROR_BUSY;
    case ERROR_ACCESS_DENIED:
        return is_administrator() ? SB_ERROR_BUSY : SB_ERROR_ACCESS_DENIED;
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
        return SB_ERROR_ARGUMENT;
    default:
        return SB_ERROR_SYSTEM;
    }
}

enum sb_error sb_open(const char *path, struct sb_client **client)
{
    struct sb_client *opened;
    enum sb_error error;
    wchar_t *wide;
    DWORD reason;

    if (client == NULL || path == NULL || strncmp(path, "\\\\.\\", 4) != 0)
        return sb_refuse(SB_ERROR_ARGUMENT);
    error = sb_widen(path, &wide);
    if (error != SB_OK)
        return error;
    opened = calloc(1, sizeof(*opened));
    if (opened == NULL) {
        free(wide);
        return sb_refuse(SB_ERROR_NO_MEMORY);
    }
    opened->file =
        CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                    FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    reason = GetLastError();
    free(wide);
    if (opened->file == INVALID_HANDLE_VALUE) {
        free(opened);
        return sb_fail(open_error(reason), reason);
    }
    sb_calls_make(&opened->device.calls);
    *client = opened;
    return SB_OK;
}

void sb_device_cancel(struct sb_client *client)
{
    CancelIoEx(client->file, NULL);
}

void sb_device_close(struct sb_client *client)
{
    CloseHandle(client->file);
    sb_calls_drop(&client->device.calls);
    free(client);
}
