/* Functions of connection-oriented, listening and stream sockets. */
#include "host/net/net.h"

static NTSTATUS transfer(enum request_kind kind, PWSK_SOCKET wsk, PWSK_BUF buffer, ULONG flags,
                         PIRP irp)
{
    struct request *request;
    if (!wsk || !irp)
        return STATUS_INVALID_PARAMETER;
    if (!buffer)
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    NTSTATUS status = request_create(kind, irp, buffer, &request);
    if (!NT_SUCCESS(status))
        return status;
    request->flags = flags;
    return request_submit(socket_of(wsk), request);
}

static NTSTATUS WSKAPI wsk_send(PWSK_SOCKET wsk, PWSK_BUF buffer, ULONG flags, PIRP irp)
{
    return transfer(REQUEST_SEND, wsk, buffer, flags, irp);
}

static NTSTATUS WSKAPI wsk_receive(PWSK_SOCKET wsk, PWSK_BUF buffer, ULONG flags, PIRP irp)
{
    if (flags & WSK_FLAG_DRAIN) /* data is thrown away by reading it */
        return irp_answer(irp, STATUS_NOT_SUPPORTED, 0);
    return transfer(REQUEST_RECEIVE, wsk, buffer, flags, irp);
}

static NTSTATUS connect(PWSK_SOCKET wsk, PSOCKADDR remote, PIRP irp)
{
    struct linux_socket_address address;
    struct request *request;
    if (!wsk || !irp)
        return STATUS_INVALID_PARAMETER;
    struct socket *socket = socket_of(wsk);
    if (!address_take(&address, remote, socket->family))
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    NTSTATUS status = request_create(REQUEST_CONNECT, irp, NULL, &request);
    if (!NT_SUCCESS(status))
        return status;
    request->address = address;
    return request_submit(socket, request);
}

static NTSTATUS WSKAPI wsk_connect(PWSK_SOCKET wsk, PSOCKADDR remote, ULONG flags, PIRP irp)
{
    return connect(wsk, remote, irp);
}

/* The data that is to go with the connection request is not sent along. */
static NTSTATUS WSKAPI wsk_connect_ex(PWSK_SOCKET wsk, PSOCKADDR remote, PWSK_BUF buffer,
                                      ULONG flags, PIRP irp)
{
    if (buffer)
        return irp_answer(irp, STATUS_NOT_SUPPORTED, 0);
    return connect(wsk, remote, irp);
}

static NTSTATUS abort_connection(struct socket *socket, PIRP irp)
{
    socket_reference(socket);
    linux_lock(&socket->lock);
    BOOLEAN connected = socket->state == SOCKET_CONNECTED;
    if (connected) {
        linux_socket_shutdown(socket->handle, true);
        socket_fail(socket, STATUS_CONNECTION_ABORTED);
        socket->end_told = TRUE; /* by the driver itself */
        request_end_all(socket, &socket->sends, STATUS_CONNECTION_ABORTED);
        request_end_all(socket, &socket->receives, STATUS_CONNECTION_ABORTED);
    }
    linux_unlock(&socket->lock);
    NTSTATUS status = irp_answer(irp, connected ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE, 0);
    net_drive(socket);
    socket_dereference(socket);
    return status;
}

static NTSTATUS WSKAPI wsk_disconnect(PWSK_SOCKET wsk, PWSK_BUF buffer, ULONG flags, PIRP irp)
{
    struct request *request;
    if (!wsk || !irp)
        return STATUS_INVALID_PARAMETER;
    if (buffer && flags & WSK_FLAG_ABORTIVE)
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    if (flags & WSK_FLAG_ABORTIVE)
        return abort_connection(socket_of(wsk), irp);
    NTSTATUS status = request_create(REQUEST_DISCONNECT, irp, buffer, &request);
    return NT_SUCCESS(status) ? request_submit(socket_of(wsk), request) : status;
}

