/* Kernel objects that drivers keep in pool blocks and must take out of the kernel's hands before
 * they free them. */
#ifndef SYSBUF_HOST_VERIFIER_POOL_RESIDENTS_H
#define SYSBUF_HOST_VERIFIER_POOL_RESIDENTS_H

#include "host/verifier/before.h"
#include "host/verifier/special_pool.h"

/* Before the routine that initialises or deletes the object in its first argument. */
BOOLEAN resident_timer(struct verifier_call *call);
BOOLEAN resident_resource(struct verifier_call *call);
BOOLEAN resident_lookaside(struct verifier_call *call);
BOOLEAN resident_lookaside_ex(struct verifier_call *call);
BOOLEAN resident_gone(struct verifier_call *call);

/* The block is about to be freed: reports what is still in use, and forgets all. */
void pool_residents_check(struct special_block *block, const void *caller);

#endif
