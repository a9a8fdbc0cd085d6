/*
 * Rtl: the address exports, each in a form for 8-bit and one for UTF-16 text. The plain writers
 * return where their text ends and trust its room; ports are in network order.
 */
#include "host/rtl/address_text.h"
#include "host/rtl/rtl.h"

static USHORT swap_port(USHORT port)
{
    return (USHORT)(port << 8 | port >> 8);
}

/* ---- writing ---- */

static PVOID copy_out(const struct address_output *output, PVOID text, BOOLEAN wide)
{
    for (ULONG i = 0; i <= output->length; i++) {
        if (wide)
            ((PWCHAR)text)[i] = (UCHAR)output->text[i];
        else
            ((PCHAR)text)[i] = output->text[i];
    }
    return (PUCHAR)text + output->length * (wide ? sizeof(WCHAR) : 1);
}

/* `*length` is in characters: the room before, with the terminator what is needed after. */
static NTSTATUS copy_bounded(const struct address_output *output, PVOID text, PULONG length,
                             BOOLEAN wide)
{
    BOOLEAN fits = text && *length > output->length;

    *length = output->length + 1;
    if (!fits)
        return STATUS_INVALID_PARAMETER;
    copy_out(output, text, wide);
    return STATUS_SUCCESS;
}

static void put_port(struct address_output *output, USHORT port)
{
    address_put(output, ':');
    address_put_number(output, swap_port(port), 10);
}

static NTSTATUS write_ipv4(const UCHAR *address, USHORT port, PVOID text, PULONG length,
                           BOOLEAN wide)
{
    struct address_output output = {{0}, 0};

    if (!address || !length)
        return STATUS_INVALID_PARAMETER;
    address_put_ipv4(&output, address);
    if (port != 0)
        put_port(&output, port);
    return copy_bounded(&output, text, length, wide);
}

static NTSTATUS write_ipv6(const UCHAR *address, ULONG scope, USHORT port, PVOID text,
                           PULONG length, BOOLEAN wide)
{
    struct address_output output = {{0}, 0};

    if (!address || !length)
        return STATUS_INVALID_PARAMETER;
    if (port != 0)
        address_put(&output, '[');
    address_put_ipv6(&output, address);
    if (scope != 0) {
        address_put(&output, '%');
        address_put_number(&output, scope, 10);
    }
    if (port != 0) {
        address_put(&output, ']');
        put_port(&output, port);
    }
    return copy_bounded(&output, text, length, wide);
}

typedef void (*put_address)(struct address_output *output, const UCHAR *address);

static PVOID write_plain(put_address put, const UCHAR *address, PVOID text, BOOLEAN wide)
{
    struct address_output output = {{0}, 0};

    put(&output, address);
    return copy_out(&output, text, wide);
}

PSTR NTAPI RtlIpv4AddressToStringA(const UCHAR *address, PSTR text)
{
    return write_plain(address_put_ipv4, address, text, FALSE);
}
SB_EXPORT(RtlIpv4AddressToStringA)

PWSTR NTAPI RtlIpv4AddressToStringW(const UCHAR *address, PWSTR text)
{
    return write_plain(address_put_ipv4, address, text, TRUE);
}
SB_EXPORT(RtlIpv4AddressToStringW)

PSTR NTAPI RtlIpv6AddressToStringA(const UCHAR *address, PSTR text)
{
    return write_plain(address_put_ipv6, address, text, FALSE);
}
SB_EXPORT(RtlIpv6AddressToStringA)

PWSTR NTAPI RtlIpv6AddressToStringW(const UCHAR *address, PWSTR text)
{
    return write_plain(address_put_ipv6, address, text, TRUE);
}
SB_EXPORT(RtlIpv6AddressToStringW)

PSTR NTAPI RtlEthernetAddressToStringA(const UCHAR *address, PSTR text)
{
    return write_plain(address_put_ethernet, address, text, FALSE);
}
SB_EXPORT(RtlEthernetAddressToStringA)

PWSTR NTAPI RtlEthernetAddressToStringW(const UCHAR *address, PWSTR text)
{
    return write_plain(address_put_ethernet, address, text, TRUE);
}
SB_EXPORT(RtlEthernetAddressToStringW)

NTSTATUS NTAPI RtlIpv4AddressToStringExA(const UCHAR *address, USHORT port, PSTR text,
                                         PULONG length)
{
    return write_ipv4(address, port, text, length, FALSE);
}
SB_EXPORT(RtlIpv4AddressToStringExA)

NTSTATUS NTAPI RtlIpv4AddressToStringExW(const UCHAR *address, USHORT port, PWSTR text,
                                         PULONG length)
{
    return write_ipv4(address, port, text, length, TRUE);
}
SB_EXPORT(RtlIpv4AddressToStringExW)

NTSTATUS NTAPI RtlIpv6AddressToStringExA(const UCHAR *address, ULONG scope, USHORT port, PSTR text,
                                         PULONG length)
{
    return write_ipv6(address, scope, port, text, length, FALSE);
}
SB_EXPORT(RtlIpv6AddressToStringExA)

NTSTATUS NTAPI RtlIpv6AddressToStringExW(const UCHAR *address, ULONG scope, USHORT port, PWSTR text,
                                         PULONG length)
{
    return write_ipv6(address, scope, port, text, length, TRUE);
}
SB_EXPORT(RtlIpv6AddressToStringExW)

/* ---- reading ---- */

