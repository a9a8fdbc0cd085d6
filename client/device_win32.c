/*
 * Opening a device and calling it, over DeviceIoControl.
 *
 * The device is opened for overlapped I/O and every call has an OVERLAPPED and an event of its own,
 * so calls run at once and each can be given up. (Without an OVERLAPPED on such a handle Windows
 * waits on the handle itself, which any other call's end signals.)
 *
 * A call lives in one block of memory that holds its OVERLAPPED and the room for the reply. The
 * system writes to that room until the call ends, also where it then reports an error; the caller's
 * buffer is written only when there is a reply. Should a driver not let go of a cancelled call, the
 * block is abandoned to it: the caller gets its answer in time, the block is freed when the call's
 * event is set at last.
 */
#include "win32.h"
#include "socket.h"

#include <stdlib.h>
#include <string.h>

/* How long a cancelled call may take to end before it is abandoned, in milliseconds. */
#define CANCEL_GRACE 1000

struct sb_client {
    struct sb_client_head head; /* no socket */
    HANDLE device;
    SRWLOCK lock;
    CONDITION_VARIABLE idle; /* signalled when calls becomes 0 */
    unsigned calls;          /* under way, under lock */
    bool closing;            /* under lock */
};

struct call {
    OVERLAPPED overlapped;
    unsigned char reply[];
};

/* The toolkit's drivers never refuse administrators, so what does is the exclusive open. */
static bool is_administrator(void)
{
    SID_IDENTIFIER_AUTHORITY authority = SECURITY_NT_AUTHORITY;
    BOOL member = FALSE;
    PSID administrators;

    if (!AllocateAndInitializeSid(&authority, 2, SECURITY_BUILTIN_DOMAIN_RID,
                                  DOMAIN_ALIAS_RID_ADMINS, 0, 0, 0, 0, 0, 0, &administrators))
        return false;
    if (!CheckTokenMembership(NULL, administrators, &member))
        member = FALSE;
    FreeSid(administrators);
    return member != FALSE;
}

static enum sb_error open_error(DWORD error)
{
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
        return SB_ERROR_NOT_FOUND;
    case ERROR_SHARING_VIOLATION:
        return SB_ERROR_BUSY;
    case ERROR_ACCESS_DENIED:
        return is_administrator() ? SB_ERROR_BUSY : SB_ERROR_ACCESS_DENIED;
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
        return SB_ERROR_ARGUMENT;
    default:
        return SB_ERROR_SYSTEM;
    }
}

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
    default:
        return SB_ERROR_SYSTEM;
    }
}

enum sb_error sb_open(const char *path, struct sb_client **client)
{
    struct sb_client *opened;
    enum sb_error error;
    wchar_t *wide;
    DWORD reason;

    if (client == NULL || path == NULL || strncmp(path, "\\\\.\\", 4) != 0)
        return sb_fail(SB_ERROR_ARGUMENT, ERROR_INVALID_PARAMETER);
    error = sb_widen(path, &wide);
    if (error != SB_OK)
        return error;
    opened = calloc(1, sizeof(*opened));
    if (opened == NULL) {
        free(wide);
        return sb_fail(SB_ERROR_NO_MEMORY, ERROR_NOT_ENOUGH_MEMORY);
    }
    opened->device =
        CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                    FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    reason = GetLastError();
    free(wide);
    if (opened->device == INVALID_HANDLE_VALUE) {
        free(opened);
        return sb_fail(open_error(reason), reason);
    }
    InitializeSRWLock(&opened->lock);
    InitializeConditionVariable(&opened->idle);
    *client = opened;
    return SB_OK;
}

static bool begin_call(struct sb_client *client)
{
    bool open;

    AcquireSRWLockExclusive(&client->lock);
    open = !client->closing;
    if (open)
        client->calls++;
    ReleaseSRWLockExclusive(&client->lock);
    return open;
}

