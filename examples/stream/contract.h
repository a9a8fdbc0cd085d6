/* What the driver and the client of the stream example agree on. */
#ifndef STREAM_CONTRACT_H
#define STREAM_CONTRACT_H

#include <sysbuf/contract.h>

/*
 * WRITE leaves a message of 1 to STREAM_MAXIMUM bytes; where one lies already it fails
 * (STATUS_DEVICE_BUSY). READ takes it, and waits where there is none.
 */
#define STREAM_MAXIMUM 4096

#endif