/* Tells where reading stopped, which need not be the end of the text. */
static NTSTATUS finish(const struct address_input *input, PVOID *terminator, BOOLEAN taken)
{
    *terminator = (PUCHAR)input->text + input->position * (input->wide ? sizeof(WCHAR) : 1);
    return taken ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static NTSTATUS read_ipv4(const void *text, BOOLEAN wide, BOOLEAN strict, PVOID *terminator,
                          UCHAR *address)
{
    struct address_input input = {text, wide, 0};
    BOOLEAN taken = address_take_ipv4(&input, strict, address);

    return finish(&input, terminator, taken);
}

static NTSTATUS read_ipv6(const void *text, BOOLEAN wide, PVOID *terminator, UCHAR *address)
{
    struct address_input input = {text, wide, 0};
    BOOLEAN taken = address_take_ipv6(&input, address);

    return finish(&input, terminator, taken);
}

static NTSTATUS read_ethernet(const void *text, BOOLEAN wide, PVOID *terminator, UCHAR *address)
{
    struct address_input input = {text, wide, 0};
    BOOLEAN taken = address_take_ethernet(&input, address);

    return finish(&input, terminator, taken);
}

/* ":port" if there is one, and then the end of the text. */
static BOOLEAN take_port(struct address_input *input, PUSHORT port)
{
    ULONG value = 0;

    if (address_accept(input, ':') && (!address_take_number(input, 0, MAXUSHORT, &value)))
        return FALSE;
    *port = swap_port((USHORT)value);
    return address_peek(input) == 0;
}

/* The forms with a port read the whole text and leave their outputs alone when it is wrong. */
static NTSTATUS read_ipv4_port(const void *text, BOOLEAN wide, BOOLEAN strict, UCHAR *address,
                               PUSHORT port)
{
    struct address_input input = {text, wide, 0};
    UCHAR bytes[4];
    USHORT value;

    if (!text || !address || !port || !address_take_ipv4(&input, strict, bytes) ||
        !take_port(&input, &value))
        return STATUS_INVALID_PARAMETER;
    __builtin_memcpy(address, bytes, sizeof bytes);
    *port = value;
    return STATUS_SUCCESS;
}

static NTSTATUS read_ipv6_port(const void *text, BOOLEAN wide, UCHAR *address, PULONG scope,
                               PUSHORT port)
{
    struct address_input input = {text, wide, 0};
    UCHAR bytes[16];
    USHORT port_value = 0;
    ULONG scope_value = 0;
    BOOLEAN bracket;

    if (!text || !address || !scope || !port)
        return STATUS_INVALID_PARAMETER;
    bracket = address_accept(&input, '[');
    if (!address_take_ipv6(&input, bytes) ||
        (address_accept(&input, '%') && !address_take_number(&input, 10, MAXULONG, &scope_value)))
        return STATUS_INVALID_PARAMETER;
    if (bracket ? !address_accept(&input, ']') || !take_port(&input, &port_value)
                : address_peek(&input) != 0)
        return STATUS_INVALID_PARAMETER;
    __builtin_memcpy(address, bytes, sizeof bytes);
    *scope = scope_value;
    *port = port_value;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlIpv4StringToAddressA(PCSTR text, BOOLEAN strict, PCSTR *terminator,
                                       UCHAR *address)
{
    return read_ipv4(text, FALSE, strict, (PVOID *)terminator, address);
}
SB_EXPORT(RtlIpv4StringToAddressA)

NTSTATUS NTAPI RtlIpv4StringToAddressW(PCWSTR text, BOOLEAN strict, PCWSTR *terminator,
                                       UCHAR *address)
{
    return read_ipv4(text, TRUE, strict, (PVOID *)terminator, address);
}
SB_EXPORT(RtlIpv4StringToAddressW)

NTSTATUS NTAPI RtlIpv6StringToAddressA(PCSTR text, PCSTR *terminator, UCHAR *address)
{
    return read_ipv6(text, FALSE, (PVOID *)terminator, address);
}
SB_EXPORT(RtlIpv6StringToAddressA)

NTSTATUS NTAPI RtlIpv6StringToAddressW(PCWSTR text, PCWSTR *terminator, UCHAR *address)
{
    return read_ipv6(text, TRUE, (PVOID *)terminator, address);
}
SB_EXPORT(RtlIpv6StringToAddressW)

NTSTATUS NTAPI RtlEthernetStringToAddressA(PCSTR text, PCSTR *terminator, UCHAR *address)
{
    return read_ethernet(text, FALSE, (PVOID *)terminator, address);
}
SB_EXPORT(RtlEthernetStringToAddressA)

NTSTATUS NTAPI RtlEthernetStringToAddressW(PCWSTR text, PCWSTR *terminator, UCHAR *address)
{
    return read_ethernet(text, TRUE, (PVOID *)terminator, address);
}
SB_EXPORT(RtlEthernetStringToAddressW)

NTSTATUS NTAPI RtlIpv4StringToAddressExA(PCSTR text, BOOLEAN strict, UCHAR *address, PUSHORT port)
{
    return read_ipv4_port(text, FALSE, strict, address, port);
}
SB_EXPORT(RtlIpv4StringToAddressExA)

NTSTATUS NTAPI RtlIpv4StringToAddressExW(PCWSTR text, BOOLEAN strict, UCHAR *address, PUSHORT port)
{
    return read_ipv4_port(text, TRUE, strict, address, port);
}
SB_EXPORT(RtlIpv4StringToAddressExW)

NTSTATUS NTAPI RtlIpv6StringToAddressExA(PCSTR text, UCHAR *address, PULONG scope, PUSHORT port)
{
    return read_ipv6_port(text, FALSE, address, scope, port);
}
SB_EXPORT(RtlIpv6StringToAddressExA)

NTSTATUS NTAPI RtlIpv6StringToAddressExW(PCWSTR text, UCHAR *address, PULONG scope, PUSHORT port)
{
    return read_ipv6_port(text, TRUE, address, scope, port);
}
SB_EXPORT(RtlIpv6StringToAddressExW)
