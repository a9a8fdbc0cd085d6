/* Finding the handler of an exception. */
#ifndef SYSBUF_HOST_SEH_DISPATCH_H
#define SYSBUF_HOST_SEH_DISPATCH_H

#include "host/seh/context.h"

/* Offers the exception to the handlers of every frame from context outwards, innermost first.
 * exact: context->Rip is the instruction that raised, not a return address. Returns true when a
 * handler answered that execution goes on at context (which it may have changed), false when none
 * took it. A handler that takes it unwinds: there is no return then. */
bool seh_dispatch(PEXCEPTION_RECORD record, PCONTEXT context, bool exact);

/* Dispatches, then continues at context or stops the machine. */
_Noreturn void seh_dispatch_or_stop(PEXCEPTION_RECORD record, PCONTEXT context, bool exact);

/* Raises what the caller's caller is to see: unwinds context, captured by an export, to the driver
 * (or host) function that called the export, and raises there. Returns when a handler asked to
 * continue: context is then the one to continue at. */
void seh_raise_from(PEXCEPTION_RECORD record, PCONTEXT context);

/* Raises a status with no parameters, as ExRaiseStatus does. */
_Noreturn void seh_raise_status(NTSTATUS status, PEXCEPTION_RECORD nested);

/* Stops the machine because nobody handled the exception (seh/unhandled.c). exact: context->Rip is
 * what faulted, not a return address. */
_Noreturn void seh_unhandled(PEXCEPTION_RECORD record, PCONTEXT context, bool exact);

#endif
