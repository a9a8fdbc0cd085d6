/* Exceptions that nobody handles, as far as no other rule has told of them. */
#include <sysbuf/host.h>

#include "host/ke/text.h"
#include "host/mm/mm.h"
#include "host/verifier/report.h"
#include "host/verifier/state.h"
#include "host/verifier/watch.h"

static const char *name_of(NTSTATUS code)
{
    switch (code) {
    case STATUS_ACCESS_VIOLATION:
        return "an access violation";
    case STATUS_BREAKPOINT:
        return "a breakpoint, without a debugger";
    case STATUS_ASSERTION_FAILURE:
        return "an assertion failed";
    case STATUS_ILLEGAL_INSTRUCTION:
        return "an instruction that does not exist";
    case STATUS_PRIVILEGED_INSTRUCTION:
        return "a privileged instruction";
    case STATUS_INTEGER_DIVIDE_BY_ZERO:
        return "an integer divided by zero";
    case STATUS_INTEGER_OVERFLOW:
        return "an integer division overflowed";
    case STATUS_DATATYPE_MISALIGNMENT:
        return "a misaligned access";
    case STATUS_INSUFFICIENT_RESOURCES:
        return "resources are short";
    default:
        return "an exception";
    }
}

BOOLEAN verifier_has_told(uint64_t address)
{
    const struct verifier_state *state = verifier_state();
    return state->has_told && state->told == address;
}

void verifier_unhandled(const EXCEPTION_RECORD *record, const CONTEXT *context, BOOLEAN exact)
{
    ULONG_PTR parameters[3] = {(ULONG)record->ExceptionCode, (ULONG_PTR)record->ExceptionAddress,
                               0};
    struct verifier_place place = {.context = context, .is_exact = exact};
    if (!verifier_checks(SB_VERIFY_POOL) || verifier_has_told((uint64_t)record->ExceptionAddress) ||
        !verifier_first_frame(context, exact))
        return;
    if (record->ExceptionCode == STATUS_ACCESS_VIOLATION && record->NumberParameters >= 2)
        verifier_report_at(RULE_UNHANDLED_EXCEPTION, &place, parameters,
                           "no handler took an access violation at the user's address 0x%I64x",
                           record->ExceptionInformation[1]);
    else
        verifier_report_at(RULE_UNHANDLED_EXCEPTION, &place, parameters,
                           "no handler took exception 0x%08x: %s", (ULONG)record->ExceptionCode,
                           name_of(record->ExceptionCode));
}
