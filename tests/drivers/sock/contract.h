/* What the socket test driver and its tests agree on. */
#ifndef SOCK_CONTRACT_H
#define SOCK_CONTRACT_H

#include <sysbuf/contract.h>

#define SOCK_SERVICE     "SbSock"
#define SOCK_DEVICE_NAME L"\\Device\\SbSock"
#define SOCK_LINK_NAME   L"\\??\\SbSock"
#define SOCK_PATH        "\\\\.\\SbSock"

#define SOCK_CODE(number) \
    SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800 + (number), SB_METHOD_BUFFERED, SB_ACCESS_WRITE)

/* Answers with the input: 1 byte to 1 MiB; what does not fit is cut. */
#define SOCK_SAY SOCK_CODE(0)
/* The same, each byte inverted where it lies (SB_IN_PLACE); output at least as long as input. */
#define SOCK_INVERT SOCK_CODE(1)
/* Sleeps for as many milliseconds as the input says, a uint32_t. */
#define SOCK_SLEEP SOCK_CODE(2)
/* Answers with struct sock_counts. */
#define SOCK_COUNT SOCK_CODE(3)

struct sock_counts {
    uint32_t calls;  /* of SAY and INVERT by this open */
    uint32_t opens;  /* of the driver's, so far */
    uint32_t closes; /* so far */
    uint32_t reserved;
};

SB_ASSERT_SIZE(struct sock_counts, 16);
SB_ASSERT_OFFSET(struct sock_counts, opens, 4);
SB_ASSERT_OFFSET(struct sock_counts, closes, 8);
SB_ASSERT_OFFSET(struct sock_counts, reserved, 12);

#endif
