/* Stopping a machine whose driver does not come back, from a thread outside of it. */
#include "host/ke/call.h"
#include "host/ke/ke.h"
#include "host/ke/outside_stop.h"
#include "host/ps/ps.h"

enum { ATTEMPTS = 100 };
static const int64_t interval = 10000000; /* ns between attempts */

static _Noreturn void stop(uint64_t address, const struct linux_registers *registers)
{
    const ULONG_PTR parameters[4] = {0};
    ke_bug_check_because(MANUALLY_INITIATED_CRASH, parameters, address, registers,
                         "stopped from outside: the driver did not return");
}

static NTSTATUS stop_here(void *context)
{
    stop((uint64_t)__builtin_return_address(0), NULL);
}

/* A thread in driver code stops the machine where it is (ke_outside_stop_here); one in a routine of
 * the host may soon be back in the driver; those that wait are only seen not to be. */
void ke_stop_from_outside(struct machine *machine)
{
    uint32_t word = 0;
    __atomic_store_n(&machine->ke->is_stop_wanted, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < ATTEMPTS && machine_is_running(machine); i++) {
        ps_interrupt_threads(machine);
        linux_park(&word, 0, linux_monotonic_time() + interval);
    }
    if (machine_is_running(machine))
        machine_call(machine->ps->system_process, stop_here, NULL);
}

BOOLEAN ke_is_stop_wanted(const struct machine *machine)
{
    return machine_is_running(machine) &&
           __atomic_load_n(&machine->ke->is_stop_wanted, __ATOMIC_ACQUIRE);
}

void ke_outside_stop_here(const struct linux_fault *fault)
{
    if (ke_is_stop_wanted(current_machine()))
        stop(fault->registers.rip, &fault->registers);
}
