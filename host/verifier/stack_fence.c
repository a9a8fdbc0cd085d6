#include "host/verifier/stack_fence.h"

#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/verifier/fill.h"
#include "host/verifier/thread.h"
#include "host/verifier/watch.h"

struct call {
    PDRIVER_DISPATCH routine;
    PDEVICE_OBJECT device;
    PIRP irp;
    NTSTATUS status;
};

static void run(void *context)
{
    struct call *call = context;
    if (verifier_checks(SB_VERIFY_REPLY))
        verifier_fill_stack();
    call->status = call->routine(call->device, call->irp);
}

/* What the driver asks for are the bounds of the stack that it is on. */
static void note_stack(void)
{
    PETHREAD thread = current_thread();
    linux_stack_bounds(&thread->stack_low, &thread->stack_high);
}

static void run_there(void *context)
{
    note_stack();
    run(context);
}

/* An exception may leave what drivers called, so only the outermost of them gets a fence. */
NTSTATUS verifier_run_dispatch(PDRIVER_DISPATCH routine, PDEVICE_OBJECT device, PIRP irp)
{
    struct verifier_thread *thread = verifier_thread();
    struct call call = {routine, device, irp, STATUS_SUCCESS};
    BOOLEAN is_outermost = thread && thread->call && !thread->call->outer;

    if (is_outermost && verifier_checks(SB_VERIFY_POOL) &&
        linux_guarded_stack_run(run_there, &call))
        note_stack();
    else
        run(&call);
    return call.status;
}

void verifier_stack_fence_leave(void)
{
    linux_guarded_stack_leave();
    note_stack();
}

BOOLEAN stack_fence_check(const struct fault_place *place, struct fault_stop *stop)
{
    enum { COOKIE = 2 };

    if (!linux_guarded_stack_is_above(place->address))
        return FALSE;
    fault_report(place, RULE_STACK_OVERRUN, NULL,
                 "the stack was %s beyond the frames of the driver, over every return address",
                 place->access);
    *stop = (struct fault_stop){KERNEL_SECURITY_CHECK_FAILURE,
                                {COOKIE, place->address, place->context->Rip, 0}};
    return TRUE;
}
