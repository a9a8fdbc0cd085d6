/*
 * A client without the toolkit, on the system's own calls: what a program could send that was not
 * written with the contract in mind.
 */
#ifndef TESTS_RAW_H
#define TESTS_RAW_H

#define WIN32_NO_STATUS
#include <windows.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
#include <winternl.h>

#include "check.h"

/* What a call came back with. Information stays 0 where the system does not set it. */
struct answer {
    NTSTATUS status;
    ULONG_PTR information;
};

/* A handle for synchronous I/O; INVALID_HANDLE_VALUE and GetLastError() where refused. */
HANDLE raw_open(const wchar_t *path, DWORD access);

/* The same for a device that must open: ends the program where it does not. */
HANDLE raw_open_or_end(const wchar_t *path, DWORD access);

struct answer raw_control(HANDLE device, ULONG code, const void *input, ULONG input_length,
                          void *output, ULONG output_length);

/* The tests, by file. */
void test_answers(void);
void test_lengths(void);
void test_codes(void);
void test_access(void);
void test_win32_errors(void);
void test_pointers(void);
void test_other_requests(void);
void test_big_lengths(void);
void test_rude(void);
void test_opens(void);
void test_killed(void);
void test_gaps(void);

#endif
