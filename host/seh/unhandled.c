/* The end of an exception that no handler took: each kind of thread has its bug check. */
#include "host/ke/ke.h"
#include "host/ke/thread.h"
#include "host/ps/ps.h"
#include "host/seh/dispatch.h"
#include "host/seh/exception.h"
#include "host/seh/fault_record.h"

#if defined(__SANITIZE_ADDRESS__)
void __attribute__((sysv_abi))
__asan_unpoison_memory_region(const volatile void *from, size_t length);

/* A stop leaves frames without running their ends. AddressSanitizer knows that for its idea of the
 * stack, but not when the dispatcher had to take the spare one. */
static void forget_frames(void)
{
    const size_t spare = 0x10000;
    uint64_t low, high, frame = (uint64_t)__builtin_frame_address(0);

    linux_stack_bounds(&low, &high);
    __asan_unpoison_memory_region((const void *)low, high - low);
    if (frame < low || frame >= high)
        __asan_unpoison_memory_region((const void *)(frame - spare), spare);
}
#else
static void forget_frames(void)
{
}
#endif

/* Behind a call that does not return another function may begin: the stack is walked from inside
 * of the call. */
static _Noreturn void stop(const struct fault_stop *stop, const CONTEXT *context, bool exact)
{
    struct linux_registers registers;

    forget_frames();
    context_to_registers(context, &registers);
    registers.rip -= !exact;
    ke_bug_check(stop->code, stop->parameters, context->Rip, &registers);
}

/* DriverEntry and DriverUnload run on threads of the System process too. */
static bool is_system_thread(void)
{
    struct machine *machine = current_machine();
    PETHREAD thread = current_thread();

    return thread->is_system || (machine && thread->owner == machine->ps->system_process);
}

/* Tests of the unwinder alone have no machine. */
static const struct verifier_hooks *current_verifier(void)
{
    struct machine *machine = current_machine();
    return machine ? machine->verifier : NULL;
}

/* Exception codes are sign extended, as NT's are; only 0x3B shows the bare 32 bits. */
void seh_unhandled(PEXCEPTION_RECORD record, PCONTEXT context, bool exact)
{
    ULONG_PTR code = (ULONG_PTR)(LONG_PTR)record->ExceptionCode;
    ULONG_PTR address = (ULONG_PTR)record->ExceptionAddress;
    ULONG_PTR *information = record->ExceptionInformation;
    const struct verifier_hooks *verifier = current_verifier();

    if (SB_UNLIKELY(verifier) && verifier->unhandled)
        verifier->unhandled(record, context, exact);

    if (current_kpcr()->dpc_active || current_kpcr()->irql >= DISPATCH_LEVEL)
        stop(&(struct fault_stop){KMODE_EXCEPTION_NOT_HANDLED,
                                  {code, address, information[0], information[1]}},
             context, exact);
    if (is_system_thread())
        stop(&(struct fault_stop){SYSTEM_THREAD_EXCEPTION_NOT_HANDLED,
                                  {code, address, (ULONG_PTR)record, (ULONG_PTR)context}},
             context, exact);
    stop(&(struct fault_stop){SYSTEM_SERVICE_EXCEPTION,
                              {(ULONG)code, address, (ULONG_PTR)context, 0}},
         context, exact);
}

/* Called by exception_dispatch (context.c), on the faulting thread's stack. */
__attribute__((used)) void exception_handle_fault(struct linux_fault *fault)
{
    CONTEXT context;
    EXCEPTION_RECORD record;
    struct fault_stop bug_check;
    uint64_t stack_low, stack_high;

    context_from_registers(&context, &fault->registers);
    if (fault_emulate_on_thread(fault, &context))
        context_resume(&context);
    const struct verifier_hooks *verifier = current_verifier();
    if (SB_UNLIKELY(verifier) && verifier->fault && verifier->fault(fault, &context, &bug_check))
        stop(&bug_check, &context, true);
    linux_stack_bounds(&stack_low, &stack_high);
    if (fault_classify(fault, current_kpcr()->irql, stack_low, &context, &record, &bug_check) ==
        FAULT_STOP)
        stop(&bug_check, &context, true);
    seh_dispatch_or_stop(&record, &context, true);
}
