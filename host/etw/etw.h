/* Event tracing: providers that drivers register. No session ever listens. */
#ifndef SYSBUF_HOST_ETW_H
#define SYSBUF_HOST_ETW_H

#include "host/machine.h"

struct etw_state {
    struct linux_lock lock;
    LIST_ENTRY providers; /* struct provider.link */
    uint64_t last_handle, last_activity;
};

NTSTATUS etw_initialize(struct machine *machine);
void etw_destroy(struct machine *machine);

#endif
