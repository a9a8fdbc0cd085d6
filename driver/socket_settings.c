/*
 * The socket channel's parameters: values of the key Parameters below the driver's service key.
 *
 *   SocketPort         REG_DWORD   1 to 65535; without it there is no socket
 *   SocketSecret       REG_BINARY or REG_SZ (its UTF-8 bytes), 16 to 64 bytes; must be there
 *   SocketMode         REG_SZ      "listen" (default) or "connect"
 *   SocketAddress      REG_SZ      IPv4, default 127.0.0.1
 *   SocketRemote       REG_DWORD   1 allows an address outside of 127.0.0.0/8
 *   SocketConnections  REG_DWORD   1 to 64 at once, default 8
 *   SocketTimeout      REG_DWORD   milliseconds, 10 to 600000, default 5000
 *   SocketIdleTimeout  REG_DWORD   milliseconds, default 300000; 0: none
 */
#include "parameters.h"
#include "socket_internal.h"

static NTSTATUS wrong(const char *name, const char *mistake)
{
    sb_log(SB_LOG_ERROR, "sysbuf: the registry value %s %s\n", name, mistake);
    return STATUS_INVALID_PARAMETER;
}

static NTSTATUS read_number(HANDLE key, const wchar_t *wide_name, const char *name, ULONG minimum,
                            ULONG maximum, ULONG *number)
{
    union sb_value value;
    NTSTATUS status;
    ULONG given;

    status = sb_read_value(key, wide_name, &value);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        return STATUS_SUCCESS; /* the default stays */
    if (!NT_SUCCESS(status) || value.information.Type != REG_DWORD ||
        value.information.DataLength != sizeof(given))
        return wrong(name, "is no REG_DWORD");
    RtlCopyMemory(&given, value.information.Data, sizeof(given));
    if (given < minimum || given > maximum)
        return wrong(name, "is out of range");
    *number = given;
    return STATUS_SUCCESS;
}

/* A text as UTF-8 without its terminators; *length bytes. */
static NTSTATUS read_text(HANDLE key, const wchar_t *wide_name, const char *name, char *text,
                          ULONG capacity, ULONG *length)
{
    union sb_value value;
    ULONG wide_length;
    NTSTATUS status;

    *length = 0;
    status = sb_read_value(key, wide_name, &value);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        return STATUS_SUCCESS;
    if (!NT_SUCCESS(status) || value.information.Type != REG_SZ)
        return wrong(name, "is no REG_SZ, or too long");
    wide_length = value.information.DataLength / sizeof(WCHAR);
    while (wide_length != 0 && ((const WCHAR *)value.information.Data)[wide_length - 1] == 0)
        wide_length--;
    status = RtlUnicodeToUTF8N(text, capacity, length, (const WCHAR *)value.information.Data,
                               wide_length * sizeof(WCHAR));
    sb_wipe(&value, sizeof(value));
    return NT_SUCCESS(status) ? STATUS_SUCCESS : wrong(name, "is too long or no text");
}

static NTSTATUS read_secret(HANDLE key, struct sb_socket_settings *settings)
{
    union sb_value value;
    NTSTATUS status;
    ULONG length;

    status = sb_read_value(key, L"SocketSecret", &value);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        return wrong("SocketSecret", "is missing");
    if (NT_SUCCESS(status) && value.information.Type == REG_SZ) {
        status = read_text(key, L"SocketSecret", "SocketSecret", (char *)settings->secret,
                           sizeof(settings->secret), &settings->secret_length);
    } else if (NT_SUCCESS(status) && value.information.Type == REG_BINARY &&
               value.information.DataLength <= sizeof(settings->secret)) {
        length = value.information.DataLength;
        RtlCopyMemory(settings->secret, value.information.Data, length);
        settings->secret_length = length;
    } else {
        status = wrong("SocketSecret", "is no REG_BINARY or REG_SZ of at most 64 bytes");
    }
    sb_wipe(&value, sizeof(value));
    if (NT_SUCCESS(status) && settings->secret_length < SB_SOCKET_SECRET_MINIMUM)
        status = wrong("SocketSecret", "has less than 16 bytes");
    return status;
}

