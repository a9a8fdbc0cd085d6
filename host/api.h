/* What the files behind include/sysbuf/host.h share. */
#ifndef SYSBUF_HOST_API_H
#define SYSBUF_HOST_API_H

#include <sysbuf/host.h>

#include "host/ke/call.h"

static inline struct machine *machine_of(struct sb_machine *machine)
{
    return (struct machine *)machine;
}

static inline struct _EPROCESS *process_of(struct sb_process *process)
{
    return (struct _EPROCESS *)process;
}

/* SB_FOREVER as no timeout, else relative; the result points into *interval or is NULL. */
static inline PLARGE_INTEGER api_timeout(uint32_t milliseconds, PLARGE_INTEGER interval)
{
    interval->QuadPart = -(LONGLONG)milliseconds * 10000;
    return milliseconds == SB_FOREVER ? NULL : interval;
}

#endif
