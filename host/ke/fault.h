/* The two functions the signal plumbing calls; see linux_faults_initialize. */
#ifndef SYSBUF_HOST_FAULT_H
#define SYSBUF_HOST_FAULT_H

#include "host/machine.h"

enum linux_fault_answer fault_examine(struct linux_fault *fault);
void fault_dispatch(struct linux_fault *fault);

#endif
