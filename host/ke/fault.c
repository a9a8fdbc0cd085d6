/* From the signal handler to the exception dispatcher, and what happens while there is none. */
#include "host/ke/fault.h"
#include "host/ke/schedule.h"
#include "host/ps/ps.h"
#include "host/seh/exception.h"



static BOOLEAN is_driver_code(uint64_t address)
{
    return address >= LINUX_KERNEL_BASE && address < LINUX_KERNEL_END;
}

enum linux_fault_answer fault_examine(struct linux_fault *fault)
{
    PETHREAD thread = ps_thread_inside();
    if (!thread)
        return LINUX_FAULT_NOT_MINE;
    if (fault->kind == LINUX_FAULT_STOP) {
        BOOLEAN leave = !machine_is_running(thread->machine) &&
                        is_driver_code(fault->registers.rip);
        return leave ? LINUX_FAULT_DISPATCH : LINUX_FAULT_RESUME;
    }
    return fault_emulate(fault) ? LINUX_FAULT_RESUME : LINUX_FAULT_DISPATCH;
}

void fault_dispatch(struct linux_fault *fault)
{
    if (fault->kind == LINUX_FAULT_STOP)
        ke_leave_stopped_machine();
    exception_dispatch(fault);
}

/* Replaced by host/seh once it has a dispatcher. */
__attribute__((weak)) void exception_dispatch(struct linux_fault *fault)
{
    ULONG_PTR parameters[4] = {(ULONG_PTR)STATUS_ACCESS_VIOLATION, fault->registers.rip,
                               fault->write, fault->address};
    ke_bug_check(KMODE_EXCEPTION_NOT_HANDLED, parameters, fault->registers.rip,
                 &fault->registers);
}

/* mov to or from cr8, the form compilers emit: [44|45] 0F 20|22 modrm. Replaced by host/seh. */
__attribute__((weak)) BOOLEAN fault_emulate(struct linux_fault *fault)
{
    if (!fault->general_protection || !is_driver_code(fault->registers.rip))
        return FALSE;
    const UCHAR *code = (const UCHAR *)fault->registers.rip;
    if ((code[0] & 0xFE) != 0x44 || code[1] != 0x0F || (code[3] & 0xF8) != 0xC0)
        return FALSE;
    uint64_t *reg = &fault->registers.rax + ((code[3] & 7) | (code[0] & 1) << 3);
    if (code[2] == 0x20)
        *reg = current_kpcr()->irql;
    else if (code[2] == 0x22)
        current_kpcr()->irql = (KIRQL)*reg;
    else
        return FALSE;
    fault->registers.rip += 4;
    return TRUE;
}
