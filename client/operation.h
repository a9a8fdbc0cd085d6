/*
 * One request on a client that goes on by itself: started, waited for, and its reply looked at. It
 * may be started again once it has ended. Not for two threads at once.
 */
#ifndef SYSBUF_CLIENT_OPERATION_H
#define SYSBUF_CLIENT_OPERATION_H

#include <sysbuf/client.h>

struct sb_operation;
struct sb_socket;

struct sb_operation_methods {
    void (*start)(struct sb_operation *operation, uint32_t code);
    bool (*wait)(struct sb_operation *operation, uint32_t timeout);
    enum sb_error (*result)(struct sb_operation *operation, const void **reply, size_t *length);
    void (*discard)(struct sb_operation *operation);
};

/* What each kind of operation begins with. */
struct sb_operation {
    const struct sb_operation_methods *methods;
};

/* Makes one with room for a reply of capacity bytes: a device's, in the system's own file, or a
   socket's. NO_MEMORY; UNKNOWN_COMMAND: the driver at the socket has no such thing. */
enum sb_error sb_device_operation_create(struct sb_client *client, size_t capacity,
                                         struct sb_operation **operation);
enum sb_error sb_socket_operation_create(struct sb_socket *socket, size_t capacity,
                                         struct sb_operation **operation);
enum sb_error sb_operation_create(struct sb_client *client, size_t capacity,
                                  struct sb_operation **operation);

/* Sends a command without input. Does not wait; how it ends, errors included, is its result's. */
static inline void sb_operation_start(struct sb_operation *operation, uint32_t code)
{
    operation->methods->start(operation, code);
}

/* Has it ended, at the latest in timeout milliseconds? */
static inline bool sb_operation_wait(struct sb_operation *operation, uint32_t timeout)
{
    return operation->methods->wait(operation, timeout);
}

/* How it ended; *reply and *length are set on OK and TRUNCATED and valid until it is started again
   or deleted. Errors: as sb_call(). */
static inline enum sb_error sb_operation_result(struct sb_operation *operation, const void **reply,
                                                size_t *length)
{
    return operation->methods->result(operation, reply, length);
}

/* Cancels it if it is under way and frees it; blocks for a second at most, after which its memory
   is left to the driver. Before its client is closed. NULL is nothing to do. */
static inline void sb_operation_delete(struct sb_operation *operation)
{
    if (operation != NULL)
        operation->methods->discard(operation);
}

#endif
