/* Functions of datagram sockets. Control information is neither sent nor received. */
#include "host/net/net.h"

static NTSTATUS WSKAPI wsk_send_to(PWSK_SOCKET wsk, PWSK_BUF buffer, ULONG flags, PSOCKADDR remote,
                                   ULONG control_length, PCMSGHDR control, PIRP irp)
{
    struct linux_socket_address address;
    struct request *request;
    if (!wsk || !irp)
        return STATUS_INVALID_PARAMETER;
    struct socket *socket = socket_of(wsk);
    if (!buffer || !address_take(&address, remote, socket->family))
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    if (control_length)
        return irp_answer(irp, STATUS_NOT_SUPPORTED, 0);
    if (socket->state != SOCKET_BOUND)
        return irp_answer(irp, STATUS_INVALID_DEVICE_STATE, 0);
    NTSTATUS status = request_create(REQUEST_SEND, irp, buffer, &request);
    if (!NT_SUCCESS(status))
        return status;
    request->has_address = TRUE;
    request->address = address;
    return request_submit(socket, request);
}

/* Only the last datagram's fate is told; those before it are sent in order. */
static NTSTATUS WSKAPI wsk_send_messages(PWSK_SOCKET wsk, PWSK_BUF_LIST list, ULONG flags,
                                         PSOCKADDR remote, ULONG control_length, PCMSGHDR control,
                                         PIRP irp)
{
    struct linux_socket_address address;
    struct request *request;
    if (!wsk || !irp)
        return STATUS_INVALID_PARAMETER;
    struct socket *socket = socket_of(wsk);
    if (!list || !address_take(&address, remote, socket->family))
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    if (socket->state != SOCKET_BOUND)
        return irp_answer(irp, STATUS_INVALID_DEVICE_STATE, 0);
    for (; list->Next; list = list->Next) {
        NTSTATUS status = request_create(REQUEST_SEND, NULL, &list->Buffer, &request);
        if (!NT_SUCCESS(status))
            return irp_answer(irp, status, 0);
        request->has_address = TRUE;
        request->address = address;
        request_submit(socket, request);
    }
    return wsk_send_to(wsk, &list->Buffer, flags, remote, control_length, control, irp);
}

static NTSTATUS WSKAPI wsk_receive_from(PWSK_SOCKET wsk, PWSK_BUF buffer, ULONG flags,
                                        PSOCKADDR remote, PULONG control_length, PCMSGHDR control,
                                        PULONG control_flags, PIRP irp)
{
    struct request *request;
    if (!wsk || !irp)
        return STATUS_INVALID_PARAMETER;
    struct socket *socket = socket_of(wsk);
    if (!buffer)
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    if (socket->state != SOCKET_BOUND)
        return irp_answer(irp, STATUS_INVALID_DEVICE_STATE, 0);
    NTSTATUS status = request_create(REQUEST_RECEIVE, irp, buffer, &request);
    if (!NT_SUCCESS(status))
        return status;
    request->remote_address = remote;
    request->control_length = control_length;
    request->control_flags = control_flags;
    return request_submit(socket, request);
}

const WSK_PROVIDER_DATAGRAM_DISPATCH net_datagram_dispatch = {
    .Basic = {wsk_control_socket, wsk_close_socket},
    .WskBind = wsk_bind,
    .WskSendTo = wsk_send_to,
    .WskReceiveFrom = wsk_receive_from,
    .WskRelease = wsk_release_datagrams,
    .WskGetLocalAddress = wsk_get_local_address,
    .WskSendMessages = wsk_send_messages,
};
