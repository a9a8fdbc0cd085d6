/* Socket options and what is set for all sockets of a registration. */
#include "host/net/net.h"

static BOOLEAN is_wsk_id(PNPIID id)
{
    return id && RtlCompareMemory(id, &NPI_WSK_INTERFACE_ID, sizeof(*id)) == sizeof(*id);
}

static NTSTATUS set_callbacks(struct socket *socket, SIZE_T size, const VOID *input, PIRP irp)
{
    const WSK_EVENT_CALLBACK_CONTROL *control = input;
    if (!control || size < sizeof(*control) || !is_wsk_id(control->NpiId))
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    return socket_set_callbacks(socket, control->EventMask, irp);
}

static const struct {
    ULONG level, code;
    enum linux_socket_option option;
} options[] = {
    {SOL_SOCKET, SO_REUSEADDR, LINUX_SOCKET_REUSE_ADDRESS},
    {SOL_SOCKET, SO_KEEPALIVE, LINUX_SOCKET_KEEP_ALIVE},
    {SOL_SOCKET, SO_BROADCAST, LINUX_SOCKET_BROADCAST},
    {SOL_SOCKET, SO_SNDBUF, LINUX_SOCKET_SEND_BUFFER},
    {SOL_SOCKET, SO_RCVBUF, LINUX_SOCKET_RECEIVE_BUFFER},
    {IPPROTO_TCP, TCP_NODELAY, LINUX_SOCKET_NO_DELAY},
    {IPPROTO_IPV6, 27 /* IPV6_V6ONLY */, LINUX_SOCKET_IPV6_ONLY},
};

static NTSTATUS find_option(ULONG level, ULONG code, enum linux_socket_option *option)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(options); i++) {
        if (options[i].level == level && options[i].code == code) {
            *option = options[i].option;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NOT_SUPPORTED;
}

static NTSTATUS set_option(struct socket *socket, ULONG level, ULONG code, SIZE_T size,
                           const VOID *input)
{
    enum linux_socket_option option;
    LONG value = 0;
    NTSTATUS status = find_option(level, code, &option);
    if (!NT_SUCCESS(status))
        return status;
    if (!input || size == 0 || socket->handle < 0)
        return STATUS_INVALID_PARAMETER;
    /* Some are BOOLEAN, some ULONG on Windows; both are little-endian numbers. */
    RtlCopyMemory(&value, input, size < sizeof(value) ? size : sizeof(value));
    return socket_status(linux_socket_set_option(socket->handle, option, value));
}

static NTSTATUS get_option(struct socket *socket, ULONG level, ULONG code, SIZE_T size,
                           PVOID output, SIZE_T *returned)
{
    enum linux_socket_option option;
    int value = 0;
    NTSTATUS status = find_option(level, code, &option);
    if (level == SOL_SOCKET && code == SO_TYPE) {
        value = socket->type;
        status = STATUS_SUCCESS;
    } else if (NT_SUCCESS(status)) {
        if (socket->handle < 0)
            return STATUS_INVALID_PARAMETER;
        status = socket_status(linux_socket_get_option(socket->handle, option, &value));
    }
    if (!NT_SUCCESS(status))
        return status;
    if (!output || size == 0)
        return STATUS_BUFFER_TOO_SMALL;
    *returned = size < sizeof(value) ? size : sizeof(value);
    RtlCopyMemory(output, &value, *returned);
    return STATUS_SUCCESS;
}

NTSTATUS WSKAPI wsk_control_socket(PWSK_SOCKET wsk, WSK_CONTROL_SOCKET_TYPE type, ULONG code,
                                   ULONG level, SIZE_T input_size, PVOID input, SIZE_T output_size,
                                   PVOID output, SIZE_T *returned, PIRP irp)
{
    NTSTATUS status = STATUS_NOT_SUPPORTED; /* WskIoctl */
    SIZE_T length = 0;
    if (!wsk)
        return STATUS_INVALID_PARAMETER;
    struct socket *socket = socket_of(wsk);
    if (type == WskSetOption && level == SOL_SOCKET && code == SO_WSK_EVENT_CALLBACK)
        return set_callbacks(socket, input_size, input, irp);
    if (type == WskSetOption)
        status = set_option(socket, level, code, input_size, input);
    else if (type == WskGetOption)
        status = get_option(socket, level, code, output_size, output, &length);
    if (returned && NT_SUCCESS(status))
        *returned = length;
    return irp_answer(irp, status, NT_SUCCESS(status) ? length : 0);
}

static const WSK_TRANSPORT transports[] = {
    {MAKE_WSK_VERSION(1, 0), SOCK_STREAM, IPPROTO_TCP, AF_INET, {0}},
    {MAKE_WSK_VERSION(1, 0), SOCK_DGRAM, IPPROTO_UDP, AF_INET, {0}},
    {MAKE_WSK_VERSION(1, 0), SOCK_STREAM, IPPROTO_TCP, AF_INET6, {0}},
    {MAKE_WSK_VERSION(1, 0), SOCK_DGRAM, IPPROTO_UDP, AF_INET6, {0}},
};

static NTSTATUS list_transports(SIZE_T size, PVOID output, SIZE_T *length)
{
    *length = sizeof(transports);
    if (!output || size < sizeof(transports))
        return STATUS_BUFFER_OVERFLOW; /* with the size that is needed */
    RtlCopyMemory(output, transports, sizeof(transports));
    return STATUS_SUCCESS;
}

static NTSTATUS set_static_callbacks(struct registration *registration, SIZE_T size,
                                     const VOID *input)
{
    const WSK_EVENT_CALLBACK_CONTROL *control = input;
    const ULONG events = WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT | WSK_EVENT_SEND_BACKLOG |
                         WSK_EVENT_RECEIVE_FROM | WSK_EVENT_ACCEPT;
    if (!control || size < sizeof(*control) || !is_wsk_id(control->NpiId) ||
        (control->EventMask & ~events))
        return STATUS_INVALID_PARAMETER;
    registration->callbacks = control->EventMask;
    return STATUS_SUCCESS;
}

/* There is no TDI to bypass, so that behaviour is as asked for. */
NTSTATUS WSKAPI wsk_control_client(PWSK_CLIENT client, ULONG code, SIZE_T input_size, PVOID input,
                                   SIZE_T output_size, PVOID output, SIZE_T *returned, PIRP irp)
{
    NTSTATUS status = STATUS_NOT_SUPPORTED;
    SIZE_T length = 0;
    if (!client)
        return STATUS_INVALID_PARAMETER;
    if (code == WSK_TRANSPORT_LIST_QUERY)
        status = list_transports(output_size, output, &length);
    else if (code == WSK_SET_STATIC_EVENT_CALLBACKS)
        status = set_static_callbacks((struct registration *)client, input_size, input);
    else if (code == WSK_TDI_BEHAVIOR)
        status = input && input_size >= sizeof(ULONG) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    if (returned && !NT_ERROR(status))
        *returned = length;
    return irp_answer(irp, status, NT_ERROR(status) ? 0 : length);
}
