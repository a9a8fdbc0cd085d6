/* Events, mutexes, timers, spin locks and their kin in paged pool. */
#ifndef SYSBUF_HOST_VERIFIER_NONPAGED_H
#define SYSBUF_HOST_VERIFIER_NONPAGED_H

#include "host/nt.h"

struct special_block;
struct verifier_call;

/* The block of paged pool that holds address; NULL: none does. */
const struct special_block *verifier_paged_block(uint64_t address);

/* Before a routine whose first argument is such an object. */
BOOLEAN nonpaged_object(struct verifier_call *call);

#endif
