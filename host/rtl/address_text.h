/* Network addresses as text: what the exports of both character widths share. */
#ifndef SYSBUF_HOST_RTL_ADDRESS_TEXT_H
#define SYSBUF_HOST_RTL_ADDRESS_TEXT_H

#include "host/nt.h"

/* Room for the longest text: an IPv6 address with scope and port, and its terminator. */
enum { ADDRESS_TEXT = 65 };

/* Terminated text being read, 8-bit or UTF-16, and how far it has been. */
struct address_input {
    const void *text;
    BOOLEAN wide;
    ULONG position;
};

/* Text being made; never longer than ADDRESS_TEXT. */
struct address_output {
    CHAR text[ADDRESS_TEXT];
    ULONG length;
};

/* `address` is in network order: 4 bytes for IPv4, 16 for IPv6, 6 for Ethernet. */
void address_put_ipv4(struct address_output *output, const UCHAR *address);
void address_put_ipv6(struct address_output *output, const UCHAR *address);
void address_put_ethernet(struct address_output *output, const UCHAR *address);
void address_put_number(struct address_output *output, ULONG value, ULONG base);
void address_put(struct address_output *output, CHAR character);

/*
 * They read as much as belongs to an address and leave the position behind it; false, with the
 * address untouched, when there is none.  `strict` IPv4 has four decimal parts.
 */
BOOLEAN address_take_ipv4(struct address_input *input, BOOLEAN strict, UCHAR *address);
BOOLEAN address_take_ipv6(struct address_input *input, UCHAR *address);
BOOLEAN address_take_ethernet(struct address_input *input, UCHAR *address);
/* A number up to `limit`; base 0 knows 0x and a leading 0. */
BOOLEAN address_take_number(struct address_input *input, ULONG base, ULONG limit, ULONG *value);
BOOLEAN address_accept(struct address_input *input, CHAR character);
/* The next character, 0 at the end. */
ULONG address_peek(const struct address_input *input);

#endif
