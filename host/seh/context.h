/* Capturing and loading processor contexts, and the calls the stack walk recognises. */
#ifndef SYSBUF_HOST_SEH_CONTEXT_H
#define SYSBUF_HOST_SEH_CONTEXT_H

#include "host/nt.h"
#include "host/linux/linux.h"
#include "host/seh/unwind_types.h"

/* Continues with exactly this context; the stack below context->Rsp may be overwritten. */
_Noreturn void NTAPI context_resume(const CONTEXT *context);

/* Calls dispatcher->LanguageHandler. Each puts dispatcher where context_call_dispatcher finds it,
 * so that an exception or an unwind inside the handler knows which one it interrupts. */
EXCEPTION_DISPOSITION NTAPI context_call_exception_handler(PEXCEPTION_RECORD record,
                                                           PVOID establisher_frame,
                                                           PCONTEXT context,
                                                           PDISPATCHER_CONTEXT dispatcher);
EXCEPTION_DISPOSITION NTAPI context_call_unwind_handler(PEXCEPTION_RECORD record,
                                                        PVOID establisher_frame, PCONTEXT context,
                                                        PDISPATCHER_CONTEXT dispatcher);

/* Return addresses inside the two calls above and inside exception_dispatch. */
extern const char context_exception_call[] __attribute__((visibility("hidden")));
extern const char context_unwind_call[] __attribute__((visibility("hidden")));
extern const char context_fault_call[] __attribute__((visibility("hidden")));

/* The argument saved in a frame whose Rip is one of these addresses: the dispatcher context, or for
 * context_fault_call the struct linux_fault. */
static inline uint64_t context_saved_argument_address(const CONTEXT *frame)
{
    return frame->Rsp + 0x20;
}

void context_from_registers(CONTEXT *context, const struct linux_registers *registers);
void context_to_registers(const CONTEXT *context, struct linux_registers *registers);

#endif
