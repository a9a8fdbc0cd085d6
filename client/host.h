/*
 * What the Linux files of the client library share: one machine for the process, in which the
 * services run and of which the clients are applications.
 */
#ifndef SYSBUF_CLIENT_HOST_H
#define SYSBUF_CLIENT_HOST_H

#include <sysbuf/client.h>
#include <sysbuf/host.h>

/* Keeps the status for sb_system_error() and returns error. */
enum sb_error sb_fail(enum sb_error error, sb_status status);

/* The error for the status of a call's answer; SB_OK for a success. */
enum sb_error sb_status_error(sb_status status);

/*
 * The machine and this program's process in it, made on first use and kept to the program's end.
 * NO_MEMORY, SYSTEM.
 */
enum sb_error sb_client_machine(struct sb_machine **machine, struct sb_process **process);

#endif
