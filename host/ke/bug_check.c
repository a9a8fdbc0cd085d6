/* KeBugCheckEx: the machine stops, its threads leave it, the process goes on. */
#include "host/ke/ke.h"
#include "host/ke/schedule.h"
#include "host/ke/scheduler.h"
#include "host/loader/loader.h"
#include "host/ps/ps.h"
#include "host/ke/text.h"
#include "host/seh/crash.h"
#include "host/trace/trace.h"

static void record(struct machine *machine, ULONG code, const ULONG_PTR parameters[4],
                   uint64_t address, const struct linux_registers *registers)
{
    struct bug_check *bug_check = &machine->ke->bug_check;
    bug_check->code = code;
    for (int i = 0; i < 4; i++)
        bug_check->parameters[i] = parameters[i];
    bug_check->address = address;
    bug_check->is_reported = machine->verifier && machine->verifier->has_told(address);
    loader_describe_address(machine, address, bug_check->module, sizeof(bug_check->module),
                            &bug_check->module_offset);
    if (registers) {
        bug_check->registers = *registers;
        bug_check->has_registers = TRUE;
    }
}

void ke_bug_check_report(struct machine *machine, const char *text, SIZE_T length)
{
    struct bug_check *stop = &machine->ke->bug_check;
    uint32_t used = stop->description_length; /* only this thread writes */
    SIZE_T room = sizeof(stop->description) - used;
    machine_log(machine, text, length);
    if (length > room)
        length = room;
    __builtin_memcpy(stop->description + used, text, length);
    __atomic_store_n(&stop->description_length, used + (uint32_t)length, __ATOMIC_RELEASE);
}

static void report(struct machine *machine)
{
    const struct bug_check *stop = &machine->ke->bug_check;
    char text[320];
    SIZE_T length = text_format(
        text, sizeof(text), "*** STOP 0x%08x (0x%I64x, 0x%I64x, 0x%I64x, 0x%I64x) at %s+0x%I64x\n",
        stop->code, stop->parameters[0], stop->parameters[1], stop->parameters[2],
        stop->parameters[3], stop->module[0] ? stop->module : "?", stop->module_offset);
    ke_bug_check_report(machine, text, length);
    if (stop->reason[0])
        ke_bug_check_report(machine, text, text_format(text, sizeof(text), "%s\n", stop->reason));
}

/* How long a stop's callbacks may take before their thread is pulled out of driver code like
 * others. */
enum { CALLBACK_TIME = 1000000000 }; /* ns */

static void run_callbacks(struct machine *machine, struct kpcr *kpcr)
{
    kpcr->callbacks_until = linux_monotonic_time() + CALLBACK_TIME;
    ke_run_bug_check_callbacks(machine);
    kpcr->callbacks_until = 0;
}

_Noreturn void ke_leave_stopped_machine(void)
{
    struct kpcr *kpcr = current_kpcr();
    struct call_frame *frame = kpcr->current_thread->call_frame;
    if (SB_UNLIKELY(current_machine()->verifier) && current_machine()->verifier->leaving)
        current_machine()->verifier->leaving();
    while (frame->previous)
        frame = frame->previous;
    kpcr->irql = PASSIVE_LEVEL;
    kpcr->dpc_active = false;
    kpcr->callbacks_until = 0;
    linux_context_jump(&frame->context, 1);
}

_Noreturn void ke_bug_check(ULONG code, const ULONG_PTR parameters[4], uint64_t address,
                            const struct linux_registers *registers)
{
    ke_bug_check_because(code, parameters, address, registers, NULL);
}

_Noreturn void ke_bug_check_because(ULONG code, const ULONG_PTR parameters[4], uint64_t address,
                                    const struct linux_registers *registers, const char *reason)
{
    struct machine *machine = current_machine();
    struct kpcr *kpcr = current_kpcr();
    if (kpcr->holds_dispatcher)
        ke_dispatcher_unlock(machine);
    if (__atomic_exchange_n(&machine->ke->bug_checked, 1, __ATOMIC_ACQ_REL) == 0) {
        record(machine, code, parameters, address, registers);
        if (reason)
            text_format(machine->ke->bug_check.reason, sizeof(machine->ke->bug_check.reason), "%s",
                        reason);
        report(machine);
        if (machine->trace)
            trace_bug_check(machine, code);
        uint32_t running = machine->scheduler ? MACHINE_SCHEDULED : MACHINE_RUNNING;
        __atomic_compare_exchange_n(&machine->state, &running, MACHINE_STOPPED, false,
                                    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
        ps_interrupt_threads(machine);
        /* Last: a fault while it follows a broken stack must find the machine stopped. */
        crash_describe(machine, registers);
        scheduler_describe(machine);
        run_callbacks(machine, kpcr);
        scheduler_release(machine);
    } else {
        /* Another thread got here first: its report counts; wait until the machine is stopped. */
        while (machine_is_running(machine))
            linux_yield();
    }
    ke_leave_stopped_machine();
}

VOID NTAPI KeBugCheckEx(ULONG code, ULONG_PTR parameter1, ULONG_PTR parameter2,
                        ULONG_PTR parameter3, ULONG_PTR parameter4)
{
    ULONG_PTR parameters[4] = {parameter1, parameter2, parameter3, parameter4};
    ke_bug_check(code, parameters, (uint64_t)__builtin_return_address(0), NULL);
}
SB_EXPORT(KeBugCheckEx)

VOID NTAPI KeBugCheck(ULONG code)
{
    ULONG_PTR parameters[4] = {0};
    ke_bug_check(code, parameters, (uint64_t)__builtin_return_address(0), NULL);
}
SB_EXPORT(KeBugCheck)
