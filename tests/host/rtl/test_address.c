/* Network addresses and text. */
#include "rtl_test.h"
#include "host/rtl/address_text.h"

NTSTATUS NTAPI RtlIpv4StringToAddressW(PCWSTR, BOOLEAN, PCWSTR *, UCHAR *);
NTSTATUS NTAPI RtlIpv4AddressToStringExA(const UCHAR *, USHORT, PSTR, PULONG);
NTSTATUS NTAPI RtlIpv6AddressToStringExA(const UCHAR *, ULONG, USHORT, PSTR, PULONG);
PSTR NTAPI RtlIpv6AddressToStringA(const UCHAR *, PSTR);
NTSTATUS NTAPI RtlIpv6StringToAddressA(PCSTR, PCSTR *, UCHAR *);
NTSTATUS NTAPI RtlIpv6StringToAddressExA(PCSTR, UCHAR *, PULONG, PUSHORT);
NTSTATUS NTAPI RtlIpv4StringToAddressExA(PCSTR, BOOLEAN, UCHAR *, PUSHORT);
PSTR NTAPI RtlEthernetAddressToStringA(const UCHAR *, PSTR);
NTSTATUS NTAPI RtlEthernetStringToAddressA(PCSTR, PCSTR *, UCHAR *);

static void ipv4_is_read_strictly_or_not(void **state)
{
    UCHAR address[4] = {9, 9, 9, 9};
    PCWSTR end, text = L"192.168.1.20x";

    assert_status(STATUS_SUCCESS, RtlIpv4StringToAddressW(text, TRUE, &end, address));
    assert_memory_equal("\xC0\xA8\x01\x14", address, 4);
    assert_ptr_equal(text + 12, end);
    assert_status(STATUS_INVALID_PARAMETER, RtlIpv4StringToAddressW(L"1.2.3", TRUE, &end, address));
    assert_status(STATUS_SUCCESS, RtlIpv4StringToAddressW(L"1.0x203", FALSE, &end, address));
    assert_memory_equal("\x01\x00\x02\x03", address, 4);
    assert_status(STATUS_INVALID_PARAMETER,
                  RtlIpv4StringToAddressW(L"1.2.3.256", TRUE, &end, address));
    assert_memory_equal("\x01\x00\x02\x03", address, 4);
}

static void ports_follow_a_colon(void **state)
{
    const UCHAR address[4] = {127, 0, 0, 1};
    UCHAR back[4];
    USHORT port;
    ULONG length = 16;
    char text[16];

    assert_status(STATUS_SUCCESS, RtlIpv4AddressToStringExA(address, 0x5000, text, &length));
    assert_string_equal("127.0.0.1:80", text);
    assert_int_equal(13, length);
    length = 12;
    assert_status(STATUS_INVALID_PARAMETER,
                  RtlIpv4AddressToStringExA(address, 0x5000, text, &length));
    assert_int_equal(13, length);
    assert_status(STATUS_SUCCESS, RtlIpv4StringToAddressExA("127.0.0.1:80", TRUE, back, &port));
    assert_int_equal(0x5000, port);
    assert_status(STATUS_INVALID_PARAMETER,
                  RtlIpv4StringToAddressExA("127.0.0.1:", TRUE, back, &port));
    assert_status(STATUS_INVALID_PARAMETER,
                  RtlIpv4StringToAddressExA("127.0.0.1 ", TRUE, back, &port));
}

/* `text` is read, and written again as `canonical`. */
static void round_trip(const char *text, const char *canonical)
{
    UCHAR address[16];
    char buffer[65];
    PCSTR end;

    assert_status(STATUS_SUCCESS, RtlIpv6StringToAddressA(text, &end, address));
    assert_int_equal(0, *end);
    assert_int_equal(0, *RtlIpv6AddressToStringA(address, buffer));
    assert_string_equal(canonical, buffer);
}

static void ipv6_is_shortened(void **state)
{
    round_trip("::", "::");
    round_trip("::1", "::1");
    round_trip("1::", "1::");
    round_trip("FE80:0:0:0:1:0:0:2", "fe80::1:0:0:2");
    round_trip("1:0:0:2:0:0:0:3", "1:0:0:2::3");
    round_trip("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8");
    round_trip("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8");
    round_trip("::ffff:1.2.3.4", "::ffff:1.2.3.4");
    round_trip("::1.2.3.4", "::1.2.3.4");
    round_trip("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304");
}

static void bad_ipv6_is_refused(void **state)
{
    const char *const texts[] = {"", ":", ":1", "1:2", "12345::", "::1.2.3", "g::"};
    UCHAR address[16];
    PCSTR end;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_status(STATUS_INVALID_PARAMETER, RtlIpv6StringToAddressA(texts[i], &end, address));
    assert_status(STATUS_SUCCESS, RtlIpv6StringToAddressA("1::2::3", &end, address));
    assert_string_equal("::3", end);
}

static void ipv6_has_scope_and_port(void **state)
{
    UCHAR address[16];
    ULONG scope, length = 65;
    USHORT port;
    char text[65];

    assert_status(STATUS_SUCCESS,
                  RtlIpv6StringToAddressExA("[fe80::1%7]:443", address, &scope, &port));
    assert_int_equal(7, scope);
    assert_int_equal(0xBB01, port);
    assert_status(STATUS_SUCCESS, RtlIpv6AddressToStringExA(address, 7, 0xBB01, text, &length));
    assert_string_equal("[fe80::1%7]:443", text);
    assert_int_equal(16, length);
    assert_status(STATUS_SUCCESS, RtlIpv6StringToAddressExA("fe80::1", address, &scope, &port));
    assert_int_equal(0, scope);
    assert_status(STATUS_INVALID_PARAMETER,
                  RtlIpv6StringToAddressExA("[fe80::1", address, &scope, &port));
}

static void ethernet_has_six_bytes(void **state)
{
    UCHAR address[6];
    char text[18];
    PCSTR end;

    assert_status(STATUS_SUCCESS, RtlEthernetStringToAddressA("00-1a-2B-3c-4D-5e", &end, address));
    assert_ptr_equal(text + 17, RtlEthernetAddressToStringA(address, text));
    assert_string_equal("00-1A-2B-3C-4D-5E", text);
    assert_status(STATUS_INVALID_PARAMETER,
                  RtlEthernetStringToAddressA("00-1a-2B-3c-4D", &end, address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_is_read_strictly_or_not),
        cmocka_unit_test(ports_follow_a_colon),
        cmocka_unit_test(ipv6_is_shortened),
        cmocka_unit_test(bad_ipv6_is_refused),
        cmocka_unit_test(ipv6_has_scope_and_port),
        cmocka_unit_test(ethernet_has_six_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
