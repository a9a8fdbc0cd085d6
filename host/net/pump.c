/* Moving a socket's queues on, as far as Linux lets it. The lock is held throughout. */
#include "host/net/net.h"

static struct request *first(PLIST_ENTRY queue)
{
    return IsListEmpty(queue) ? NULL : CONTAINING_RECORD(queue->Flink, struct request, link);
}

/* The pieces from where the request stands; those behind it are as they were. */
static void advance(struct request *request, SIZE_T bytes)
{
    request->moved += bytes;
    while (bytes) {
        struct linux_buffer *piece = &request->buffers[request->first_buffer];
        SIZE_T here = bytes < piece->length ? bytes : piece->length;
        piece->base = (UCHAR *)piece->base + here;
        piece->length -= here;
        bytes -= here;
        if (!piece->length)
            request->first_buffer++;
    }
}

enum { MOST_BUFFERS = 1024 }; /* Linux's own limit for one call */

static ULONG buffers_left(const struct request *request)
{
    ULONG count = request->buffer_count - request->first_buffer;
    return count < MOST_BUFFERS ? count : MOST_BUFFERS;
}

void socket_fail(struct socket *socket, NTSTATUS status)
{
    if (socket->state == SOCKET_FAILED)
        return;
    socket->state = SOCKET_FAILED;
    socket->status = status;
}

/* FALSE: it has to wait. */
static BOOLEAN send_some(struct socket *socket, struct request *request)
{
    if (request->flags & WSK_FLAG_NODELAY && !socket->sends_at_once) {
        linux_socket_set_option(socket->handle, LINUX_SOCKET_NO_DELAY, 1);
        socket->sends_at_once = TRUE;
    }
    int64_t sent =
        linux_socket_send(socket->handle, request->buffers + request->first_buffer,
                          buffers_left(request), request->has_address ? &request->address : NULL);
    if (sent == -LINUX_SOCKET_WOULD_BLOCK)
        return FALSE;
    if (sent < 0) {
        if (socket->type == SOCK_STREAM && sent != -LINUX_SOCKET_BAD_MEMORY)
            socket_fail(socket, socket_status(sent));
        request_end(socket, request, socket_status(sent));
        return TRUE;
    }
    advance(request, (SIZE_T)sent);
    request->information = request->moved;
    if (request->moved == request->length || socket->type == SOCK_DGRAM)
        request_end(socket, request, STATUS_SUCCESS);
    return TRUE;
}

/* What was to be sent before is sent. */
static void disconnect(struct socket *socket, struct request *request)
{
    int result = linux_socket_shutdown(socket->handle, false);
    socket->sent_end = TRUE;
    request_end(socket, request, socket_status(result));
}

static void pump_sends(struct socket *socket)
{
    for (struct request *request; (request = first(&socket->sends));) {
        if (socket->type == SOCK_STREAM && socket->state != SOCKET_CONNECTED)
            request_end(socket, request,
                        socket->state == SOCKET_FAILED ? socket->status
                                                       : STATUS_INVALID_DEVICE_STATE);
        else if (socket->sent_end)
            request_end(socket, request, STATUS_INVALID_DEVICE_STATE);
        else if (request->kind == REQUEST_DISCONNECT && request->moved == request->length)
            disconnect(socket, request);
        else if (request->kind == REQUEST_SEND && socket->type == SOCK_STREAM && !request->length)
            request_end(socket, request, STATUS_SUCCESS);
        else if (!send_some(socket, request))
            return;
    }
}

/* A disconnect with a last piece of data is not ended by having sent it. */
static BOOLEAN receive_stream(struct socket *socket, struct request *request)
{
    SIZE_T kept = socket_take_kept(socket, request);
    if (kept)
        advance(request, kept);
    while (request->moved < request->length) {
        int64_t received =
            socket->state == SOCKET_FAILED
                ? 0
                : linux_socket_receive(socket->handle, request->buffers + request->first_buffer,
                                       buffers_left(request), NULL, NULL);
        if (received == -LINUX_SOCKET_WOULD_BLOCK) {
            if (request->moved && !(request->flags & WSK_FLAG_WAITALL))
                break;
            return FALSE;
        }
        if (received < 0 && received != -LINUX_SOCKET_BAD_MEMORY)
            socket_fail(socket, socket_status(received));
        if (received < 0 && !request->moved) {
            request_end(socket, request, socket_status(received));
            return TRUE;
        }
        if (received <= 0) {
            if (received == 0 && socket->state != SOCKET_FAILED)
                socket->received_end = TRUE;
            break;
        }
        advance(request, (SIZE_T)received);
        if (!(request->flags & WSK_FLAG_WAITALL))
            break;
    }
    request->information = request->moved;
    request_end(socket, request,
                socket->state == SOCKET_FAILED && !request->moved ? socket->status
                                                                  : STATUS_SUCCESS);
    return TRUE;
}

