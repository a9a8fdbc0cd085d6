/*
 * A kernel of cardboard around the driver library: just enough of it to run DriverEntry and the
 * dispatch routines under the sanitizers, to count what is left behind, and to let any one kernel
 * call fail. Plain C on this side, so that a test can use cmocka.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_STATUS_SUCCESS                0x00000000u
#define FAKE_STATUS_PENDING                0x00000103u
#define FAKE_STATUS_BUFFER_OVERFLOW        0x80000005u
#define FAKE_STATUS_INFO_LENGTH_MISMATCH   0xC0000004u
#define FAKE_STATUS_INVALID_PARAMETER      0xC000000Du
#define FAKE_STATUS_INVALID_DEVICE_REQUEST 0xC0000010u
#define FAKE_STATUS_ACCESS_DENIED          0xC0000022u
#define FAKE_STATUS_BUFFER_TOO_SMALL       0xC0000023u
#define FAKE_STATUS_OBJECT_NAME_NOT_FOUND  0xC0000034u
#define FAKE_STATUS_QUOTA_EXCEEDED         0xC0000044u
#define FAKE_STATUS_REVISION_MISMATCH      0xC0000059u
#define FAKE_STATUS_DEVICE_BUSY            0x80000011u
#define FAKE_STATUS_NO_RESOURCES           0xC000009Au
#define FAKE_STATUS_IO_TIMEOUT             0xC00000B5u
#define FAKE_STATUS_NOT_SUPPORTED          0xC00000BBu
#define FAKE_STATUS_CANCELLED              0xC0000120u
#define FAKE_STATUS_INVALID_DEVICE_STATE   0xC0000184u
#define FAKE_STATUS_INVALID_BUFFER_SIZE    0xC0000206u
#define FAKE_STATUS_NOT_FOUND              0xC0000225u
#define FAKE_STATUS_INTERNAL_ERROR         0xC00000E5u

enum fake_major {
    FAKE_CREATE = 0,
    FAKE_CLOSE = 2,
    FAKE_READ = 3,
    FAKE_WRITE = 4,
    FAKE_DEVICE_CONTROL = 14,
    FAKE_CLEANUP = 18,
};

/* How a request ended. */
struct fake_result {
    uint32_t returned;    /* by the dispatch routine */
    uint32_t status;      /* in the IRP */
    uint64_t information; /* in the IRP */
    unsigned completions; /* must be 1 */
};

/* What the driver holds of the kernel. */
struct fake_holdings {
    int devices;
    int links;
    int handles;
    int blocks;
    /* Blocks freed under another tag than they were allocated under; requests completed and waits
       begun under a spin lock; locks taken twice. */
    int mistakes;
};

/* Forgets everything: no driver, nothing held, nothing to fail. */
void fake_reset(void);

/* The n-th kernel call from now on that can fail does so; 0: none. */
void fake_fail_call(unsigned n);
/* How many calls that can fail there have been since fake_reset(). */
unsigned fake_call_count(void);

/* Runs the DriverEntry that the test links, and the unload routine that it set. */
uint32_t fake_start(void);
void fake_unload(void);

struct fake_holdings fake_holdings(void);
/* The device's flags and characteristics, and whether it was made exclusive. */
uint32_t fake_device_flags(void);
uint32_t fake_device_characteristics(void);
bool fake_device_exclusive(void);
/* The access that the device's DACL grants to a well-known SID; 0 if none. */
uint32_t fake_granted(unsigned authority, uint32_t first, uint32_t second);
/* How many entries the DACL has. */
unsigned fake_dacl_count(void);

/* Which of FAKE_FILES opens the functions below work on, 0 first. */
#define FAKE_FILES 4
void fake_use_file(unsigned index);

/* What happens while the driver waits for an event, and whether the wait then ends because its
   thread does, in place of its time being up. */
void fake_while_waiting(void (*what)(void), bool fails_to_wait);

/* Opens with a name behind the device's, NULL for none; relative to another open or not. */
struct fake_result fake_open(const char *name, bool relative);
struct fake_result fake_simple(enum fake_major major);

/*
 * Sends a control code with the one buffer of METHOD_BUFFERED: max(input, output) bytes, exactly,
 * the input copied to its beginning and 0xA5 behind it. Afterwards reply (may be NULL) gets the
 * first Information bytes, cut to output_length as no I/O manager would. granted is the handle's
 * SL_READ/WRITE_ACCESS_GRANTED.
 */
struct fake_result fake_control(uint32_t code, const void *input, uint32_t input_length,
                                void *reply, uint32_t output_length, uint8_t granted);
/* As above, without a file object. */
struct fake_result fake_control_without_file(uint32_t code, const void *input, uint32_t length);
/* As above, with the file object but from kernel mode, with no access noted. */
struct fake_result fake_control_from_kernel(uint32_t code);

/* A direct method: the input as above, and pages of the caller's that are data; NULL for 0xA5. */
struct fake_result fake_send(uint32_t code, const void *input, uint32_t input_length, void *data,
                             uint32_t data_length);
struct fake_result fake_read(void *reply, uint32_t length);
struct fake_result fake_write(const void *data, uint32_t length);

/* Requests that may wait in the driver; each ends with fake_end(). */
struct fake_request;
struct fake_request *fake_begin(uint32_t code, uint32_t output_length);
/* One that was cancelled before the driver saw it. */
struct fake_request *fake_begin_cancelled(uint32_t code, uint32_t output_length);
struct fake_request *fake_begin_transfer(enum fake_major major, const void *data, uint32_t length);
bool fake_waits(const struct fake_request *request);
/* As the I/O manager cancels, at once or in its two steps; false if it was too late. */
bool fake_cancel(struct fake_request *request);
bool fake_take_cancel_routine(struct fake_request *request);
void fake_run_cancel_routine(struct fake_request *request);
/* How it ended; completions is 0 if it has not. Frees it. */
struct fake_result fake_end(struct fake_request *request, void *reply, uint32_t capacity);

/* The debug output since fake_reset(). */
const char *fake_log(void);
/* The component and the level of its last line, as DbgPrintEx numbers them. */
uint32_t fake_log_component(void);
uint32_t fake_log_level(void);

#endif
