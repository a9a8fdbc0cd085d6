/* From the signal handler to the exception dispatcher. */
#include "host/ke/fault.h"
#include "host/ke/ke.h"
#include "host/ke/outside_stop.h"
#include "host/ke/scheduler.h"
#include "host/loader/coverage.h"
#include "host/loader/loader.h"
#include "host/ps/ps.h"
#include "host/seh/exception.h"

static BOOLEAN is_driver_code(uint64_t address)
{
    return (address >= LINUX_KERNEL_BASE && address < LINUX_KERNEL_END) ||
           linux_pages_are_fixed(address);
}

static BOOLEAN is_ending(struct machine *machine)
{
    return !machine_is_running(machine) || ke_is_stop_wanted(machine);
}

/* A thread is asked to come out of driver code: for good, so that others run, or so that the
 * verifier has a look. */
static BOOLEAN takes_stop(PETHREAD thread, const struct linux_fault *fault)
{
    const struct verifier_hooks *verifier = thread->machine->verifier;
    int64_t callbacks_until = thread->Tcb.kpcr->callbacks_until;

    if (!is_driver_code(fault->registers.rip))
        return FALSE;
    if (!is_ending(thread->machine))
        return scheduler_is_yield_asked(thread->machine) || (verifier && verifier->stuck);
    return callbacks_until == 0 || linux_monotonic_time() >= callbacks_until;
}

enum linux_fault_answer fault_examine(struct linux_fault *fault)
{
    PETHREAD thread = ps_thread_inside();
    if (!thread)
        return LINUX_FAULT_NOT_MINE;
    if (fault->kind == LINUX_FAULT_STOP)
        return takes_stop(thread, fault) ? LINUX_FAULT_DISPATCH : LINUX_FAULT_RESUME;
    if (fault->kind == LINUX_FAULT_BREAKPOINT && thread->machine->loader->coverages &&
        coverage_take_breakpoint(thread->machine, fault))
        return LINUX_FAULT_RESUME;
    if (!fault_emulate(fault))
        return LINUX_FAULT_DISPATCH;
    ke_irql_raised(thread->machine); /* perhaps: by writing cr8 */
    return LINUX_FAULT_RESUME;
}

void fault_dispatch(struct linux_fault *fault)
{
    if (fault->kind == LINUX_FAULT_STOP) {
        struct machine *machine = current_machine();
        if (!is_ending(machine) && scheduler_is_yield_asked(machine))
            scheduler_yield(machine);
        else if (!is_ending(machine) && machine->verifier && machine->verifier->stuck)
            machine->verifier->stuck(fault);
        if (!is_ending(machine))
            linux_registers_resume(&fault->registers);
        ke_outside_stop_here(fault);
        ke_leave_stopped_machine();
    }
    loader_examine_fault(fault);
    exception_dispatch(fault);
}
