/* What the pool's callers do: allocating. */
#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/loader/loader.h"
#include "host/verifier/paged.h"
#include "host/verifier/pool_text.h"
#include "host/verifier/sites.h"
#include "host/verifier/special_pool.h"
#include "host/verifier/stack_trace.h"
#include "host/verifier/watch.h"

/* NonPagedPoolMustSucceed and its cache-aligned kin: never NULL, a bug check instead. */
static BOOLEAN must_succeed(ULONG pool_type)
{
    return (pool_type & NonPagedPoolMustSucceed) != 0;
}

static void check_level(ULONG pool_type, SIZE_T size, ULONG tag, const void *caller)
{
    KIRQL irql = current_kpcr()->irql;
    BOOLEAN is_paged = (pool_type & PagedPool) != 0;
    if (irql <= (is_paged ? APC_LEVEL : DISPATCH_LEVEL))
        return;
    ULONG_PTR parameters[3] = {irql, pool_type, size};
    verifier_report(is_paged ? RULE_POOL_PAGED_IRQL : RULE_POOL_NONPAGED_IRQL, caller, parameters,
                    "%I64u bytes of %s pool, tag %s, were allocated at IRQL %u (at most %s)",
                    (uint64_t)size, is_paged ? "paged" : "nonpaged", pool_tag(tag).text, irql,
                    is_paged ? "APC_LEVEL" : "DISPATCH_LEVEL");
}

void *verifier_pool_allocate(ULONG pool_type, SIZE_T size, ULONG tag, void *caller, BOOLEAN *fail)
{
    const struct verifier_trace *trace = verifier_trace(caller);
    if (!trace) /* the host's own */
        return NULL;
    if (size == 0)
        verifier_report(RULE_POOL_ZERO_BYTES, caller, NULL,
                        "zero bytes of pool were allocated with tag %s", pool_tag(tag).text);
    check_level(pool_type, size, tag, caller);
    *fail = !must_succeed(pool_type) && verifier_site_fails("ExAllocatePool", caller);
    if (*fail || !verifier_checks(SB_VERIFY_POOL))
        return NULL;
    struct machine *machine = current_machine();
    void *start = special_allocate(
        machine, &(struct special_request){size, tag, pool_type, SPECIAL_DRIVER, trace});
    if (start && (pool_type & PagedPool))
        verifier_paged_pool(special_find(machine, (uint64_t)start));
    return start;
}

void *verifier_irp_allocate(SIZE_T size, ULONG tag, BOOLEAN gets_buffer)
{
    struct special_request request = {.size = size,
                                      .tag = tag,
                                      .pool_type = NonPagedPoolNx,
                                      .owner = SPECIAL_IRP,
                                      .is_paired = gets_buffer && size <= LINUX_PAGE_SIZE};
    if (current_machine()->verify_underruns)
        request.is_paired = FALSE; /* the buffer has no guard before it then */
    return verifier_checks(SB_VERIFY_POOL) ? special_allocate(current_machine(), &request) : NULL;
}

void *verifier_buffer_allocate(SIZE_T size, ULONG tag, PIRP irp)
{
    struct special_request request = {
        .size = size, .tag = tag, .pool_type = NonPagedPoolNx, .owner = SPECIAL_SYSTEM_BUFFER};
    return verifier_checks(SB_VERIFY_POOL)
               ? special_allocate_beside(current_machine(), irp, &request)
               : NULL;
}

void verifier_image_unload(struct loaded_image *image)
{
    verifier_paged_forget(image->base, image->size);
    verifier_pool_leaks(image);
    verifier_sites_forget_image(image);
}