static BOOLEAN receive_datagram(struct socket *socket, struct request *request)
{
    bool truncated = false;
    int64_t received = linux_socket_receive(socket->handle, request->buffers, buffers_left(request),
                                            &request->from, &truncated);
    if (received == -LINUX_SOCKET_WOULD_BLOCK)
        return FALSE;
    if (received >= 0) {
        request->information = (ULONG_PTR)received;
        request->tells_from = TRUE;
    }
    request_end(socket, request, truncated ? STATUS_BUFFER_OVERFLOW : socket_status(received));
    return TRUE;
}

static void pump_receives(struct socket *socket)
{
    for (struct request *request; (request = first(&socket->receives));) {
        if (socket->type == SOCK_DGRAM) {
            if (!receive_datagram(socket, request))
                return;
        } else if (socket->state != SOCKET_CONNECTED && socket->state != SOCKET_FAILED) {
            request_end(socket, request, STATUS_INVALID_DEVICE_STATE);
        } else if (!receive_stream(socket, request)) {
            return;
        }
    }
}

static void pump_accepts(struct socket *socket)
{
    for (struct request *request; (request = first(&socket->accepts));) {
        if (socket->state != SOCKET_LISTENING) {
            request_end(socket, request, STATUS_INVALID_DEVICE_STATE);
            continue;
        }
        int handle = linux_socket_accept(socket->handle);
        if (handle == -LINUX_SOCKET_WOULD_BLOCK)
            return;
        if (handle == -LINUX_SOCKET_ABORTED)
            continue;
        NTSTATUS status = socket_status(handle);
        if (handle >= 0)
            status = socket_accept(socket, handle, request->context, request->dispatch,
                                   &request->accepted);
        request_end(socket, request, status);
    }
}

static void connected(struct socket *socket, struct request *request, NTSTATUS status)
{
    if (NT_SUCCESS(status))
        socket->state = SOCKET_CONNECTED;
    else
        socket_fail(socket, status);
    request_end(socket, request, status);
}

static void pump_connects(struct socket *socket)
{
    for (struct request *request; (request = first(&socket->connects));) {
        struct linux_socket_address peer;
        int result;
        if (socket->state == SOCKET_BOUND) {
            socket->state = SOCKET_CONNECTING;
            result = linux_socket_connect(socket->handle, &request->address);
        } else if (socket->state == SOCKET_CONNECTING) {
            result = linux_socket_take_error(socket->handle);
            if (result == 0 && linux_socket_remote_address(socket->handle, &peer) < 0)
                return; /* undecided */
        } else {
            request_end(socket, request, STATUS_INVALID_DEVICE_STATE);
            continue;
        }
        if (result == -LINUX_SOCKET_WOULD_BLOCK)
            return;
        /* A refusal is another error: this one was connected before it was reset. */
        connected(socket, request, result == -LINUX_SOCKET_RESET ? 0 : socket_status(result));
        if (result == -LINUX_SOCKET_RESET)
            socket_fail(socket, STATUS_CONNECTION_RESET);
    }
}

void socket_pump(struct socket *socket)
{
    if (socket->handle >= 0 && !socket->closing) {
        pump_connects(socket);
        pump_sends(socket);
        pump_receives(socket);
        pump_accepts(socket);
        return;
    }
    request_end_all(socket, &socket->connects, STATUS_CANCELLED);
    request_end_all(socket, &socket->receives, STATUS_CANCELLED);
    request_end_all(socket, &socket->accepts, STATUS_CANCELLED);
    /* The close itself stands in this queue and is let go last, when no IRP is caught. */
    for (PLIST_ENTRY link = socket->sends.Flink, next; link != &socket->sends; link = next) {
        struct request *request = CONTAINING_RECORD(link, struct request, link);
        next = link->Flink;
        if (request->kind != REQUEST_CLOSE)
            request_end(socket, request, STATUS_CANCELLED);
        else if (next == &socket->sends && IsListEmpty(&socket->caught))
            request_end(socket, request, STATUS_SUCCESS);
    }
}
