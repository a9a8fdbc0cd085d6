/*
 * One buffered call of MyDevice on Windows or Wine, application to reply: ioctl_windows.exe CALLS
 * Prints nanoseconds a call. Every reply is compared; a wrong one ends the run.
 */
#include <mydevice/contract.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static int run(HANDLE device, long calls)
{
    struct mydevice_request request = {2, 0x401234, 1024, 100, 2566};
    char reply[20];
    DWORD received;
    long call;

    for (call = 0; call < calls; call++) {
        reply[0] = 0;
        if (!DeviceIoControl(device, MYDEVICE_HELLO, &request, sizeof(request), reply,
                             sizeof(reply), &received, NULL) ||
            received != sizeof(struct mydevice_reply) ||
            memcmp(reply, MYDEVICE_REPLY_TEXT, sizeof(struct mydevice_reply)) != 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    long calls = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    LARGE_INTEGER frequency;
    LARGE_INTEGER start;
    LARGE_INTEGER end;
    HANDLE device;

    if (calls <= 0) {
        fprintf(stderr, "usage: ioctl_windows CALLS\n");
        return 2;
    }
    device = CreateFileW(L"\\\\.\\MyDevice", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                         0, NULL);
    if (device == INVALID_HANDLE_VALUE) {
        fprintf(stderr, "ioctl_windows: open: error %lu\n", GetLastError());
        return 1;
    }
    QueryPerformanceFrequency(&frequency);
    if (run(device, calls / 10 + 1) != 0)
        return 1;
    QueryPerformanceCounter(&start);
    if (run(device, calls) != 0) {
        fprintf(stderr, "ioctl_windows: call: error %lu\n", GetLastError());
        return 1;
    }
    QueryPerformanceCounter(&end);
    printf("%.1f\n", (double)(end.QuadPart - start.QuadPart) * 1e9 / (double)frequency.QuadPart /
                         (double)calls);
    CloseHandle(device);
    return 0;
}
