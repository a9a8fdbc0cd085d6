/*
 * Requests on a device, over DeviceIoControl, ReadFile and WriteFile: each waited for, and
 * operations that go on by themselves.
 *
 * The device is opened for overlapped I/O and every call has an OVERLAPPED and an event of its own,
 * so calls run at once and each can be given up. (Without an OVERLAPPED on such a handle Windows
 * waits on the handle itself, which any other call's end signals.)
 *
 * A call lives in one block of memory that holds its OVERLAPPED and the room for the reply. The
 * system writes to that room until the call ends, also where it then reports an error; the caller's
 * buffer is written only when there is a reply. Should a driver not let go of a cancelled call, the
 * block is abandoned to it: the caller gets its answer in time, the block is freed when the call's
 * event is set at last. What is only read is read where it lies.
 */
#include "device_win32.h"
#include "operation.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>

/* How long a cancelled call may take to end before it is abandoned, in milliseconds. */
#define CANCEL_GRACE 1000

struct call {
    OVERLAPPED overlapped;
    unsigned char reply[];
};

static enum sb_error call_error(DWORD error)
{
    switch (error) {
    case WAIT_TIMEOUT:
        return SB_ERROR_TIMEOUT;
    case ERROR_MORE_DATA:
        return SB_ERROR_TRUNCATED;
    case ERROR_BAD_LENGTH:
        return SB_ERROR_BAD_LENGTH;
    case ERROR_INSUFFICIENT_BUFFER:
        return SB_ERROR_REPLY_TOO_SMALL;
    case ERROR_INVALID_FUNCTION:
    case ERROR_NOT_SUPPORTED:
        return SB_ERROR_UNKNOWN_COMMAND;
    case ERROR_ACCESS_DENIED:
        return SB_ERROR_ACCESS_DENIED;
    case ERROR_OPERATION_ABORTED:
        return SB_ERROR_CLOSED;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_NO_SYSTEM_RESOURCES:
        return SB_ERROR_NO_MEMORY;
    case ERROR_BAD_COMMAND:
        return SB_ERROR_STATE;
    case ERROR_NOT_FOUND:
        return SB_ERROR_TOO_LATE;
    case ERROR_REVISION_MISMATCH:
        return SB_ERROR_VERSION;
    default:
        return SB_ERROR_SYSTEM;
    }
}

enum sb_error sb_win32_error(DWORD error)
{
    return call_error(error);
}

static struct call *new_call(size_t reply_capacity)
{
    struct call *call;

    if (reply_capacity > SIZE_MAX - sizeof(*call))
        return NULL;
    call = malloc(sizeof(*call) + reply_capacity);
    if (call == NULL)
        return NULL;
    memset(call, 0, sizeof(*call));
    call->overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (call->overlapped.hEvent == NULL) {
        free(call);
        return NULL;
    }
    return call;
}

static void delete_call(struct call *call)
{
    CloseHandle(call->overlapped.hEvent);
    free(call);
}

static VOID CALLBACK abandoned_call_ended(PTP_CALLBACK_INSTANCE instance, PVOID context,
                                          PTP_WAIT wait, TP_WAIT_RESULT result)
{
    (void)instance;
    (void)result;
    CloseThreadpoolWait(wait);
    delete_call(context);
}

/* Leaves the block to the system until the call ends. */
static void abandon_call(struct call *call)
{
    PTP_WAIT wait = CreateThreadpoolWait(abandoned_call_ended, call, NULL);

    /* If no wait can be had, the block is lost, which beats memory that is written after free. */
    if (wait != NULL)
        SetThreadpoolWait(wait, call->overlapped.hEvent, NULL);
}

/* False if the call outlives its cancellation. */
static bool cancel_call(struct sb_client *client, struct call *call)
{
    CancelIoEx(client->file, &call->overlapped);
    return WaitForSingleObject(call->overlapped.hEvent, CANCEL_GRACE) == WAIT_OBJECT_0;
}

