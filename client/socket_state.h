/*
 * A driver reached by TCP: what socket.c, which opens it, and socket_call.c share.
 */
#ifndef SYSBUF_CLIENT_SOCKET_STATE_H
#define SYSBUF_CLIENT_SOCKET_STATE_H

#include "socket.h"
#include "stream.h"
#include "thread.h"

#include <driver/socket_frame.h>

/* Of the receive buffer at first, and of the longest request that is sent from the stack; bytes. */
#define SB_SOCKET_FIRST_CAPACITY 4096

/* A request whose reply is awaited. Under the socket's monitor. */
struct sb_socket_request {
    struct sb_socket_request *next;
    uint32_t sequence;
    void *output; /* where the reply goes */
    size_t capacity;
    bool is_replied;
    uint32_t status;
    size_t length;
};

struct sb_socket {
    struct sb_client_head head; /* points here: a client is its head */
    sb_stream stream;
    uint32_t version;
    uint32_t output_maximum;

    /* Of the one who reads: the current frame, from its first byte on. */
    unsigned char *in;
    size_t received, capacity;

    struct sb_monitor monitor; /* guards what follows */
    bool is_sending, is_reading;
    bool closing, broken;
    unsigned users;
    uint32_t sequence; /* of the last request */
    struct sb_socket_request *requests;
};

static inline uint64_t sb_socket_deadline(uint32_t timeout)
{
    return timeout == SB_FOREVER ? SB_NO_DEADLINE : sb_clock_now() + timeout;
}

/* Reads until a whole frame of one of the types stands at socket->in. A refusal may come at any
   time. TIMEOUT and NO_MEMORY leave the order of frames as it was; after others it is lost. */
enum sb_error sb_socket_read_frame(struct sb_socket *socket, uint32_t types, uint64_t deadline,
                                   struct sb_socket_header *header);
/* The frame has been dealt with. */
void sb_socket_drop_frame(struct sb_socket *socket, const struct sb_socket_header *header);
/* Header and payload lie one behind the other; *sent is how many bytes went. */
enum sb_error sb_socket_send_frame(struct sb_socket *socket, const void *frame, size_t length,
                                   uint64_t deadline, size_t *sent);
/* Nobody uses it any more. */
void sb_socket_destroy(struct sb_socket *socket);

#endif
