/* Power: the machine is always in S0, on mains, with its display on. */
#ifndef SYSBUF_HOST_PO_H
#define SYSBUF_HOST_PO_H

#include "host/machine.h"

struct po_state {
    struct linux_lock lock;
    LIST_ENTRY settings; /* struct setting_callback.link */
    LIST_ENTRY idle;     /* struct idle.link: devices whose idleness is watched */
};

NTSTATUS po_initialize(struct machine *machine);
void po_destroy(struct machine *machine);

#endif
