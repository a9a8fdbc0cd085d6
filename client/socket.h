/* A client whose driver is reached by a socket; the device's files hand its calls over to here. */
#ifndef SYSBUF_CLIENT_SOCKET_H
#define SYSBUF_CLIENT_SOCKET_H

#include <sysbuf/client.h>

struct sb_socket;

/* What every struct sb_client begins with: its socket, or NULL for a device. */
struct sb_client_head {
    struct sb_socket *socket;
};

static inline struct sb_socket *sb_client_socket(struct sb_client *client)
{
    return client != NULL ? ((struct sb_client_head *)client)->socket : NULL;
}

/* sb_call(), sb_end_calls() and sb_close() for such a client; their arguments have been checked. */
enum sb_error sb_socket_call(struct sb_socket *socket, uint32_t code, const void *input,
                             size_t input_length, void *output, size_t output_capacity,
                             size_t *reply_length, uint32_t timeout);
void sb_socket_end_calls(struct sb_socket *socket);
void sb_socket_close(struct sb_socket *socket);

/* Ends the connection and with it whoever waits; the client is still to be closed. */
void sb_socket_break(struct sb_socket *socket);

#endif