static NTSTATUS read_mode(HANDLE key, struct sb_socket_settings *settings)
{
    char text[8];
    ULONG length;
    NTSTATUS status;

    status = read_text(key, L"SocketMode", "SocketMode", text, sizeof(text), &length);
    if (!NT_SUCCESS(status))
        return status;
    settings->connects = length == 7 && RtlCompareMemory(text, "connect", 7) == 7;
    if (length != 0 && !settings->connects &&
        !(length == 6 && RtlCompareMemory(text, "listen", 6) == 6))
        return wrong("SocketMode", "is neither listen nor connect");
    return STATUS_SUCCESS;
}

/* Four numbers with points between; FALSE for anything else. In network byte order. */
static BOOLEAN parse_address(const char *text, ULONG length, UCHAR address[4])
{
    ULONG index = 0;
    int part;

    for (part = 0; part < 4; part++) {
        ULONG number = 0;
        ULONG digits = 0;

        while (index < length && text[index] >= '0' && text[index] <= '9' && digits < 3) {
            number = number * 10 + (ULONG)(text[index++] - '0');
            digits++;
        }
        if (digits == 0 || number > 255 || (part < 3 && (index >= length || text[index++] != '.')))
            return FALSE;
        address[part] = (UCHAR)number;
    }
    return index == length;
}

static NTSTATUS read_address(HANDLE key, struct sb_socket_settings *settings)
{
    UCHAR address[4] = {127, 0, 0, 1};
    char text[16];
    ULONG remote = 0;
    ULONG length;
    NTSTATUS status;

    status = read_text(key, L"SocketAddress", "SocketAddress", text, sizeof(text), &length);
    if (NT_SUCCESS(status))
        status = read_number(key, L"SocketRemote", "SocketRemote", 0, 1, &remote);
    if (!NT_SUCCESS(status))
        return status;
    if (length != 0 && !parse_address(text, length, address))
        return wrong("SocketAddress", "is no IPv4 address");
    if (address[0] != 127 && remote == 0)
        return wrong("SocketAddress", "is not of this machine alone, and SocketRemote is not 1");
    RtlCopyMemory(&settings->address.sin_addr, address, sizeof(address));
    return STATUS_SUCCESS;
}

static NTSTATUS read_all(HANDLE key, ULONG port, struct sb_socket_settings *settings)
{
    NTSTATUS status;

    settings->connection_limit = 8;
    settings->timeout = 5000;
    settings->idle_timeout = 300000;
    settings->address.sin_family = AF_INET;
    settings->address.sin_port = (USHORT)(port >> 8 | port << 8);
    status = read_address(key, settings);
    if (NT_SUCCESS(status))
        status = read_mode(key, settings);
    if (NT_SUCCESS(status))
        status = read_secret(key, settings);
    if (NT_SUCCESS(status))
        status = read_number(key, L"SocketConnections", "SocketConnections", 1, 64,
                             &settings->connection_limit);
    if (NT_SUCCESS(status))
        status =
            read_number(key, L"SocketTimeout", "SocketTimeout", 10, 600000, &settings->timeout);
    if (NT_SUCCESS(status))
        status = read_number(key, L"SocketIdleTimeout", "SocketIdleTimeout", 0, MAXLONG,
                             &settings->idle_timeout);
    return status;
}

NTSTATUS sb_socket_read_settings(PUNICODE_STRING registry_path, struct sb_socket_settings *settings,
                                 BOOLEAN *on)
{
    ULONG port = 0;
    HANDLE key;
    NTSTATUS status;

    *on = FALSE;
    if (!NT_SUCCESS(sb_open_parameters(registry_path, &key)))
        return STATUS_SUCCESS; /* no parameters at all */
    RtlZeroMemory(settings, sizeof(*settings));
    status = read_number(key, L"SocketPort", "SocketPort", 0, 65535, &port);
    if (NT_SUCCESS(status) && port != 0) {
        status = read_all(key, port, settings);
        *on = TRUE;
    }
    ZwClose(key);
    return status;
}
