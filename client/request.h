/* One request on a device: what is the same on every system (request.c), and what it asks of the
 * system's own file (call_host.c, call_win32.c). */
#ifndef SYSBUF_CLIENT_REQUEST_H
#define SYSBUF_CLIENT_REQUEST_H

#include <sysbuf/client.h>

enum sb_request_kind { SB_REQUEST_COMMAND, SB_REQUEST_READ, SB_REQUEST_WRITE };

struct sb_request {
    enum sb_request_kind kind;
    uint32_t code;
    uint64_t offset;
    const void *input;
    uint32_t input_length;
    const void *data; /* METHOD_IN_DIRECT: what the output's memory holds at the start, or NULL */
    void *output;
    uint32_t output_capacity; /* of output, or the data's length */
};

/* Runs it on the device's file to its end, or to where it is given up; length may be NULL. */
enum sb_error sb_device_call(struct sb_client *client, const struct sb_request *request,
                             size_t *length, uint32_t timeout);
/* Cancels all that was sent on the device's file; what is under way ends by itself then. */
void sb_device_cancel(struct sb_client *client);
/* Closes the device's file, where nothing is under way, and frees the client. */
void sb_device_close(struct sb_client *client);

/* Returns the error, with the system's own code for it at sb_system_error(): for ARGUMENT,
 * NO_MEMORY, CLOSED, and UNKNOWN_COMMAND of what a socket does not carry. */
enum sb_error sb_refuse(enum sb_error error);

#endif
