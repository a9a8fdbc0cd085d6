#include "win32.h"

#include <stdlib.h>

static _Thread_local DWORD last_system_error;

uint32_t sb_system_error(void)
{
    return last_system_error;
}

enum sb_error sb_fail(enum sb_error error, DWORD system_error)
{
    last_system_error = system_error;
    return error;
}

enum sb_error sb_widen(const char *text, wchar_t **wide)
{
    wchar_t *converted;
    int length;

    if (text == NULL || text[0] == '\0')
        return sb_fail(SB_ERROR_ARGUMENT, ERROR_INVALID_PARAMETER);
    length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    if (length <= 0)
        return sb_fail(SB_ERROR_ARGUMENT, GetLastError());
    converted = calloc((size_t)length, sizeof(*converted));
    if (converted == NULL)
        return sb_fail(SB_ERROR_NO_MEMORY, ERROR_NOT_ENOUGH_MEMORY);
    MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, converted, length);
    *wide = converted;
    return SB_OK;
}

enum sb_error sb_trace_requests(const char *path)
{
    (void)path;
    return sb_fail(SB_ERROR_UNKNOWN_COMMAND, ERROR_NOT_SUPPORTED);
}