/*
 * Waits for a call that is under way and cancels it when its time is up. A Win32 error, 0 if the
 * driver answered; WAIT_TIMEOUT if the call was cancelled here, and only then: a driver may cancel
 * calls too. *ended is false if the call outlives its cancellation.
 */
static DWORD wait_for_end(struct sb_client *client, struct call *call, uint32_t timeout,
                          DWORD *received, bool *ended)
{
    DWORD limit = timeout == SB_FOREVER ? INFINITE : timeout;
    bool cancelled = false;
    DWORD reason;

    if (WaitForSingleObject(call->overlapped.hEvent, limit) != WAIT_OBJECT_0) {
        cancelled = true;
        if (!cancel_call(client, call)) {
            *ended = false;
            return WAIT_TIMEOUT;
        }
    }
    if (GetOverlappedResult(client->file, &call->overlapped, received, FALSE))
        return ERROR_SUCCESS;
    reason = GetLastError();
    return cancelled && reason == ERROR_OPERATION_ABORTED ? WAIT_TIMEOUT : reason;
}

/* Sends the request, its output going to room; as the functions of Windows that it calls. */
static BOOL send_request(struct sb_client *client, struct call *call,
                         const struct sb_request *request, void *room, DWORD *received)
{
    void *input = (void *)(uintptr_t)request->input;

    call->overlapped.Offset = (DWORD)request->offset;
    call->overlapped.OffsetHigh = (DWORD)(request->offset >> 32);
    if (request->kind == SB_REQUEST_READ)
        return ReadFile(client->file, room, request->output_capacity, received, &call->overlapped);
    if (request->kind == SB_REQUEST_WRITE)
        return WriteFile(client->file, input, request->input_length, received, &call->overlapped);
    return DeviceIoControl(client->file, request->code, input, request->input_length,
                           request->output_capacity != 0 ? room : NULL, request->output_capacity,
                           received, &call->overlapped);
}

/* Why a request that was sent did not succeed at once, and what came nevertheless. */
static DWORD failure(const struct call *call, DWORD *received)
{
    DWORD reason = GetLastError();

    *received = reason == ERROR_MORE_DATA ? (DWORD)call->overlapped.InternalHigh : 0;
    return reason;
}

/* Runs one call to its end; *ended false means that the block is no longer the caller's. */
static DWORD run_call(struct sb_client *client, struct call *call, const struct sb_request *request,
                      void *room, uint32_t timeout, DWORD *received, bool *ended)
{
    DWORD reason;

    *ended = true;
    if (send_request(client, call, request, room, received))
        return ERROR_SUCCESS;
    reason = failure(call, received);
    if (reason == ERROR_IO_PENDING)
        return wait_for_end(client, call, timeout, received, ended);
    return reason;
}

/* May the driver write to the caller's output itself? Only direct I/O gains by it, and only a call
   that is waited for to its end allows it. */
static bool is_output_lent(const struct sb_request *request, uint32_t timeout)
{
    return request->kind == SB_REQUEST_COMMAND && timeout == SB_FOREVER &&
           SB_CONTROL_CODE_METHOD(request->code) == SB_METHOD_OUT_DIRECT;
}

/* Where the output of the request goes: NULL for the call's own block. */
static void *foreign_room(const struct sb_request *request, uint32_t timeout)
{
    if (request->data != NULL)
        return (void *)(uintptr_t)request->data;
    return is_output_lent(request, timeout) ? request->output : NULL;
}

