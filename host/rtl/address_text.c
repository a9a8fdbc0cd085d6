/* Rtl: IPv4, IPv6 and Ethernet addresses to text and back. */
#include "host/rtl/address_text.h"
#include "host/rtl/rtl.h"

enum { GROUPS = 8 };

/* ---- making text ---- */

void address_put(struct address_output *output, CHAR character)
{
    if (output->length < ADDRESS_TEXT - 1)
        output->text[output->length++] = character;
    output->text[output->length] = 0;
}

void address_put_number(struct address_output *output, ULONG value, ULONG base)
{
    CHAR text[65];

    for (ULONG i = rtl_format_digits(value, base, FALSE, text); i < sizeof text; i++)
        address_put(output, text[i]);
}

void address_put_ipv4(struct address_output *output, const UCHAR *address)
{
    for (int i = 0; i < 4; i++) {
        if (i != 0)
            address_put(output, '.');
        address_put_number(output, address[i], 10);
    }
}

static ULONG group_of(const UCHAR *address, int group)
{
    return (ULONG)address[2 * group] << 8 | address[2 * group + 1];
}

static BOOLEAN zeros(const UCHAR *address, int first, int end)
{
    while (first < end && group_of(address, first) == 0)
        first++;
    return first == end;
}

/* Mapped, compatible, translated and ISATAP addresses show their last four bytes as IPv4. */
static BOOLEAN has_ipv4_tail(const UCHAR *address)
{
    ULONG fourth = group_of(address, 4), fifth = group_of(address, 5);

    if ((fourth == 0 || fourth == 0x0200) && fifth == 0x5EFE)
        return TRUE;
    if (!zeros(address, 0, 4))
        return FALSE;
    if (fourth == 0 && fifth == 0)
        return group_of(address, 6) != 0;
    return (fourth == 0 && fifth == 0xFFFF) || (fourth == 0xFFFF && fifth == 0);
}

/* The longest run of at least two zero groups, the first of equals; *end is 0 for none. */
static int longest_zeros(const UCHAR *address, int groups, int *end)
{
    int best = 0;

    *end = 0;
    for (int first = 0; first < groups; first++) {
        int last = first;
        while (last < groups && group_of(address, last) == 0)
            last++;
        if (last - first > 1 && last - first > *end - best) {
            best = first;
            *end = last;
        }
        if (last > first)
            first = last;
    }
    return best;
}

void address_put_ipv6(struct address_output *output, const UCHAR *address)
{
    int groups = has_ipv4_tail(address) ? GROUPS - 2 : GROUPS, end;
    int first = longest_zeros(address, groups, &end);

    for (int i = 0; i < groups; i++) {
        if (end != 0 && i == first) {
            address_put(output, ':');
            address_put(output, ':');
            i = end - 1;
            continue;
        }
        if (i != 0 && i != end)
            address_put(output, ':');
        address_put_number(output, group_of(address, i), 16);
    }
    if (groups == GROUPS)
        return;
    if (end != groups)
        address_put(output, ':');
    address_put_ipv4(output, address + 12);
}

void address_put_ethernet(struct address_output *output, const UCHAR *address)
{
    static const CHAR digits[] = "0123456789ABCDEF";

    for (int i = 0; i < 6; i++) {
        if (i != 0)
            address_put(output, '-');
        address_put(output, digits[address[i] >> 4]);
        address_put(output, digits[address[i] & 0xF]);
    }
}

/* ---- reading text ---- */

ULONG address_peek(const struct address_input *input)
{
    return input->wide ? ((const WCHAR *)input->text)[input->position]
                       : ((const UCHAR *)input->text)[input->position];
}

BOOLEAN address_accept(struct address_input *input, CHAR character)
{
    if (address_peek(input) != (UCHAR)character)
        return FALSE;
    input->position++;
    return TRUE;
}

static ULONG digit_value(ULONG unit)
{
    if (unit >= '0' && unit <= '9')
        return unit - '0';
    unit |= 0x20;
    return unit >= 'a' && unit <= 'f' ? unit - 'a' + 10 : MAXULONG;
}

BOOLEAN address_take_number(struct address_input *input, ULONG base, ULONG limit, ULONG *value)
{
    ULONGLONG number = 0;
    ULONG digits = 0;

    if (base == 0) {
        base = 10;
        if (address_accept(input, '0')) {
            base = 8;
            digits = 1;
            if (address_accept(input, 'x') || address_accept(input, 'X')) {
                base = 16;
                digits = 0;
            }
        }
    }
    for (; digit_value(address_peek(input)) < base; digits++, input->position++) {
        number = number * base + digit_value(address_peek(input));
        if (number > limit)
            return FALSE;
    }
    *value = (ULONG)number;
    return digits != 0;
}

