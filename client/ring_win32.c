/*
 * What the ring needs of the system, on Windows.
 */
#include "ring_system.h"
#include "win32.h"

static HANDLE handle_of(uint64_t event)
{
    return (HANDLE)(uintptr_t)event;
}

bool sb_ring_wait_event(uint64_t event, uint32_t milliseconds)
{
    return WaitForSingleObject(handle_of(event),
                               milliseconds == SB_FOREVER ? INFINITE : milliseconds) ==
           WAIT_OBJECT_0;
}

void sb_ring_set_event(uint64_t event)
{
    SetEvent(handle_of(event));
}

void sb_ring_close_event(uint64_t event)
{
    CloseHandle(handle_of(event));
}

void sb_ring_unmap_view(void *view)
{
    UnmapViewOfFile(view);
}

uint64_t sb_ring_clock(void)
{
    return GetTickCount64();
}

/* The number is the Win32 error that DeviceIoControl would have given. */
enum sb_error sb_ring_status_error(uint32_t status)
{
    typedef ULONG NTAPI to_win32(LONG status);
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    to_win32 *convert;
    DWORD reason;

    if (status == 0)
        return SB_OK;
    convert = (to_win32 *)(uintptr_t)GetProcAddress(ntdll, "RtlNtStatusToDosError");
    reason = convert != NULL ? convert((LONG)status) : ERROR_MR_MID_NOT_FOUND;
    if (reason == ERROR_SUCCESS)
        return SB_OK;
    return sb_fail(sb_win32_error(reason), reason);
}
