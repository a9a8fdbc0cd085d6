#include "raw.h"

#include <mydevice/contract.h>
#include <pend/contract.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

HANDLE raw_open(const wchar_t *path, DWORD access)
{
    return CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0,
                       NULL);
}

HANDLE raw_open_or_end(const wchar_t *path, DWORD access)
{
    HANDLE device = raw_open(path, access);

    if (!CHECK(device != INVALID_HANDLE_VALUE, "%ls does not open, error %lu", path,
               GetLastError()))
        exit(check_result());
    return device;
}

struct answer raw_control(HANDLE device, ULONG code, const void *input, ULONG input_length,
                          void *output, ULONG output_length)
{
    IO_STATUS_BLOCK block = {{0}, 0};
    struct answer answer;

    answer.status =
        NtDeviceIoControlFile(device, NULL, NULL, NULL, &block, code, (void *)(uintptr_t)input,
                              input_length, output, output_length);
    if (answer.status == STATUS_PENDING) {
        WaitForSingleObject(device, INFINITE);
        answer.status = block.Status;
    }
    answer.information = block.Information;
    return answer;
}

/* Keeps MyDevice open until a line or the end of standard input comes, or for argv[2] seconds. */
static int hold(const char *seconds)
{
    HANDLE device = raw_open_or_end(L"" MYDEVICE_PATH, GENERIC_READ | GENERIC_WRITE);

    printf("open\n");
    fflush(stdout);
    Sleep((DWORD)strtoul(seconds, NULL, 10) * 1000);
    CloseHandle(device);
    return 0;
}

/* Calls MyDevice argv[2] times, opening it each time; says how many were answered rightly. */
static int calls(const char *count)
{
    const struct mydevice_request request = {1, 2, 3, 4, 5};
    unsigned long wanted = strtoul(count, NULL, 10);
    unsigned long index;

    for (index = 0; index < wanted; index++) {
        HANDLE device = raw_open_or_end(L"" MYDEVICE_PATH, GENERIC_READ | GENERIC_WRITE);
        struct mydevice_reply reply = {{0}};
        struct answer answer =
            raw_control(device, MYDEVICE_HELLO, &request, sizeof(request), &reply, sizeof(reply));

        CHECK(answer.status == STATUS_SUCCESS && answer.information == sizeof(reply) &&
                  strcmp(reply.text, MYDEVICE_REPLY_TEXT) == 0,
              "call %lu: status %lx, %lu bytes", index, answer.status, (ULONG)answer.information);
        CloseHandle(device);
    }
    return check_result();
}

/* Waits in the pend driver until it is killed. */
static int wait_forever(void)
{
    HANDLE device = raw_open_or_end(L"" PEND_PATH, GENERIC_READ | GENERIC_WRITE);

    raw_control(device, PEND_WAIT, NULL, 0, NULL, 0);
    return 1;
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"answers", test_answers},
        {"lengths", test_lengths},
        {"codes", test_codes},
        {"access", test_access},
        {"win32-errors", test_win32_errors},
        {"pointers", test_pointers},
        {"other-requests", test_other_requests},
        {"big-lengths", test_big_lengths},
        {"rude", test_rude},
        {"opens", test_opens},
        {"killed", test_killed},
        {"gaps", test_gaps},
    };

    if (argc == 3 && strcmp(argv[1], "hold") == 0)
        return hold(argv[2]);
    if (argc == 3 && strcmp(argv[1], "calls") == 0)
        return calls(argv[2]);
    if (argc == 2 && strcmp(argv[1], "wait") == 0)
        return wait_forever();
    return check_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
