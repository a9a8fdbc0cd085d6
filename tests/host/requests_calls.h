/*
 * The application's side of the requests driver: calls and what comes of them, which any NT answers
 * alike. Test programs of the host make them (test_requests.c), and under Wine the same source
 * makes them as Windows' system calls (tests/wine/calls.c).
 */
#ifndef REQUESTS_CALLS_H
#define REQUESTS_CALLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <pthread.h>
#include <unistd.h>
#include <cmocka.h>

#include <sysbuf/host.h>

#include "loaded_driver.h"
#include "../drivers/requests/requests.h"

#define STATUS_BUFFER_OVERFLOW        ((sb_status)0x80000005)
#define STATUS_DEVICE_BUSY            ((sb_status)0x80000011)
#define STATUS_UNSUCCESSFUL           ((sb_status)0xC0000001)
#define STATUS_ACCESS_VIOLATION       ((sb_status)0xC0000005)
#define STATUS_INVALID_HANDLE         ((sb_status)0xC0000008)
#define STATUS_INVALID_PARAMETER      ((sb_status)0xC000000D)
#define STATUS_INVALID_DEVICE_REQUEST ((sb_status)0xC0000010)
#define STATUS_ACCESS_DENIED          ((sb_status)0xC0000022)
#define STATUS_OBJECT_TYPE_MISMATCH   ((sb_status)0xC0000024)
#define STATUS_OBJECT_NAME_NOT_FOUND  ((sb_status)0xC0000034)
#define STATUS_SHARING_VIOLATION      ((sb_status)0xC0000043)
#define STATUS_THREAD_IS_TERMINATING  ((sb_status)0xC000004B)
#define STATUS_CANCELLED              ((sb_status)0xC0000120)
#define STATUS_NOT_FOUND              ((sb_status)0xC0000225)

enum { ANY_ACCESS, READ_ACCESS, WRITE_ACCESS, READ_WRITE_ACCESS };
enum { READ_DATA = 1, WRITE_DATA = 2, SHARE_READ = 1, SHARE_WRITE = 2 };

struct fixture {
    struct sb_machine *machine;
    struct sb_driver *driver;
    struct sb_process *process;
    uint8_t *buffer;
    struct text log;
};

sb_handle open_as(struct fixture *fixture, const char *path, bool overlapped);
uint32_t code_of(int function, int method);
/* Asks for a request that ends so; the fill is 0x33. */
sb_status answer(struct fixture *fixture, sb_handle file, uint32_t status, uint64_t information,
                 uint32_t output, struct sb_io_status *result);
void counts_of(struct fixture *fixture, sb_handle file, struct counts *counts);

/* A call that waits, for a thread of its own. */
struct blocked {
    struct fixture *fixture;
    struct sb_process *process;
    sb_handle file;
    int function;
    sb_status status;
};
void *block(void *context);

/* The tests, in their order; their state is a struct fixture. */
#define REQUESTS_CALLS(X)                                 \
    X(each_method_brings_its_buffers)                     \
    X(zero_lengths_bring_no_buffers)                      \
    X(bad_buffers_are_refused_before_the_driver)          \
    X(information_says_how_much_is_copied)                \
    X(large_buffers_come_and_go)                          \
    X(handles_need_the_access_of_the_code)                \
    X(reads_and_writes_go_by_the_devices_method)          \
    X(overlapped_requests_tell_by_event_and_status_block) \
    X(cancel_ends_all_requests_of_a_file)                 \
    X(ports_receive_completions)                          \
    X(create_carries_the_callers_wishes)                  \
    X(exclusive_devices_are_opened_once)                  \
    X(share_modes_are_the_drivers)                        \
    X(duplicates_share_one_file)                          \
    X(a_forgotten_request_harms_nobody)                   \
    X(synchronous_waits_can_be_cancelled)                 \
    X(dpcs_complete_synchronous_requests)                 \
    X(requests_pass_through_a_stack)
#define REQUESTS_CALL_DECLARATION(name) void name(void **state);
REQUESTS_CALLS(REQUESTS_CALL_DECLARATION)

#endif
