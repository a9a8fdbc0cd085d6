/* Functions that belong to no socket yet, and those that all sockets have. */
#include "host/net/net.h"

const VOID *socket_dispatch_table(ULONG category)
{
    switch (category) {
    case WSK_FLAG_LISTEN_SOCKET:
        return &net_listen_dispatch;
    case WSK_FLAG_CONNECTION_SOCKET:
        return &net_connection_dispatch;
    case WSK_FLAG_DATAGRAM_SOCKET:
        return &net_datagram_dispatch;
    case WSK_FLAG_STREAM_SOCKET:
        return &net_stream_dispatch;
    default:
        return &net_basic_dispatch;
    }
}

/* Whether the category can be of that type and protocol. */
static NTSTATUS check_kind(ULONG category, ADDRESS_FAMILY family, USHORT type, ULONG protocol)
{
    if (category == WSK_FLAG_BASIC_SOCKET)
        return STATUS_SUCCESS;
    if (category & (category - 1) || category > WSK_FLAG_STREAM_SOCKET)
        return STATUS_INVALID_PARAMETER;
    if (family != AF_INET && family != AF_INET6)
        return STATUS_NOT_SUPPORTED;
    if (category == WSK_FLAG_DATAGRAM_SOCKET)
        return type == SOCK_DGRAM && protocol == IPPROTO_UDP ? STATUS_SUCCESS
                                                             : STATUS_NOT_SUPPORTED;
    return type == SOCK_STREAM && protocol == IPPROTO_TCP ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

/* Linux's socket with what Windows sets by default; -1 for a basic one. */
static NTSTATUS open_handle(const struct socket_options *options, int *handle)
{
    *handle = -1;
    if (options->category == WSK_FLAG_BASIC_SOCKET)
        return STATUS_SUCCESS;
    int opened = linux_socket_open(options->family, options->type, options->protocol);
    if (opened < 0)
        return socket_status(opened);
    if (options->family == AF_INET6)
        linux_socket_set_option(opened, LINUX_SOCKET_IPV6_ONLY, 1);
    if (options->type == SOCK_STREAM) /* a port is free again at once, as on Windows */
        linux_socket_set_option(opened, LINUX_SOCKET_REUSE_ADDRESS, 1);
    *handle = opened;
    return STATUS_SUCCESS;
}

/* Events that are enabled for all sockets of the registration. The network's thread knows the
 * socket already. */
static void enable_static_callbacks(struct socket *socket)
{
    ULONG events = socket->registration->callbacks;
    const ULONG connection = WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT;
    linux_lock(&socket->lock);
    if (socket->category == WSK_FLAG_LISTEN_SOCKET) {
        socket->callbacks = socket->dispatch ? events & WSK_EVENT_ACCEPT : 0;
        socket->inherited = events & connection;
    } else if (socket->category == WSK_FLAG_CONNECTION_SOCKET && socket->dispatch) {
        socket->callbacks = events & connection;
    } else if (socket->category == WSK_FLAG_DATAGRAM_SOCKET && socket->dispatch) {
        socket->callbacks = events & WSK_EVENT_RECEIVE_FROM;
    }
    linux_unlock(&socket->lock);
}

static NTSTATUS make(const struct socket_options *options, struct socket **socket)
{
    int handle;
    NTSTATUS status =
        check_kind(options->category, options->family, options->type, options->protocol);
    if (NT_SUCCESS(status) && !options->registration)
        status = STATUS_INVALID_HANDLE; /* the client's */
    if (NT_SUCCESS(status))
        status = open_handle(options, &handle);
    if (NT_SUCCESS(status))
        status = socket_create(options, handle, socket);
    if (NT_SUCCESS(status))
        enable_static_callbacks(*socket);
    return status;
}

static NTSTATUS WSKAPI wsk_socket(PWSK_CLIENT client, ADDRESS_FAMILY family, USHORT type,
                                  ULONG protocol, ULONG flags, PVOID context, CONST VOID *dispatch,
                                  PEPROCESS process, PETHREAD thread, PSECURITY_DESCRIPTOR security,
                                  PIRP irp)
{
    const struct socket_options options = {
        .registration = (struct registration *)client,
        .category = flags,
        .family = family,
        .type = type,
        .protocol = protocol,
        .context = context,
        .dispatch = dispatch,
    };
    struct socket *socket;
    if (!irp)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = make(&options, &socket);
    if (!NT_SUCCESS(status))
        return irp_answer(irp, status, 0);
    return irp_answer(irp, STATUS_SUCCESS, (ULONG_PTR)&socket->object->wsk);
}

static void discard(struct socket *socket)
{
    socket_shut(socket);
    socket_dereference(socket);
}

static NTSTATUS WSKAPI wsk_socket_connect(PWSK_CLIENT client, USHORT type, ULONG protocol,
                                          PSOCKADDR local, PSOCKADDR remote, ULONG flags,
                                          PVOID context,
                                          CONST WSK_CLIENT_CONNECTION_DISPATCH *dispatch,
                                          PEPROCESS process, PETHREAD thread,
                                          PSECURITY_DESCRIPTOR security, PIRP irp)
{
    struct linux_socket_address local_address, remote_address;
    struct socket *socket;
    struct request *request;
    if (!irp)
        return STATUS_INVALID_PARAMETER;
    if (!address_take(&local_address, local, 0) ||
        !address_take(&remote_address, remote, address_family(&local_address)))
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    const struct socket_options options = {
        .registration = (struct registration *)client,
        .category = WSK_FLAG_CONNECTION_SOCKET,
        .family = address_family(&local_address),
        .type = type,
        .protocol = protocol,
        .context = context,
        .dispatch = dispatch,
    };
    NTSTATUS status = make(&options, &socket);
    if (!NT_SUCCESS(status))
        return irp_answer(irp, status, 0);
    status = socket_bind(socket, &local_address);
    if (!NT_SUCCESS(status)) {
        discard(socket);
        return irp_answer(irp, status, 0);
    }
    status = request_create(REQUEST_CONNECT, irp, NULL, &request);
    if (!NT_SUCCESS(status)) {
        discard(socket);
        return status;
    }
    request->makes_socket = TRUE;
    request->address = remote_address;
    return request_submit(socket, request);
}

/* Names of addresses are not looked up. */
static NTSTATUS WSKAPI wsk_get_name_info(PWSK_CLIENT client, PSOCKADDR address, ULONG length,
                                         PUNICODE_STRING node, PUNICODE_STRING service, ULONG flags,
                                         PEPROCESS process, PETHREAD thread, PIRP irp)
{
    return irp_answer(irp, STATUS_NOT_SUPPORTED, 0);
}

const WSK_PROVIDER_DISPATCH net_provider_dispatch = {
    .Version = MAKE_WSK_VERSION(1, 0),
    .WskSocket = wsk_socket,
    .WskSocketConnect = wsk_socket_connect,
    .WskControlClient = wsk_control_client,
    .WskGetAddressInfo = wsk_get_address_info,
    .WskFreeAddressInfo = wsk_free_address_info,
    .WskGetNameInfo = wsk_get_name_info,
};

NTSTATUS WSKAPI wsk_close_socket(PWSK_SOCKET wsk, PIRP irp)
{
    struct request *request;
    if (!wsk || !irp)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = request_create(REQUEST_CLOSE, irp, NULL, &request);
    return NT_SUCCESS(status) ? request_submit(socket_of(wsk), request) : status;
}

NTSTATUS socket_bind(struct socket *socket, const struct linux_socket_address *address)
{
    linux_lock(&socket->lock);
    int result = 0;
    NTSTATUS status = STATUS_SUCCESS;
    if (socket->state != SOCKET_NEW || socket->handle < 0)
        status = STATUS_INVALID_DEVICE_STATE;
    else
        result = linux_socket_bind(socket->handle, address);
    if (NT_SUCCESS(status) && result == 0 && socket->category == WSK_FLAG_LISTEN_SOCKET)
        result = linux_socket_listen(socket->handle);
    if (NT_SUCCESS(status))
        status = socket_status(result);
    if (NT_SUCCESS(status))
        socket->state =
            socket->category == WSK_FLAG_LISTEN_SOCKET ? SOCKET_LISTENING : SOCKET_BOUND;
    linux_unlock(&socket->lock);
    return status;
}

NTSTATUS WSKAPI wsk_bind(PWSK_SOCKET wsk, PSOCKADDR local, ULONG flags, PIRP irp)
{
    struct linux_socket_address address;
    if (!wsk || !irp)
        return STATUS_INVALID_PARAMETER;
    struct socket *socket = socket_of(wsk);
    if (!address_take(&address, local, socket->family))
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    NTSTATUS status = socket_bind(socket, &address);
    irp_answer(irp, status, 0);
    if (NT_SUCCESS(status)) { /* static callbacks may be due */
        socket_reference(socket);
        net_drive(socket);
        socket_dereference(socket);
    }
    return status;
}

static NTSTATUS tell_address(PWSK_SOCKET wsk, PSOCKADDR to, PIRP irp,
                             int (*ask)(int, struct linux_socket_address *))
{
    struct linux_socket_address address;
    if (!wsk || !irp)
        return STATUS_INVALID_PARAMETER;
    struct socket *socket = socket_of(wsk);
    if (!to)
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    if (socket->state == SOCKET_NEW)
        return irp_answer(irp, STATUS_INVALID_DEVICE_STATE, 0);
    NTSTATUS status = socket_status(ask(socket->handle, &address));
    if (NT_SUCCESS(status))
        address_give(to, &address);
    return irp_answer(irp, status, 0);
}

NTSTATUS WSKAPI wsk_get_local_address(PWSK_SOCKET wsk, PSOCKADDR local, PIRP irp)
{
    return tell_address(wsk, local, irp, linux_socket_local_address);
}

NTSTATUS WSKAPI wsk_get_remote_address(PWSK_SOCKET wsk, PSOCKADDR remote, PIRP irp)
{
    return tell_address(wsk, remote, irp, linux_socket_remote_address);
}

const WSK_PROVIDER_BASIC_DISPATCH net_basic_dispatch = {
    .WskControlSocket = wsk_control_socket,
    .WskCloseSocket = wsk_close_socket,
};