enum sb_error sb_device_call(struct sb_client *client, const struct sb_request *request,
                             size_t *length, uint32_t timeout)
{
    void *foreign = foreign_room(request, timeout);
    struct call *call = new_call(foreign == NULL ? request->output_capacity : 0);
    DWORD limit =
        request->kind == SB_REQUEST_WRITE ? request->input_length : request->output_capacity;
    enum sb_error error;
    DWORD received = 0;
    DWORD reason;
    bool ended;

    if (call == NULL)
        return sb_refuse(SB_ERROR_NO_MEMORY);
    reason = run_call(client, call, request, foreign != NULL ? foreign : call->reply, timeout,
                      &received, &ended);
    error = reason == ERROR_SUCCESS ? SB_OK : sb_fail(call_error(reason), reason);
    if (received > limit)
        received = limit;
    if (error == SB_OK || error == SB_ERROR_TRUNCATED) {
        if (received != 0 && foreign == NULL && request->output != NULL)
            memcpy(request->output, call->reply, received);
        if (length != NULL)
            *length = received;
    }
    if (ended)
        delete_call(call);
    else
        abandon_call(call);
    return error;
}

/* ---- operations ---- */

struct device_operation {
    struct sb_operation head;
    struct sb_client *client;
    struct call *call;
    DWORD capacity;
    DWORD received;
    bool pends;   /* under way since it was started */
    DWORD reason; /* how it ended, unless it pends */
};

static struct device_operation *of_device(struct sb_operation *operation)
{
    return (struct device_operation *)operation;
}

static void start(struct sb_operation *started, uint32_t code)
{
    struct device_operation *operation = of_device(started);
    const struct sb_request request = {
        .kind = SB_REQUEST_COMMAND, .code = code, .output_capacity = operation->capacity};

    operation->reason = ERROR_OPERATION_ABORTED;
    if (sb_calls_begin(&operation->client->device
                            .calls)) { /* while it is sent: who ends the calls cancels it then */
        operation->reason = ERROR_SUCCESS;
        if (!send_request(operation->client, operation->call, &request, operation->call->reply,
                          &operation->received))
            operation->reason = failure(operation->call, &operation->received);
        sb_calls_end(&operation->client->device.calls);
    }
    operation->pends = operation->reason == ERROR_IO_PENDING;
}

static bool wait(struct sb_operation *awaited, uint32_t timeout)
{
    struct device_operation *operation = of_device(awaited);
    OVERLAPPED *overlapped = &operation->call->overlapped;
    DWORD limit = timeout == SB_FOREVER ? INFINITE : timeout;

    if (!operation->pends)
        return true;
    if (WaitForSingleObject(overlapped->hEvent, limit) != WAIT_OBJECT_0)
        return false;
    operation->pends = false;
    operation->reason = ERROR_SUCCESS;
    if (!GetOverlappedResult(operation->client->file, overlapped, &operation->received, FALSE))
        operation->reason = GetLastError();
    return true;
}

static enum sb_error result(struct sb_operation *ended, const void **reply, size_t *length)
{
    struct device_operation *operation = of_device(ended);
    enum sb_error error = operation->reason == ERROR_SUCCESS
                              ? SB_OK
                              : sb_fail(call_error(operation->reason), operation->reason);

    if (error == SB_OK || error == SB_ERROR_TRUNCATED) {
        *reply = operation->call->reply;
        *length =
            operation->received < operation->capacity ? operation->received : operation->capacity;
    }
    return error;
}

static void discard(struct sb_operation *discarded)
{
    struct device_operation *operation = of_device(discarded);
    bool ended;

    ended = wait(discarded, 0) || cancel_call(operation->client, operation->call);
    if (ended)
        delete_call(operation->call);
    else
        abandon_call(operation->call);
    free(operation);
}

static const struct sb_operation_methods methods = {start, wait, result, discard};

enum sb_error sb_device_operation_create(struct sb_client *client, size_t capacity,
                                         struct sb_operation **operation)
{
    struct device_operation *made;

    made = calloc(1, sizeof(*made));
    if (made != NULL && capacity <= UINT32_MAX)
        made->call = new_call(capacity);
    if (made == NULL || made->call == NULL) {
        free(made);
        return sb_refuse(SB_ERROR_NO_MEMORY);
    }
    made->client = client;
    made->capacity = (DWORD)capacity;
    made->head.methods = &methods;
    *operation = &made->head;
    return SB_OK;
}
