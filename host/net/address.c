/* Addresses, and what Linux's refusals are called on NT. */
#include "host/net/net.h"

uint16_t address_family(const struct linux_socket_address *address)
{
    uint16_t family;
    __builtin_memcpy(&family, address->bytes, sizeof(family));
    return family;
}

BOOLEAN address_take(struct linux_socket_address *to, const SOCKADDR *from, uint16_t family)
{
    if (!from)
        return FALSE;
    uint16_t given = from->sa_family;
    SIZE_T size = linux_socket_address_size(given);
    if (!size || (family && family != given))
        return FALSE;
    __builtin_memset(to, 0, sizeof(*to));
    RtlCopyMemory(to->bytes, from, size);
    __builtin_memcpy(to->bytes, &given, sizeof(given)); /* read once */
    return TRUE;
}

void address_give(PSOCKADDR to, const struct linux_socket_address *from)
{
    if (to)
        RtlCopyMemory(to, from->bytes, linux_socket_address_size(address_family(from)));
}

NTSTATUS socket_status(int64_t error)
{
    static const NTSTATUS statuses[] = {
        [LINUX_SOCKET_OK] = STATUS_SUCCESS,
        [LINUX_SOCKET_WOULD_BLOCK] = STATUS_PENDING,
        [LINUX_SOCKET_FAILED] = STATUS_UNSUCCESSFUL,
        [LINUX_SOCKET_ACCESS] = STATUS_ACCESS_DENIED,
        [LINUX_SOCKET_ADDRESS_IN_USE] = STATUS_ADDRESS_ALREADY_EXISTS,
        [LINUX_SOCKET_ADDRESS_UNKNOWN] = STATUS_INVALID_ADDRESS_COMPONENT,
        [LINUX_SOCKET_NO_MEMORY] = STATUS_INSUFFICIENT_RESOURCES,
        [LINUX_SOCKET_REFUSED] = STATUS_CONNECTION_REFUSED,
        [LINUX_SOCKET_RESET] = STATUS_CONNECTION_RESET,
        [LINUX_SOCKET_ABORTED] = STATUS_CONNECTION_ABORTED,
        [LINUX_SOCKET_NOT_CONNECTED] = STATUS_INVALID_DEVICE_STATE,
        [LINUX_SOCKET_UNREACHABLE] = STATUS_NETWORK_UNREACHABLE,
        [LINUX_SOCKET_TIMED_OUT] = STATUS_IO_TIMEOUT,
        [LINUX_SOCKET_TOO_LONG] = STATUS_INVALID_BUFFER_SIZE,
        [LINUX_SOCKET_BAD_MEMORY] = STATUS_ACCESS_VIOLATION,
        [LINUX_SOCKET_UNSUPPORTED] = STATUS_NOT_SUPPORTED,
        [LINUX_SOCKET_ARGUMENT] = STATUS_INVALID_PARAMETER,
    };
    return error >= 0 ? STATUS_SUCCESS : statuses[-error];
}
