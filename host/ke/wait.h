/* The wait itself, for the routines that wait. */
#ifndef SYSBUF_HOST_WAIT_H
#define SYSBUF_HOST_WAIT_H

#include "host/ke/schedule.h"

struct ke_wait {
    ULONG count; /* 1 to MAXIMUM_WAIT_OBJECTS */
    PVOID *objects;
    WAIT_TYPE type;
    KPROCESSOR_MODE mode;
    BOOLEAN alertable, no_wait;
    int64_t deadline;    /* monotonic ns or LINUX_FOREVER */
    PKWAIT_BLOCK blocks; /* NULL: the thread's own, count at most THREAD_WAIT_OBJECTS */
};

/* Blocks until the objects satisfy it: STATUS_SUCCESS plus the index, STATUS_ABANDONED plus the
 * index, STATUS_TIMEOUT, STATUS_ALERTED, STATUS_USER_APC. IRQL below DISPATCH_LEVEL, but for
 * no_wait. */
NTSTATUS ke_wait(const struct ke_wait *wait);

#endif
