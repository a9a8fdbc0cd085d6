/* Rules of the pool's callers. */
#include <sysbuf/host.h>

#include "host/verifier/sites.h"
#include "host/verifier/watch.h"

/* NonPagedPoolMustSucceed and its cache-aligned kin: never NULL, a bug check instead. */
static BOOLEAN must_succeed(ULONG pool_type)
{
    return (pool_type & NonPagedPoolMustSucceed) != 0;
}

void *verifier_pool_allocate(ULONG pool_type, SIZE_T size, ULONG tag, void *caller, BOOLEAN *fail)
{
    if (size == 0)
        verifier_report(RULE_POOL_ZERO_BYTES, caller, NULL,
                        "zero bytes of pool were allocated with tag 0x%08x", tag);
    *fail = !must_succeed(pool_type) && verifier_site_fails("ExAllocatePool", caller);
    return NULL;
}

void verifier_image_unload(struct loaded_image *image)
{
    verifier_sites_forget_image(image);
}
