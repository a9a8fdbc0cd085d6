/*
 * Opening a device and calling it, in the program's own machine.
 *
 * A driver sees only memory of the machine's user arena, so the request and the reply go through a
 * block there. The block belongs to the call until it has ended: a driver that does not let go of a
 * cancelled call keeps the block, not the caller's buffers. Blocks are kept for the next call.
 */
#include "host.h"
#include "socket.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long a cancelled call may take to end before it is abandoned, in milliseconds. */
#define CANCEL_GRACE 1000

/* Room in a block, in bytes, unless a call needs more. */
#define BLOCK_CAPACITY 65536u

#define STATUS_BUFFER_OVERFLOW        ((sb_status)0x80000005)
#define STATUS_INFO_LENGTH_MISMATCH   ((sb_status)0xC0000004)
#define STATUS_INVALID_PARAMETER      ((sb_status)0xC000000D)
#define STATUS_NO_SUCH_DEVICE         ((sb_status)0xC000000E)
#define STATUS_INVALID_DEVICE_REQUEST ((sb_status)0xC0000010)
#define STATUS_NO_MEMORY              ((sb_status)0xC0000017)
#define STATUS_ACCESS_DENIED          ((sb_status)0xC0000022)
#define STATUS_BUFFER_TOO_SMALL       ((sb_status)0xC0000023)
#define STATUS_OBJECT_NAME_INVALID    ((sb_status)0xC0000033)
#define STATUS_OBJECT_NAME_NOT_FOUND  ((sb_status)0xC0000034)
#define STATUS_OBJECT_PATH_NOT_FOUND  ((sb_status)0xC000003A)
#define STATUS_SHARING_VIOLATION      ((sb_status)0xC0000043)
#define STATUS_INSUFFICIENT_RESOURCES ((sb_status)0xC000009A)
#define STATUS_NOT_SUPPORTED          ((sb_status)0xC00000BB)
#define STATUS_CANCELLED              ((sb_status)0xC0000120)

struct block {
    struct block *next;
    struct sb_io_status result;
    sb_handle event;
    unsigned char *memory; /* in the user arena */
    size_t capacity;
};

struct sb_client {
    struct sb_client_head head; /* no socket */
    struct sb_process *process;
    sb_handle file;
    pthread_mutex_t lock;
    pthread_cond_t idle;     /* signalled when calls becomes 0 */
    unsigned calls;          /* under way, under lock */
    bool closing;            /* under lock */
    struct block *free;      /* under lock */
    struct block *abandoned; /* still the driver's when their calls returned; under lock */
};

struct request {
    uint32_t code;
    const void *input;
    uint32_t input_length;
    void *output;
    uint32_t output_capacity;
};

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

static enum sb_error call_error(sb_status status)
{
    switch (status) {
    case STATUS_BUFFER_OVERFLOW:
        return SB_ERROR_TRUNCATED;
    case STATUS_INFO_LENGTH_MISMATCH:
        return SB_ERROR_BAD_LENGTH;
    case STATUS_BUFFER_TOO_SMALL:
        return SB_ERROR_REPLY_TOO_SMALL;
    case STATUS_INVALID_DEVICE_REQUEST:
    case STATUS_NOT_SUPPORTED:
        return SB_ERROR_UNKNOWN_COMMAND;
    case STATUS_ACCESS_DENIED:
        return SB_ERROR_ACCESS_DENIED;
    case STATUS_CANCELLED:
        return SB_ERROR_CLOSED;
    case STATUS_NO_MEMORY:
    case STATUS_INSUFFICIENT_RESOURCES:
        return SB_ERROR_NO_MEMORY;
    default:
        return status < 0 ? SB_ERROR_SYSTEM : SB_OK;
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
        return sb_fail(SB_ERROR_ARGUMENT, STATUS_INVALID_PARAMETER);
    opened = calloc(1, sizeof(*opened));
    if (opened == NULL)
        return sb_fail(SB_ERROR_NO_MEMORY, STATUS_NO_MEMORY);
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
    pthread_mutex_init(&opened->lock, NULL);
    pthread_cond_init(&opened->idle, NULL);
    *client = opened;
    return SB_OK;
}

static void delete_block(struct sb_client *client, struct block *block)
{
    sb_process_free(client->process, block->memory);
    sb_process_close(client->process, block->event);
    free(block);
}

static struct block *new_block(struct sb_client *client, size_t capacity)
{
    struct block *block = calloc(1, sizeof(*block));

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

/* A block for one call, NULL if there is no memory. */
static struct block *take_block(struct sb_client *client, size_t capacity)
{
    struct block *block;

