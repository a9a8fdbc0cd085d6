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

/* Runs it to its end, or to where it is given up; length may be NULL. The client is a device's. */
enum sb_error sb_run_request(struct sb_client *client, const struct sb_request *request,
                             size_t *length, uint32_t timeout);
/* sb_end_calls() and sb_close() of a device's. */
void sb_device_end_calls(struct sb_client *client);
void sb_device_close(struct sb_client *client);
/* SB_ERROR_ARGUMENT, and SB_ERROR_UNKNOWN_COMMAND for what a socket does not carry, each with the
 * system's own code for it. */
enum sb_error sb_refuse_argument(void);
enum sb_error sb_refuse_on_socket(void);

#endif
