#include "host/verifier/stop.h"

#include "host/ke/ke.h"
#include "host/ke/text.h"

_Noreturn void __attribute__((ms_abi))
verifier_stop(enum verifier_rule rule, const void *caller, const ULONG_PTR *parameters,
              const char *format, ...)
{
    const struct verifier_rule_description *description = verifier_describe_rule(rule);
    char message[VERIFIER_MESSAGE_SIZE];
    __builtin_ms_va_list arguments;
    ULONG_PTR stop[4] = {description->parameter};

    __builtin_ms_va_start(arguments, format);
    text_format_list(message, sizeof(message), format, arguments);
    __builtin_ms_va_end(arguments);
    verifier_report(rule, caller, parameters, "%s", message);
    for (int i = 0; parameters && i < 3; i++)
        stop[i + 1] = parameters[i];
    ke_bug_check_because(description->bug_check ? description->bug_check : 0xC4, stop,
                         (uint64_t)caller, NULL, message);
}
