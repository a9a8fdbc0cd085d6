/*
 * A client that dies, and what Wine does not show of the rules for opens and closes. Each gap has a
 * probe: should Wine show it one day, the test says so.
 */
#include "raw.h"

#include <aclapi.h>
#include <mydevice/contract.h>
#include <pend/contract.h>
#include <rude/contract.h>
#include <stdio.h>
#include <string.h>

#define PATH       L"" MYDEVICE_PATH
#define READ_WRITE (GENERIC_READ | GENERIC_WRITE)
#define PATIENCE   10000 /* milliseconds */

static struct pend_counts pend_counts(HANDLE device)
{
    struct pend_counts counts = {0};
    struct answer answer = raw_control(device, PEND_COUNTS, NULL, 0, &counts, sizeof(counts));

    CHECK(answer.status == STATUS_SUCCESS, "PEND_COUNTS: %lx", answer.status);
    return counts;
}

static bool reaches(HANDLE device, uint32_t waiting, uint32_t closes)
{
    ULONGLONG end = GetTickCount64() + PATIENCE;
    struct pend_counts counts;

    do {
        counts = pend_counts(device);
        if (counts.waiting == waiting && counts.closes >= closes)
            return true;
        Sleep(10);
    } while (GetTickCount64() < end);
    return false;
}

static HANDLE start_waiter(void)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    wchar_t program[MAX_PATH];
    wchar_t line[] = L"raw.exe wait";

    GetModuleFileNameW(NULL, program, MAX_PATH);
    if (!CHECK(CreateProcessW(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process),
               "the other client does not start, error %lu", GetLastError()))
        return NULL;
    CloseHandle(process.hThread);
    return process.hProcess;
}

/* Its call is cancelled, its open closed, and others are served as before. */
void test_killed(void)
{
    HANDLE device = raw_open_or_end(L"" PEND_PATH, READ_WRITE);
    struct pend_counts before = pend_counts(device);
    struct pend_counts after;
    HANDLE waiter;
    int round;

    for (round = 1; round <= 5; round++) {
        waiter = start_waiter();
        CHECK(reaches(device, 1, before.closes), "the other client's call does not come");
        TerminateProcess(waiter, 9);
        WaitForSingleObject(waiter, PATIENCE);
        CloseHandle(waiter);
        CHECK(reaches(device, 0, before.closes + (uint32_t)round),
              "it is not cancelled and closed");
    }
    after = pend_counts(device);
    CHECK(after.cancelled - before.cancelled == 5, "%u cancelled",
          after.cancelled - before.cancelled);
    CHECK(after.closes - before.closes == 5, "%u closed", after.closes - before.closes);
    CloseHandle(device);
}

static NTSTATUS open_relative(HANDLE root, const wchar_t *name, HANDLE *handle)
{
    UNICODE_STRING string;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;

    RtlInitUnicodeString(&string, name);
    InitializeObjectAttributes(&attributes, &string, OBJ_CASE_INSENSITIVE, root, NULL);
    return NtCreateFile(handle, FILE_GENERIC_READ | FILE_GENERIC_WRITE, &attributes, &block, NULL,
                        0, FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, NULL, 0);
}

static NTSTATUS open_status(const wchar_t *name)
{
    HANDLE handle;
    NTSTATUS status = open_relative(NULL, name, &handle);

    if (NT_SUCCESS(status))
        NtClose(handle);
    return status;
}

/* The driver refuses it. Wine 8 opens all the same, but nothing can be called then. */
static void check_relative_open(HANDLE device)
{
    const struct mydevice_request request = {1, 2, 3, 4, 5};
    struct mydevice_reply reply;
    HANDLE relative;
    NTSTATUS status = open_relative(device, L"", &relative);

    check_gap(status == STATUS_ACCESS_DENIED,
              "an open relative to a handle of an exclusive device is refused");
    if (!NT_SUCCESS(status))
        return;
    status = raw_control(relative, MYDEVICE_HELLO, &request, sizeof(request), &reply, sizeof(reply))
                 .status;
    CHECK(status == STATUS_INVALID_DEVICE_REQUEST, "a call through it: status %lx", status);
    NtClose(relative);
}

static void gaps_of_names(void)
{
    HANDLE device = raw_open_or_end(PATH, READ_WRITE);
    HANDLE watcher = raw_open_or_end(L"" PEND_PATH, READ_WRITE);
    uint32_t creates = pend_counts(watcher).creates;
    NTSTATUS status;

    status = open_status(L"\\??\\MyDevice\\anything");
    CHECK(status == STATUS_OBJECT_NAME_NOT_FOUND, "a name below the device: %lx", status);
    open_status(L"\\??\\SbPend\\anything");
    check_gap(pend_counts(watcher).creates != creates,
              "a name below the device is the driver's to refuse");
    check_gap(open_status(L"\\??\\MyDevice") == STATUS_ACCESS_DENIED,
              "a second open of an exclusive device is refused");
    check_relative_open(device);
    CloseHandle(device);
    CloseHandle(watcher);
}

