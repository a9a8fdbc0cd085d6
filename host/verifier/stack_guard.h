/* What a driver's own stack protection finds. */
#ifndef SYSBUF_HOST_VERIFIER_STACK_GUARD_H
#define SYSBUF_HOST_VERIFIER_STACK_GUARD_H

#include "host/verifier/before.h"

/* Before KeBugCheckEx: code 0xF7 is how older compilers' guards end. */
BOOLEAN stack_guard_bug_check(struct verifier_call *call);

#endif
