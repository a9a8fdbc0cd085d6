/*
 * What MyDevice and its clients agree on. Version 1.
 */
#ifndef MYDEVICE_CONTRACT_H
#define MYDEVICE_CONTRACT_H

#include <sysbuf/contract.h>

/* Raise it with every change of a code, a structure or a name below. The client asks the driver for
   it (SB_QUERY_CONTRACT) before the first call. */
#define MYDEVICE_CONTRACT_VERSION 1

#define MYDEVICE_SERVICE     "MyDevice"
#define MYDEVICE_DEVICE_NAME L"\\Device\\MyDevice"
#define MYDEVICE_LINK_NAME   L"\\??\\MyDevice"
#define MYDEVICE_PATH        "\\\\.\\MyDevice"

/* The request. Its fields are opaque: the driver logs them and touches no other process. */
struct mydevice_request {
    uint32_t flag;
    uint32_t address;
    uint32_t write_buffer_address;
    uint32_t size;
    uint32_t pid;
};

SB_ASSERT_SIZE(struct mydevice_request, 20);
SB_ASSERT_OFFSET(struct mydevice_request, flag, 0);
SB_ASSERT_OFFSET(struct mydevice_request, address, 4);
SB_ASSERT_OFFSET(struct mydevice_request, write_buffer_address, 8);
SB_ASSERT_OFFSET(struct mydevice_request, size, 12);
SB_ASSERT_OFFSET(struct mydevice_request, pid, 16);

/* The reply: a string with its terminator. */
struct mydevice_reply {
    char text[14];
};

#define MYDEVICE_REPLY_TEXT "hello lyshark"

SB_ASSERT_SIZE(struct mydevice_reply, 14);
SB_ASSERT_OFFSET(struct mydevice_reply, text, 0);
SB_ASSERT_SIZE(MYDEVICE_REPLY_TEXT, sizeof(struct mydevice_reply));

/*
 * Logs the request's fields and answers with the reply's text.
 *
 * Input:  exactly one struct mydevice_request.
 * Output: struct mydevice_reply, 14 bytes; a smaller buffer gets as much of it as fits.
 * Errors, in the order in which they are looked for:
 *   STATUS_INFO_LENGTH_MISMATCH  (ERROR_BAD_LENGTH)           the input is not exactly 20 bytes;
 *   STATUS_BUFFER_TOO_SMALL      (ERROR_INSUFFICIENT_BUFFER)  the output length is 0;
 *   STATUS_BUFFER_OVERFLOW       (ERROR_MORE_DATA)            the output length is 1 to 13: that
 *                                                             many bytes of the text are returned.
 */
#define MYDEVICE_HELLO SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, SB_METHOD_BUFFERED, SB_ACCESS_ANY)

SB_STATIC_ASSERT(MYDEVICE_HELLO == 0x222000, "the control code is part of the contract");

#endif