static void end_call(struct sb_client *client)
{
    AcquireSRWLockExclusive(&client->lock);
    if (--client->calls == 0)
        WakeAllConditionVariable(&client->idle);
    ReleaseSRWLockExclusive(&client->lock);
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

struct request {
    uint32_t code;
    const void *input;
    DWORD input_length;
    void *output;
    DWORD output_capacity;
};

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
        CancelIoEx(client->device, &call->overlapped);
        if (WaitForSingleObject(call->overlapped.hEvent, CANCEL_GRACE) != WAIT_OBJECT_0) {
            *ended = false;
            return WAIT_TIMEOUT;
        }
    }
    if (GetOverlappedResult(client->device, &call->overlapped, received, FALSE))
        return ERROR_SUCCESS;
    reason = GetLastError();
    return cancelled && reason == ERROR_OPERATION_ABORTED ? WAIT_TIMEOUT : reason;
}

/* Runs one call to its end; *ended false means that the block is no longer the caller's. */
static DWORD run_call(struct sb_client *client, struct call *call, const struct request *request,
                      uint32_t timeout, DWORD *received, bool *ended)
{
    DWORD reason;

    *ended = true;
    if (DeviceIoControl(client->device, request->code, (void *)(uintptr_t)request->input,
                        request->input_length, request->output_capacity != 0 ? call->reply : NULL,
                        request->output_capacity, received, &call->overlapped))
        return ERROR_SUCCESS;
    reason = GetLastError();
    if (reason == ERROR_IO_PENDING)
        return wait_for_end(client, call, timeout, received, ended);
    *received = reason == ERROR_MORE_DATA ? (DWORD)call->overlapped.InternalHigh : 0;
    return reason;
}

static enum sb_error call_device(struct sb_client *client, const struct request *request,
                                 size_t *reply_length, uint32_t timeout)
{
    struct call *call = new_call(request->output_capacity);
    enum sb_error error;
    DWORD received = 0;
    DWORD reason;
    bool ended;

    if (call == NULL)
        return sb_fail(SB_ERROR_NO_MEMORY, ERROR_NOT_ENOUGH_MEMORY);
    reason = run_call(client, call, request, timeout, &received, &ended);
    error = reason == ERROR_SUCCESS ? SB_OK : sb_fail(call_error(reason), reason);
    if (received > request->output_capacity)
        received = request->output_capacity;
    if (error == SB_OK || error == SB_ERROR_TRUNCATED) {
        if (received != 0)
            memcpy(request->output, call->reply, received);
        if (reply_length != NULL)
            *reply_length = received;
    }
    if (ended)
        delete_call(call);
    else
        abandon_call(call);
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
    const struct request request = {code, input, (DWORD)input_length, output,
                                    (DWORD)output_capacity};
    enum sb_error error;

    if (client == NULL || !fits(input, input_length) || !fits(output, output_capacity))
        return sb_fail(SB_ERROR_ARGUMENT, ERROR_INVALID_PARAMETER);
    if (sb_client_socket(client) != NULL)
        return sb_socket_call(sb_client_socket(client), code, input, input_length, output,
                              output_capacity, reply_length, timeout);
    if (!begin_call(client))
        return sb_fail(SB_ERROR_CLOSED, ERROR_OPERATION_ABORTED);
    error = call_device(client, &request, reply_length, timeout);
    end_call(client);
    return error;
}

void sb_close(struct sb_client *client)
{
    if (client == NULL)
        return;
    if (sb_client_socket(client) != NULL) {
        sb_socket_close(sb_client_socket(client));
        return;
    }
    AcquireSRWLockExclusive(&client->lock);
    client->closing = true;
    while (client->calls != 0) {
        /* A call that has begun may not have reached the device yet: cancel until all are out. */
        CancelIoEx(client->device, NULL);
        SleepConditionVariableSRW(&client->idle, &client->lock, 10, 0);
    }
    ReleaseSRWLockExclusive(&client->lock);
    CloseHandle(client->device);
    free(client);
}
