/*
 * What the files of a device on Windows share.
 */
#ifndef SYSBUF_CLIENT_DEVICE_WIN32_H
#define SYSBUF_CLIENT_DEVICE_WIN32_H

#include "win32.h"
#include "socket.h"

struct sb_client {
    struct sb_client_head head; /* no socket */
    HANDLE device;
    SRWLOCK lock;
    CONDITION_VARIABLE idle; /* signalled when calls becomes 0 */
    unsigned calls;          /* under way, under lock */
    bool closing;            /* under lock */
};

#endif
