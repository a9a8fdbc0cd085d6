/* What the driver and the client of the batch example agree on: sixteen registers. */
#ifndef BATCH_CONTRACT_H
#define BATCH_CONTRACT_H

#include <sysbuf/contract.h>

#define BATCH_REGISTERS 16

struct batch_write {
    uint32_t index;
    uint32_t value;
};

SB_ASSERT_SIZE(struct batch_write, 8);

/* Writes a register. STATUS_INVALID_PARAMETER where there is no such one. */
#define BATCH_WRITE SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, SB_METHOD_BUFFERED, SB_ACCESS_WRITE)

/* Reads the register whose index is the input, uint32_t; its value is the output, uint32_t. */
#define BATCH_READ SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x801, SB_METHOD_BUFFERED, SB_ACCESS_READ)

#endif