/* Of fewer than four parts the last one fills the bytes that remain. */
BOOLEAN address_take_ipv4(struct address_input *input, BOOLEAN strict, UCHAR *address)
{
    ULONG parts[4], count = 0, last_limit, value = 0;

    do {
        if (count == 4 || !address_take_number(input, strict ? 10 : 0, MAXULONG, &parts[count]))
            return FALSE;
        count++;
    } while ((count < 4 || !strict) && address_accept(input, '.'));
    if (strict && count != 4)
        return FALSE;
    last_limit = MAXULONG >> 8 * (count - 1);
    for (ULONG i = 0; i < count; i++) {
        if (parts[i] > (i + 1 == count ? last_limit : 255))
            return FALSE;
        value |= i + 1 == count ? parts[i] : parts[i] << (24 - 8 * i);
    }
    for (int i = 0; i < 4; i++)
        address[i] = (UCHAR)(value >> (24 - 8 * i));
    return TRUE;
}

/* One to four hexadecimal digits. */
static BOOLEAN take_group(struct address_input *input, ULONG *group)
{
    ULONG start = input->position;

    *group = 0;
    while (input->position - start < 4 && digit_value(address_peek(input)) < 16)
        *group = *group << 4 | digit_value(address_peek(input)), input->position++;
    return input->position != start && digit_value(address_peek(input)) >= 16;
}

/* Groups read so far: `gap` is the number of them before "::", or -1. */
struct groups {
    UCHAR bytes[2 * GROUPS];
    int count, gap;
};

/* One group, or the IPv4 address that may stand for the last two. */
static BOOLEAN take_piece(struct address_input *input, struct groups *groups)
{
    ULONG start = input->position, group;

    if (take_group(input, &group) && address_peek(input) != '.') {
        groups->bytes[2 * groups->count] = (UCHAR)(group >> 8);
        groups->bytes[2 * groups->count + 1] = (UCHAR)group;
        groups->count++;
        return TRUE;
    }
    if (address_peek(input) != '.' || groups->count > GROUPS - 2)
        return FALSE;
    input->position = start;
    if (!address_take_ipv4(input, TRUE, groups->bytes + 2 * groups->count))
        return FALSE;
    groups->count += 2;
    return TRUE;
}

/* Takes the separator before the next group. False: the address ends here. */
static BOOLEAN take_separator(struct address_input *input, struct groups *groups)
{
    ULONG start = input->position;

    if (!address_accept(input, ':'))
        return FALSE;
    if (address_peek(input) == ':' && groups->gap < 0) {
        input->position++;
        groups->gap = groups->count;
        return digit_value(address_peek(input)) < 16;
    }
    if (digit_value(address_peek(input)) < 16)
        return TRUE;
    input->position = start;
    return FALSE;
}

BOOLEAN address_take_ipv6(struct address_input *input, UCHAR *address)
{
    struct groups groups = {{0}, 0, -1};
    BOOLEAN more = TRUE;
    int tail;

    if (address_peek(input) == ':') {
        if (!take_separator(input, &groups) && groups.gap < 0)
            return FALSE;
        if (groups.gap < 0)
            return FALSE;
        more = digit_value(address_peek(input)) < 16;
    }
    while (more && groups.count < GROUPS) {
        if (!take_piece(input, &groups))
            return FALSE;
        more = groups.count < GROUPS && take_separator(input, &groups);
    }
    if (groups.gap < 0 ? groups.count != GROUPS : groups.count == GROUPS)
        return FALSE;
    if (groups.gap < 0)
        groups.gap = GROUPS;
    tail = groups.count > groups.gap ? groups.count - groups.gap : 0;
    __builtin_memset(address, 0, sizeof groups.bytes);
    __builtin_memcpy(address, groups.bytes, 2 * (size_t)(groups.count - tail));
    __builtin_memcpy(address + 2 * (GROUPS - tail), groups.bytes + 2 * (groups.count - tail),
                     2 * (size_t)tail);
    return TRUE;
}

/* Six bytes of two digits, parted by hyphens or all by colons. */
BOOLEAN address_take_ethernet(struct address_input *input, UCHAR *address)
{
    UCHAR bytes[6];
    CHAR separator = '-';

    for (int i = 0; i < 6; i++) {
        if (i == 1 && address_peek(input) == ':')
            separator = ':';
        if (i != 0 && !address_accept(input, separator))
            return FALSE;
        bytes[i] = 0;
        for (int digit = 0; digit < 2; digit++, input->position++) {
            if (digit_value(address_peek(input)) > 15)
                return FALSE;
            bytes[i] = (UCHAR)(bytes[i] << 4 | digit_value(address_peek(input)));
        }
    }
    __builtin_memcpy(address, bytes, sizeof bytes);
    return TRUE;
}
