/* What both sides of the example agree on. */
#ifndef GREETER_CONTRACT_H
#define GREETER_CONTRACT_H

#include <sysbuf/contract.h>

/* Answers with a greeting for the name that is sent, 1 to 32 bytes. */
#define GREETER_GREET SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

#define GREETER_NAME_MAXIMUM 32

#endif
