/*
 * What the files of a device on the host share: the client, and blocks of the machine's user arena.
 */
#ifndef SYSBUF_CLIENT_DEVICE_HOST_H
#define SYSBUF_CLIENT_DEVICE_HOST_H

#include "calls.h"
#include "host.h"

#include <pthread.h>

#define STATUS_INVALID_PARAMETER ((sb_status)0xC000000D)
#define STATUS_NO_MEMORY         ((sb_status)0xC0000017)
#define STATUS_NOT_SUPPORTED     ((sb_status)0xC00000BB)
#define STATUS_CANCELLED         ((sb_status)0xC0000120)

/* What one request needs: it is the request's until that has ended. */
struct sb_block {
    struct sb_block *next;
    struct sb_io_status result;
    sb_handle event;
    unsigned char *memory; /* in the user arena */
    size_t capacity;
};

struct sb_client {
    struct sb_device device;
    struct sb_process *process;
    sb_handle file;
    pthread_mutex_t lock;
    struct sb_block *free;      /* under lock */
    struct sb_block *abandoned; /* still the driver's when their calls returned; under lock */
};

/* A block for one request, NULL if there is no memory. */
struct sb_block *sb_take_block(struct sb_client *client, size_t capacity);
/* Gives it back; ended false: the driver has not let go of it. */
void sb_keep_block(struct sb_client *client, struct sb_block *block, bool ended);

/* Has the block's request ended, at the latest in timeout milliseconds? */
bool sb_block_is_signalled(struct sb_client *client, struct sb_block *block, uint32_t timeout);

/* Cancels the block's request and waits a moment for its end; false if it outlives that and is the
   driver's from now on. */
bool sb_block_cancel(struct sb_client *client, struct sb_block *block);

#endif
