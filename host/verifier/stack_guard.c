#include "host/verifier/stack_guard.h"

#include "host/verifier/report.h"

BOOLEAN stack_guard_bug_check(struct verifier_call *call)
{
    enum { DRIVER_OVERRAN_STACK_BUFFER = 0xF7 };
    ULONG_PTR parameters[3] = {call->arguments[1], call->arguments[2], call->arguments[3]};
    if ((ULONG)call->arguments[0] == DRIVER_OVERRAN_STACK_BUFFER)
        verifier_report(RULE_STACK_OVERRUN, call->caller, parameters,
                        "the stack's security cookie was overwritten: 0x%I64x in place of 0x%I64x",
                        parameters[0], parameters[1]);
    return TRUE;
}
