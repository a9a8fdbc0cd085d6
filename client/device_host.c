/*
 * Opening a device in the program's own machine, and closing it.
 *
 * A driver sees only memory of the machine's user arena, so the request and the reply go through a
 * block there. The block belongs to the call until it has ended: a driver that does not let go of a
 * cancelled call keeps the block, not the caller's buffers. Blocks are kept for the next call.
 */
#include "device_host.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>

/* How long a cancelled call may take to end before it is abandoned, in milliseconds. */
#define CANCEL_GRACE 1000

/* Room in a block, in bytes, unless a call needs more. */
#define BLOCK_CAPACITY 65536u

#define STATUS_NO_SUCH_DEVICE         ((sb_status)0xC000000E)
#define STATUS_ACCESS_DENIED          ((sb_status)0xC0000022)
#define STATUS_OBJECT_NAME_INVALID    ((sb_status)0xC0000033)
#define STATUS_OBJECT_NAME_NOT_FOUND  ((sb_status)0xC0000034)
#define STATUS_OBJECT_PATH_NOT_FOUND  ((sb_status)0xC000003A)
#define STATUS_SHARING_VIOLATION      ((sb_status)0xC0000043)
#define STATUS_INSUFFICIENT_RESOURCES ((sb_status)0xC000009A)

enum sb_error sb_refuse(enum sb_error error)
{
    switch (error) {
    case SB_ERROR_ARGUMENT:
        return sb_fail(error, STATUS_INVALID_PARAMETER);
    case SB_ERROR_NO_MEMORY:
        return sb_fail(error, STATUS_NO_MEMORY);
    case SB_ERROR_CLOSED:
        return sb_fail(error, STATUS_CANCELLED);
    default:
        return sb_fail(error, STATUS_NOT_SUPPORTED);
    }
}

static enum sb_error open_error(sb_status status)
{
    switch (status) {
    case STATUS_OBJECT_NAME_NOT_FOUND:
    case STATUS_OBJECT_PATH_NOT_FOUND:
    case STATUS_NO_SUCH_DEVICE:
        return SB_ERROR_NOT_FOUND;
    case STATUS_ACCESS_DENIED: /* the program is an administrator of its machine */
    case STATUS_SHARING_VIOLATION:
        return SB_ERROR_BUSY;
    case STATUS_OBJECT_NAME_INVALID:
    case STATUS_INVALID_PARAMETER:
        return SB_ERROR_ARGUMENT;
    case STATUS_NO_MEMORY:
    case STATUS_INSUFFICIENT_RESOURCES:
        return SB_ERROR_NO_MEMORY;
    default:
        return SB_ERROR_SYSTEM;
    }
}

enum sb_error sb_open(const char *path, struct sb_client **client)
{
    const struct sb_open_options options = {.is_overlapped = true};
    struct sb_machine *machine;
    struct sb_client *opened;
    enum sb_error error;
    sb_status status;

    if (client == NULL || path == NULL || strncmp(path, "\\\\.\\", 4) != 0)
        return sb_refuse(SB_ERROR_ARGUMENT);
    opened = calloc(1, sizeof(*opened));
    if (opened == NULL)
        return sb_refuse(SB_ERROR_NO_MEMORY);
    error = sb_client_machine(&machine, &opened->process);
    if (error == SB_OK) {
        status = sb_process_open(opened->process, path, &options, &opened->file);
        if (status < 0)
            error = sb_fail(open_error(status), status);
    }
    if (error != SB_OK) {
        free(opened);
        return error;
    }
    sb_calls_make(&opened->device.calls);
    pthread_mutex_init(&opened->lock, NULL);
    *client = opened;
    return SB_OK;
}

static void delete_block(struct sb_client *client, struct sb_block *block)
{
    sb_process_free(client->process, block->memory);
    sb_process_close(client->process, block->event);
    free(block);
}

static struct sb_block *new_block(struct sb_client *client, size_t capacity)
{
    struct sb_block *block = calloc(1, sizeof(*block));

    if (block == NULL)
        return NULL;
    block->capacity = capacity > BLOCK_CAPACITY ? capacity : BLOCK_CAPACITY;
    block->memory = sb_process_allocate(client->process, block->capacity, false);
    if (block->memory == NULL) {
        free(block);
        return NULL;
    }
    if (sb_process_create_event(client->process, true, false, &block->event) < 0) {
        sb_process_free(client->process, block->memory);
        free(block);
        return NULL;
    }
    return block;
}

struct sb_block *sb_take_block(struct sb_client *client, size_t capacity)
{
    struct sb_block *block;

    pthread_mutex_lock(&client->lock);
    block = client->free;
    if (block != NULL && block->capacity >= capacity)
        client->free = block->next;
    else
        block = NULL;
    pthread_mutex_unlock(&client->lock);
    return block != NULL ? block : new_block(client, capacity);
}

void sb_keep_block(struct sb_client *client, struct sb_block *block, bool ended)
{
    struct sb_block **list = ended ? &client->free : &client->abandoned;

    pthread_mutex_lock(&client->lock);
    block->next = *list;
    *list = block;
    pthread_mutex_unlock(&client->lock);
}

bool sb_block_is_signalled(struct sb_client *client, struct sb_block *block, uint32_t timeout)
{
    return sb_process_wait(client->process, &block->event, 1, false, timeout) != SB_STATUS_TIMEOUT;
}

bool sb_block_cancel(struct sb_client *client, struct sb_block *block)
{
    sb_process_cancel(client->process, client->file, &block->result);
    return sb_block_is_signalled(client, block, CANCEL_GRACE);
}

void sb_device_cancel(struct sb_client *client)
{
    sb_process_cancel(client->process, client->file, NULL);
}

/* What the driver has not given back by now stays its own: memory lost beats memory overwritten. */
static void free_blocks(struct sb_client *client)
{
    struct sb_block *block;

    while ((block = client->free) != NULL) {
        client->free = block->next;
        delete_block(client, block);
    }
    while ((block = client->abandoned) != NULL) {
        client->abandoned = block->next;
        if (sb_block_is_signalled(client, block, 0))
            delete_block(client, block);
    }
}

void sb_device_close(struct sb_client *client)
{
    sb_process_close(client->process, client->file);
    free_blocks(client);
    pthread_mutex_destroy(&client->lock);
    sb_calls_drop(&client->device.calls);
    free(client);
}
