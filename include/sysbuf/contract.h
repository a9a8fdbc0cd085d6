/*
 * The vocabulary in which a driver and its clients agree on what they exchange.
 *
 * A device's own contract header includes this file and nothing else of the toolkit. It is typed
 * once and compiled by the driver (kernel mode), by the client (x64 and x86) and by tools on
 * other systems, so it uses fixed-width types only and asserts the size and every offset of each
 * structure that crosses the boundary.
 */
#ifndef SYSBUF_CONTRACT_H
#define SYSBUF_CONTRACT_H

#include <stddef.h>
#include <stdint.h>

/*
 * A device control code, laid out as Windows defines it ("Defining I/O Control Codes"):
 * bits 31-16 device type, 15-14 required access, 13-2 function, 1-0 transfer method.
 * Functions below 0x800 and device types below 0x8000 belong to Microsoft, except
 * SB_DEVICE_UNKNOWN, which any driver may use.
 */
#define SB_CONTROL_CODE(device_type, function, method, access)                                    \
    (((uint32_t)(device_type) << 16) | ((uint32_t)(access) << 14) | ((uint32_t)(function) << 2) | \
     (uint32_t)(method))

#define SB_CONTROL_CODE_METHOD(code) ((uint32_t)(code)&3u)
#define SB_CONTROL_CODE_ACCESS(code) (((uint32_t)(code) >> 14) & 3u)

/* FILE_DEVICE_UNKNOWN */
#define SB_DEVICE_UNKNOWN 0x22u

/* Transfer methods. The toolkit serves buffered and direct codes; METHOD_NEITHER is refused. */
#define SB_METHOD_BUFFERED   0u
#define SB_METHOD_IN_DIRECT  1u
#define SB_METHOD_OUT_DIRECT 2u
#define SB_METHOD_NEITHER    3u

/* The access that the caller's handle must carry; the I/O manager checks it. */
#define SB_ACCESS_ANY   0u
#define SB_ACCESS_READ  1u
#define SB_ACCESS_WRITE 2u

#ifdef __cplusplus
#define SB_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define SB_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* Both sides of a boundary were compiled with the same idea of a structure, or not at all. */
#define SB_ASSERT_SIZE(type, size) \
    SB_STATIC_ASSERT(sizeof(type) == (size), "the size of " #type " is part of the contract")
#define SB_ASSERT_OFFSET(type, field, offset)           \
    SB_STATIC_ASSERT(offsetof(type, field) == (offset), \
                     "the offset of " #type "." #field " is part of the contract")

/*
 * Asks a driver for the version of its contract. The driver library answers it for every driver
 * whose description gives a contract_version or enables what the library serves itself; in a
 * driver's own table the code is refused.
 *
 * Input:  none.
 * Output: struct sb_contract_version, 8 bytes; a caller with room for all of it gets struct
 *         sb_protocol (sysbuf/protocol.h) instead.
 * Errors: STATUS_INFO_LENGTH_MISMATCH, STATUS_BUFFER_TOO_SMALL;
 *         STATUS_INVALID_DEVICE_REQUEST where the driver gives no version.
 */
#define SB_QUERY_CONTRACT \
    SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0xE5B, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

struct sb_contract_version {
    uint32_t format;   /* of this structure: 1 */
    uint32_t contract; /* the driver's own number */
};

SB_ASSERT_SIZE(struct sb_contract_version, 8);
SB_ASSERT_OFFSET(struct sb_contract_version, format, 0);
SB_ASSERT_OFFSET(struct sb_contract_version, contract, 4);

#endif