const WSK_PROVIDER_CONNECTION_DISPATCH net_connection_dispatch = {
    .Basic = {wsk_control_socket, wsk_close_socket},
    .WskBind = wsk_bind,
    .WskConnect = wsk_connect,
    .WskGetLocalAddress = wsk_get_local_address,
    .WskGetRemoteAddress = wsk_get_remote_address,
    .WskSend = wsk_send,
    .WskReceive = wsk_receive,
    .WskDisconnect = wsk_disconnect,
    .WskRelease = wsk_release_data,
    .WskConnectEx = wsk_connect_ex,
    /* WskSendEx and WskReceiveEx are the system's own. */
};

NTSTATUS socket_accept(struct socket *listener, int handle, PVOID context, const VOID *dispatch,
                       struct socket **accepted)
{
    const struct socket_options options = {
        .registration = listener->registration,
        .category = listener->category == WSK_FLAG_STREAM_SOCKET ? WSK_FLAG_STREAM_SOCKET
                                                                 : WSK_FLAG_CONNECTION_SOCKET,
        .family = listener->family,
        .type = listener->type,
        .protocol = listener->protocol,
        .context = context,
        .dispatch = dispatch,
    };
    NTSTATUS status = socket_create(&options, handle, accepted);
    if (!NT_SUCCESS(status))
        return status;
    linux_lock(&(*accepted)->lock); /* the network's thread knows it already */
    (*accepted)->state = SOCKET_CONNECTED;
    (*accepted)->inherited = listener->inherited;
    (*accepted)->callbacks = dispatch ? listener->inherited : 0;
    linux_unlock(&(*accepted)->lock);
    return STATUS_SUCCESS;
}

static NTSTATUS WSKAPI wsk_accept(PWSK_SOCKET wsk, ULONG flags, PVOID context,
                                  CONST WSK_CLIENT_CONNECTION_DISPATCH *dispatch, PSOCKADDR local,
                                  PSOCKADDR remote, PIRP irp)
{
    struct request *request;
    if (!wsk || !irp)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = request_create(REQUEST_ACCEPT, irp, NULL, &request);
    if (!NT_SUCCESS(status))
        return status;
    request->context = context;
    request->dispatch = dispatch;
    request->local_address = local;
    request->remote_address = remote;
    return request_submit(socket_of(wsk), request);
}

/* No socket accepts conditionally (SO_CONDITIONAL_ACCEPT), so nothing waits for a decision. */
static NTSTATUS WSKAPI wsk_inspect_complete(PWSK_SOCKET wsk, PWSK_INSPECT_ID id,
                                            WSK_INSPECT_ACTION action, PIRP irp)
{
    return irp_answer(irp, STATUS_NOT_SUPPORTED, 0);
}

const WSK_PROVIDER_LISTEN_DISPATCH net_listen_dispatch = {
    .Basic = {wsk_control_socket, wsk_close_socket},
    .WskBind = wsk_bind,
    .WskAccept = wsk_accept,
    .WskInspectComplete = wsk_inspect_complete,
    .WskGetLocalAddress = wsk_get_local_address,
};

static NTSTATUS WSKAPI wsk_listen(PWSK_SOCKET wsk, PIRP irp)
{
    if (!wsk || !irp)
        return STATUS_INVALID_PARAMETER;
    struct socket *socket = socket_of(wsk);
    linux_lock(&socket->lock);
    NTSTATUS status = STATUS_INVALID_DEVICE_STATE;
    if (socket->state == SOCKET_BOUND)
        status = socket_status(linux_socket_listen(socket->handle));
    if (NT_SUCCESS(status))
        socket->state = SOCKET_LISTENING;
    linux_unlock(&socket->lock);
    return irp_answer(irp, status, 0);
}

const WSK_PROVIDER_STREAM_DISPATCH net_stream_dispatch = {
    .Basic = {wsk_control_socket, wsk_close_socket},
    .WskBind = wsk_bind,
    .WskAccept = wsk_accept,
    .WskConnect = wsk_connect,
    .WskListen = wsk_listen,
    .WskSend = wsk_send,
    .WskReceive = wsk_receive,
    .WskDisconnect = wsk_disconnect,
    .WskRelease = wsk_release_data,
    .WskGetLocalAddress = wsk_get_local_address,
    .WskGetRemoteAddress = wsk_get_remote_address,
    .WskConnectEx = wsk_connect_ex,
};