/* Without the administrators' group and SYSTEM the device's DACL lets nobody in. */
static bool refused_to_others(void)
{
    SID_IDENTIFIER_AUTHORITY authority = {SECURITY_NT_AUTHORITY};
    SID_AND_ATTRIBUTES disabled[2] = {{NULL, 0}, {NULL, 0}};
    HANDLE token, restricted, impersonation;
    HANDLE device = NULL;

    AllocateAndInitializeSid(&authority, 2, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS, 0,
                             0, 0, 0, 0, 0, &disabled[0].Sid);
    AllocateAndInitializeSid(&authority, 1, SECURITY_LOCAL_SYSTEM_RID, 0, 0, 0, 0, 0, 0, 0,
                             &disabled[1].Sid);
    CHECK(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token), "the token");
    CHECK(CreateRestrictedToken(token, 0, 2, disabled, 0, NULL, 0, NULL, &restricted),
          "a restricted token, error %lu", GetLastError());
    CHECK(DuplicateToken(restricted, SecurityImpersonation, &impersonation), "its duplicate");
    CHECK(SetThreadToken(NULL, impersonation), "to run as somebody else, error %lu",
          GetLastError());
    device = raw_open(PATH, READ_WRITE);
    RevertToSelf();
    if (device != INVALID_HANDLE_VALUE)
        CloseHandle(device);
    return device == INVALID_HANDLE_VALUE;
}

static void gaps_of_security(void)
{
    HANDLE device = raw_open_or_end(L"" RUDE_PATH, READ_WRITE);

    check_gap(refused_to_others(), "a caller who is no administrator is refused");
    check_gap(raw_control(device, RUDE_ROW_READ, NULL, 0, NULL, 0).status == STATUS_SUCCESS,
              "a row's access is granted to a handle that has it");
    CloseHandle(device);
    device = raw_open_or_end(L"" RUDE_PATH, GENERIC_WRITE);
    CHECK(raw_control(device, RUDE_ROW_READ, NULL, 0, NULL, 0).status == STATUS_ACCESS_DENIED,
          "a row's access is refused to a handle without it");
    CloseHandle(device);
}

static DWORD WINAPI sleep_in_driver(void *unused)
{
    HANDLE device = raw_open_or_end(L"" RUDE_PATH, READ_WRITE);
    uint32_t milliseconds = 500;

    (void)unused;
    raw_control(device, RUDE_SLEEP, &milliseconds, sizeof(milliseconds), NULL, 0);
    CloseHandle(device);
    return 0;
}

static void gap_of_concurrency(void)
{
    ULONGLONG start = GetTickCount64();
    HANDLE threads[2];
    int index;

    for (index = 0; index < 2; index++)
        threads[index] = CreateThread(NULL, 0, sleep_in_driver, NULL, 0, NULL);
    WaitForMultipleObjects(2, threads, TRUE, PATIENCE);
    CHECK(GetTickCount64() - start >= 450, "the driver does not sleep");
    check_gap(GetTickCount64() - start < 900, "two calls run in a driver at once");
}

static void gaps_of_closing(void)
{
    HANDLE watcher = raw_open_or_end(L"" PEND_PATH, READ_WRITE);
    HANDLE device =
        CreateFileW(L"" PEND_PATH, READ_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    struct pend_counts counts;

    CHECK(!DeviceIoControl(device, PEND_WAIT, NULL, 0, NULL, 0, NULL, &overlapped) &&
              GetLastError() == ERROR_IO_PENDING,
          "PEND_WAIT: error %lu", GetLastError());
    CloseHandle(device);
    Sleep(300);
    counts = pend_counts(watcher);
    check_gap(counts.cleanups != 0, "the last CloseHandle brings a CLEANUP");
    check_gap(counts.waiting == 0, "the last CloseHandle ends the calls under way");
    raw_control(watcher, PEND_RELEASE, NULL, 0, NULL, 0);
    CHECK(WaitForSingleObject(overlapped.hEvent, PATIENCE) == WAIT_OBJECT_0, "the call ends");
    CloseHandle(overlapped.hEvent);
    CloseHandle(watcher);
}

void test_gaps(void)
{
    gaps_of_names();
    gaps_of_security();
    gap_of_concurrency();
    gaps_of_closing();
}
