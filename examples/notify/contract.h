/* What the driver and the client of the notify example agree on. */
#ifndef NOTIFY_CONTRACT_H
#define NOTIFY_CONTRACT_H

#include <sysbuf/contract.h>

#define NOTIFY_TEXT_MAXIMUM 200 /* bytes of a message */

/* Posts the input, 1 to NOTIFY_TEXT_MAXIMUM bytes, to every subscriber. No output. */
#define NOTIFY_SAY SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, SB_METHOD_BUFFERED, SB_ACCESS_WRITE)

#endif
