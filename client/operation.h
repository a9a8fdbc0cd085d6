/*
 * One request on a device that goes on by itself, as both back ends offer it: started, waited for,
 * and its reply looked at. It may be started again once it has ended. Not for two threads at once.
 */
#ifndef SYSBUF_CLIENT_OPERATION_H
#define SYSBUF_CLIENT_OPERATION_H

#include <sysbuf/client.h>

struct sb_operation;

/* Makes one with room for a reply of capacity bytes. NO_MEMORY. */
enum sb_error sb_operation_create(struct sb_client *client, size_t capacity,
                                  struct sb_operation **operation);

/* Sends a command without input. Does not wait; how it ends, errors included, is its result's. */
void sb_operation_start(struct sb_operation *operation, uint32_t code);

/* Has it ended, at the latest in timeout milliseconds? */
bool sb_operation_wait(struct sb_operation *operation, uint32_t timeout);

/* How it ended; *reply and *length are set on OK and TRUNCATED and valid until it is started again
   or deleted. Errors: as sb_call(). */
enum sb_error sb_operation_result(struct sb_operation *operation, const void **reply,
                                  size_t *length);

/* Cancels it if it is under way and frees it; blocks for a second at most, after which its memory
   is left to the driver. Before its client is closed. NULL is nothing to do. */
void sb_operation_delete(struct sb_operation *operation);

#endif
