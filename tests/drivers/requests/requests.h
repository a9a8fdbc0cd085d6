/* What the driver and tests/host/test_requests.c share. */
#ifndef TESTS_DRIVERS_REQUESTS_H
#define TESTS_DRIVERS_REQUESTS_H

#include <stdint.h>

#define REQUESTS_CODE(function, method, access) \
    ((0x22u << 16) | ((access) << 14) | ((0x800u + (function)) << 2) | (method))

enum { BUFFERED, IN_DIRECT, OUT_DIRECT, NEITHER };

enum requests_function {
    REPORT,   /* struct report of the request itself, into its output */
    COMPLETE, /* completes with struct answer, after filling the system buffer */
    QUEUE,    /* waits in a cancel-safe queue */
    HOLD,     /* waits with a cancel routine of its own */
    STICK,    /* waits, and nothing cancels it */
    RELEASE,  /* completes the oldest waiting one with struct answer */
    FORGET,   /* answers STATUS_SUCCESS and completes nothing */
    COUNT,    /* struct counts */
    INSIDE,   /* runs the tests inside the driver: number of failures */
    THROUGH,  /* the stack's lower device: says how often the filter saw it */
    LATE,     /* completed by a DPC, marked pending */
    FINISH,   /* completes what STICK holds */
    LOAD,     /* ZwLoadDriver of the service key in its input (UTF-16) */
    UNLOAD,   /* ZwUnloadDriver */
};

struct report {
    uint32_t method, input_length, output_length;
    uint32_t has_system_buffer, mdl_bytes;
    uint32_t stack_flags, requestor_mode, is_32_bit;
    uint32_t first_input, reserved;
    uint64_t user_buffer, type3_buffer;
};

struct answer {
    uint32_t status;
    uint32_t fill;
    uint64_t information;
};

struct counts {
    uint32_t creates, cleanups, closes, cancelled;
    uint32_t shutdowns, completions_seen;
    uint32_t desired_access, share_access, options, name_length;
    uint32_t reads, writes;
};

#endif