    pthread_mutex_lock(&client->lock);
    block = client->free;
    if (block != NULL && block->capacity >= capacity)
        client->free = block->next;
    else
        block = NULL;
    pthread_mutex_unlock(&client->lock);
    return block != NULL ? block : new_block(client, capacity);
}

static void keep_block(struct sb_client *client, struct block *block, bool ended)
{
    struct block **list = ended ? &client->free : &client->abandoned;

    pthread_mutex_lock(&client->lock);
    block->next = *list;
    *list = block;
    pthread_mutex_unlock(&client->lock);
}

static bool begin_call(struct sb_client *client)
{
    bool open;

    pthread_mutex_lock(&client->lock);
    open = !client->closing;
    if (open)
        client->calls++;
    pthread_mutex_unlock(&client->lock);
    return open;
}

static void end_call(struct sb_client *client)
{
    pthread_mutex_lock(&client->lock);
    if (--client->calls == 0)
        pthread_cond_broadcast(&client->idle);
    pthread_mutex_unlock(&client->lock);
}

static bool is_signalled(struct sb_client *client, struct block *block, uint32_t timeout)
{
    return sb_process_wait(client->process, &block->event, 1, false, timeout) != SB_STATUS_TIMEOUT;
}

/*
 * Waits for a pending call. True once it has ended; false if it outlives its cancellation and is
 * the driver's from now on. *timed_out: it was cancelled because its time was up.
 */
static bool wait_for_end(struct sb_client *client, struct block *block, uint32_t timeout,
                         bool *timed_out)
{
    *timed_out = false;
    if (is_signalled(client, block, timeout))
        return true;
    *timed_out = true;
    sb_process_cancel(client->process, client->file, &block->result);
    return is_signalled(client, block, CANCEL_GRACE);
}

/* The bytes of the reply, behind the request in the block and aligned as pool would be. */
static size_t reply_offset(const struct request *request)
{
    return ((size_t)request->input_length + 15) & ~(size_t)15;
}

/* Runs one call to its end, or to where it is given up. */
static enum sb_error run_call(struct sb_client *client, struct block *block,
                              const struct request *request, uint32_t timeout, bool *ended)
{
    unsigned char *output = block->memory + reply_offset(request);
    bool timed_out = false;
    sb_status status;

    *ended = true;
    if (request->input_length != 0)
        memcpy(block->memory, request->input, request->input_length);
    status =
        sb_process_ioctl(client->process, client->file, block->event, &block->result, request->code,
                         request->input_length != 0 ? block->memory : NULL, request->input_length,
                         request->output_capacity != 0 ? output : NULL, request->output_capacity);
    if (status == SB_STATUS_PENDING) {
        *ended = wait_for_end(client, block, timeout, &timed_out);
        status = *ended ? block->result.status : SB_STATUS_TIMEOUT;
    }
    if (timed_out && (!*ended || status == STATUS_CANCELLED))
        return sb_fail(SB_ERROR_TIMEOUT, status);
    return call_error(status) == SB_OK ? SB_OK : sb_fail(call_error(status), status);
}

static enum sb_error call_device(struct sb_client *client, const struct request *request,
                                 size_t *reply_length, uint32_t timeout)
{
    struct block *block = take_block(client, reply_offset(request) + request->output_capacity);
    enum sb_error error;
    size_t received;
    bool ended;

    if (block == NULL)
        return sb_fail(SB_ERROR_NO_MEMORY, STATUS_NO_MEMORY);
    error = run_call(client, block, request, timeout, &ended);
    if (error == SB_OK || error == SB_ERROR_TRUNCATED) {
        received = block->result.information < request->output_capacity ? block->result.information
                                                                        : request->output_capacity;
        if (received != 0)
            memcpy(request->output, block->memory + reply_offset(request), received);
        if (reply_length != NULL)
            *reply_length = received;
    }
    keep_block(client, block, ended);
    return error;
}

static bool fits(const void *buffer, size_t length)
{
    return length <= UINT32_MAX && (buffer != NULL || length == 0);
}

enum sb_error sb_call(struct sb_client *client, uint32_t code, const void *input,
                      size_t input_length, void *output, size_t output_capacity,
                      size_t *reply_length, uint32_t timeout)
{
    const struct request request = {code, input, (uint32_t)input_length, output,
                                    (uint32_t)output_capacity};
    enum sb_error error;

    if (client == NULL || !fits(input, input_length) || !fits(output, output_capacity))
        return sb_fail(SB_ERROR_ARGUMENT, STATUS_INVALID_PARAMETER);
    if (sb_client_socket(client) != NULL)
        return sb_socket_call(sb_client_socket(client), code, input, input_length, output,
                              output_capacity, reply_length, timeout);
    if (!begin_call(client))
        return sb_fail(SB_ERROR_CLOSED, STATUS_CANCELLED);
    error = call_device(client, &request, reply_length, timeout);
    end_call(client);
    return error;
}

/* Cancels until no call is under way; one that has begun may not have reached the device yet. */
static void end_calls(struct sb_client *client)
{
    struct timespec until;

    pthread_mutex_lock(&client->lock);
    client->closing = true;
    while (client->calls != 0) {
        pthread_mutex_unlock(&client->lock);
        sb_process_cancel(client->process, client->file, NULL);
        pthread_mutex_lock(&client->lock);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 10000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        if (client->calls != 0)
            pthread_cond_timedwait(&client->idle, &client->lock, &until);
    }
    pthread_mutex_unlock(&client->lock);
}

/* What the driver has not given back by now stays its own: memory lost beats memory overwritten. */
static void free_blocks(struct sb_client *client)
{
    struct block *block;

    while ((block = client->free) != NULL) {
        client->free = block->next;
        delete_block(client, block);
    }
    while ((block = client->abandoned) != NULL) {
        client->abandoned = block->next;
        if (is_signalled(client, block, 0))
            delete_block(client, block);
    }
}

void sb_close(struct sb_client *client)
{
    if (client == NULL)
        return;
    if (sb_client_socket(client) != NULL) {
        sb_socket_close(sb_client_socket(client));
        return;
    }
    end_calls(client);
    sb_process_close(client->process, client->file);
    free_blocks(client);
    pthread_cond_destroy(&client->idle);
    pthread_mutex_destroy(&client->lock);
    free(client);
}
