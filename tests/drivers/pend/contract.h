/*
 * What the pend driver and its tests agree on: calls that stay under way.
 */
#ifndef PEND_CONTRACT_H
#define PEND_CONTRACT_H

#include <sysbuf/contract.h>

#define PEND_SERVICE     "SbPend"
#define PEND_DEVICE_NAME L"\\Device\\SbPend"
#define PEND_LINK_NAME   L"\\??\\SbPend"
#define PEND_PATH        "\\\\.\\SbPend"

#define PEND_CODE(function) \
    SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, function, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

/* Stays under way until it is cancelled or released. Answers with as many bytes 0x77 as fit. */
#define PEND_WAIT PEND_CODE(0xA00)

/* Stays under way for PEND_DEAF_TIME, whatever the caller does, then answers as PEND_WAIT. One at
   a time; another is refused with STATUS_DEVICE_BUSY. */
#define PEND_DEAF      PEND_CODE(0xA01)
#define PEND_DEAF_TIME 3000 /* milliseconds */

/* Ends all that wait. */
#define PEND_RELEASE PEND_CODE(0xA02)

/* As PEND_WAIT, but being cancelled makes it answer, as if the answer had just come. */
#define PEND_WAIT_STUBBORN PEND_CODE(0xA03)

/* Ends all that wait with STATUS_CANCELLED, as a driver does whose device goes away. */
#define PEND_GIVE_UP PEND_CODE(0xA05)

struct pend_counts {
    uint32_t waiting;
    uint32_t cancelled;
    uint32_t creates;
    uint32_t cleanups;
    uint32_t closes;
};

SB_ASSERT_SIZE(struct pend_counts, 20);

#define PEND_COUNTS PEND_CODE(0xA04)

#endif
