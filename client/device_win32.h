/*
 * What the files of a device on Windows share.
 */
#ifndef SYSBUF_CLIENT_DEVICE_WIN32_H
#define SYSBUF_CLIENT_DEVICE_WIN32_H

#include "win32.h"
#include "calls.h"

struct sb_client {
    struct sb_device device;
    HANDLE file;
};

#endif
