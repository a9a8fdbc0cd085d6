/* What the driver and the client of the ring example agree on. */
#ifndef RING_CONTRACT_H
#define RING_CONTRACT_H

#include <sysbuf/contract.h>

#define RING_TEXT_MAXIMUM 200 /* bytes of a message */

/* Output: uint32_t, how many messages this open has sent. By the ring or by DeviceIoControl. */
#define RING_COUNT SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, SB_METHOD_BUFFERED, SB_ACCESS_READ)

#endif
