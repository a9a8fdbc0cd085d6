/* Rules of the pool's callers. */
#include <sysbuf/host.h>

#include "host/verifier/watch.h"

void *verifier_pool_allocate(ULONG pool_type, SIZE_T size, ULONG tag, void *caller, BOOLEAN *fail)
{
    if (size == 0)
        verifier_report(RULE_POOL_ZERO_BYTES, caller, NULL,
                        "zero bytes of pool were allocated with tag 0x%08x", tag);
    return NULL;
}
