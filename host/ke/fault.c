/* From the signal handler to the exception dispatcher. */
#include "host/ke/fault.h"
#include "host/ke/ke.h"
#include "host/loader/coverage.h"
#include "host/loader/loader.h"
#include "host/ps/ps.h"
#include "host/seh/exception.h"

static BOOLEAN is_driver_code(uint64_t address)
{
    return (address >= LINUX_KERNEL_BASE && address < LINUX_KERNEL_END) ||
           linux_pages_are_fixed(address);
}

enum linux_fault_answer fault_examine(struct linux_fault *fault)
{
    PETHREAD thread = ps_thread_inside();
    if (!thread)
        return LINUX_FAULT_NOT_MINE;
    if (fault->kind == LINUX_FAULT_STOP) {
        int64_t callbacks_until = thread->Tcb.kpcr->callbacks_until;
        BOOLEAN leave = !machine_is_running(thread->machine) &&
                        is_driver_code(fault->registers.rip) &&
                        (callbacks_until == 0 || linux_monotonic_time() >= callbacks_until);
        return leave ? LINUX_FAULT_DISPATCH : LINUX_FAULT_RESUME;
    }
    if (fault->kind == LINUX_FAULT_BREAKPOINT && thread->machine->loader->coverages &&
        coverage_take_breakpoint(thread->machine, fault))
        return LINUX_FAULT_RESUME;
    return fault_emulate(fault) ? LINUX_FAULT_RESUME : LINUX_FAULT_DISPATCH;
}

void fault_dispatch(struct linux_fault *fault)
{
    if (fault->kind == LINUX_FAULT_STOP)
        ke_leave_stopped_machine();
    loader_examine_fault(fault);
    exception_dispatch(fault);
}
