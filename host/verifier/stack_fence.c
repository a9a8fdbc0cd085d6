#include "host/verifier/stack_fence.h"

#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/verifier/fill.h"
#include "host/verifier/thread.h"
#include "host/verifier/watch.h"

static NTSTATUS run(PDRIVER_DISPATCH routine, PDEVICE_OBJECT device, PIRP irp)
{
    if (verifier_checks(SB_VERIFY_REPLY))
        verifier_fill_stack();
    return routine(device, irp);
}

/* The stack may not have grown so far yet: Linux guards what is there. */
static void reach(struct verifier_thread *thread, uint64_t page)
{
    if (thread->fence_reach && page >= thread->fence_reach)
        return;
    *(volatile uint8_t *)page = 0;
    thread->fence_reach = page;
}

/* The page lies wholly in the array, so no frame has anything in it. */
static __attribute__((noinline)) NTSTATUS run_fenced(struct verifier_thread *thread,
                                                     PDRIVER_DISPATCH routine,
                                                     PDEVICE_OBJECT device, PIRP irp)
{
    volatile uint8_t room[2 * PAGE_SIZE];
    uint64_t page = ((uint64_t)room + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);

    reach(thread, page);
    if (linux_stack_close_page((void *)page))
        thread->fence = page;
    NTSTATUS status = run(routine, device, irp);
    verifier_stack_fence_open();
    return status;
}

/* An exception may leave what drivers called, so only the outermost of them gets a fence. */
NTSTATUS verifier_run_dispatch(PDRIVER_DISPATCH routine, PDEVICE_OBJECT device, PIRP irp)
{
    struct verifier_thread *thread = verifier_thread();
    BOOLEAN is_outermost = thread && thread->call && !thread->call->outer && !thread->fence;

    if (is_outermost && verifier_checks(SB_VERIFY_POOL))
        return run_fenced(thread, routine, device, irp);
    return run(routine, device, irp);
}

void verifier_stack_fence_open(void)
{
    struct verifier_thread *thread = current_thread()->verified;

    if (!thread || !thread->fence)
        return;
    linux_stack_open_page((void *)thread->fence);
    thread->fence = 0;
}

BOOLEAN stack_fence_check(const struct fault_place *place, struct fault_stop *stop)
{
    enum { COOKIE = 2 };
    const struct verifier_thread *thread = current_thread()->verified;

    if (!thread || !thread->fence || place->address - thread->fence >= PAGE_SIZE)
        return FALSE;
    verifier_stack_fence_open(); /* what follows the stack's frames reads there */
    fault_report(place, RULE_STACK_OVERRUN, NULL,
                 "the stack was %s beyond the frames of the driver, over every return address",
                 place->access);
    *stop = (struct fault_stop){KERNEL_SECURITY_CHECK_FAILURE,
                                {COOKIE, place->address, place->context->Rip, 0}};
    return TRUE;
}
