/* What the driver and the client of the direct example agree on. */
#ifndef DIRECT_CONTRACT_H
#define DIRECT_CONTRACT_H

#include <sysbuf/contract.h>

#define DIRECT_MAXIMUM (64u << 20) /* bytes */

/* Keeps the sum of the data's bytes, 1 to DIRECT_MAXIMUM of them. No input. */
#define DIRECT_ADD SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, SB_METHOD_IN_DIRECT, SB_ACCESS_WRITE)

/* Answers with that sum, uint64_t. */
#define DIRECT_SUM SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x801, SB_METHOD_BUFFERED, SB_ACCESS_READ)

/* Fills the output with 0, 1 ... 255, 0, 1 ... */
#define DIRECT_FILL SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x802, SB_METHOD_OUT_DIRECT, SB_ACCESS_READ)

#endif
