/* Before Zw routines: a string must be whole characters, and no longer than its room. */
#include "host/verifier/service_name.h"

#include <sysbuf/host.h>

#include "host/verifier/before.h"
#include "host/verifier/state.h"

static BOOLEAN check(const struct verifier_call *call, uint64_t address)
{
    UNICODE_STRING name;
    ULONG_PTR parameters[3] = {(ULONG_PTR)call->caller, address};
    if (!address || !verifier_checks(SB_VERIFY_OBJECTS) ||
        !linux_copy_guarded(&name, (const void *)address, sizeof(name)))
        return TRUE;
    BOOLEAN is_whole = name.Length % sizeof(WCHAR) == 0 && name.MaximumLength % sizeof(WCHAR) == 0;
    if (is_whole && name.Length <= name.MaximumLength)
        return TRUE;
    verifier_report(RULE_NAME_MALFORMED, call->caller, parameters,
                    "%s was given the UNICODE_STRING at 0x%I64x with Length %u, MaximumLength %u",
                    call->routine, address, name.Length, name.MaximumLength);
    return TRUE;
}

BOOLEAN service_string(struct verifier_call *call)
{
    return check(call, call->arguments[1]);
}

BOOLEAN service_attributes(struct verifier_call *call)
{
    OBJECT_ATTRIBUTES attributes;
    if (!call->arguments[2] ||
        !linux_copy_guarded(&attributes, (const void *)call->arguments[2], sizeof(attributes)))
        return TRUE;
    return check(call, (uint64_t)attributes.ObjectName);
}
