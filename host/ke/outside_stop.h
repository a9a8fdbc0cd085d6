#ifndef SYSBUF_HOST_OUTSIDE_STOP_H
#define SYSBUF_HOST_OUTSIDE_STOP_H

#include "host/machine.h"

/* Bug checks the machine with MANUALLY_INITIATED_CRASH, where a thread is in driver code if one is.
 * From a thread that is not in the machine; blocks up to a second. */
void ke_stop_from_outside(struct machine *machine);
/* A running machine is to stop. Signal safe. */
BOOLEAN ke_is_stop_wanted(const struct machine *machine);
/* On an interrupted thread in driver code: does not return if the machine is to stop. */
void ke_outside_stop_here(const struct linux_fault *fault);

#endif
