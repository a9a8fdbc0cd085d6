/*
 * What a driver's status means to an application, where it comes as an NTSTATUS.
 */
#ifndef SYSBUF_CLIENT_STATUS_H
#define SYSBUF_CLIENT_STATUS_H

#include <sysbuf/client.h>

/* OK for a success; SYSTEM for an error without a name of its own. */
enum sb_error sb_status_error(uint32_t status);

#endif
