/*
 * What the client's ring needs of the system: ring_win32.c and ring_host.c.
 */
#ifndef SYSBUF_CLIENT_RING_SYSTEM_H
#define SYSBUF_CLIENT_RING_SYSTEM_H

#include <sysbuf/client.h>

/* Waits for an event, which is reset by it. False: the time (milliseconds) was up. */
bool sb_ring_wait_event(uint64_t event, uint32_t milliseconds);

void sb_ring_set_event(uint64_t event);

/* Gives an event's handle, or the view, back to the system. */
void sb_ring_close_event(uint64_t event);
void sb_ring_unmap_view(void *view);

/* Milliseconds since some moment. */
uint64_t sb_ring_clock(void);

/* The error for an NTSTATUS that came in an answer, kept for sb_system_error(). */
enum sb_error sb_ring_status_error(uint32_t status);

#endif
