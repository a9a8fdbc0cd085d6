/* Lookaside lists and resources, which the system has in lists of its own: initialised once, then
 * deleted. */
#include <sysbuf/host.h>

#include "host/verifier/before.h"
#include "host/verifier/made.h"
#include "host/verifier/made_twice.h"

static const char *name_of(enum made_kind kind)
{
    return kind == MADE_RESOURCE ? "resource" : "lookaside list";
}

static void check_initialized(const struct verifier_call *call, enum made_kind kind)
{
    ULONG_PTR parameters[3] = {call->arguments[0]};
    if (verifier_maker(kind, call->arguments[0]) && verifier_checks(SB_VERIFY_OBJECTS))
        verifier_report(RULE_INITIALIZED_AGAIN, call->caller, parameters,
                        "%s was given the %s at 0x%I64x, which is initialised and was not deleted",
                        call->routine, name_of(kind), call->arguments[0]);
}

/* FALSE: it is none, and deleting it would go wrong. */
static BOOLEAN check_deleted(struct verifier_call *call, enum made_kind kind)
{
    ULONG_PTR parameters[3] = {call->arguments[0]};
    if (verifier_maker(kind, call->arguments[0]) || !verifier_checks(SB_VERIFY_OBJECTS))
        return TRUE;
    verifier_report(RULE_DELETED_UNINITIALIZED, call->caller, parameters,
                    "%s was given 0x%I64x, which is no %s: never initialised, or deleted before",
                    call->routine, call->arguments[0], name_of(kind));
    call->result = STATUS_SUCCESS;
    return FALSE;
}

BOOLEAN lookaside_initialized(struct verifier_call *call)
{
    check_initialized(call, MADE_LOOKASIDE);
    return TRUE;
}

BOOLEAN lookaside_deleted(struct verifier_call *call)
{
    return check_deleted(call, MADE_LOOKASIDE);
}

BOOLEAN resource_initialized(struct verifier_call *call)
{
    check_initialized(call, MADE_RESOURCE);
    verifier_made(MADE_RESOURCE, call->arguments[0], call->caller, NULL);
    return TRUE;
}

BOOLEAN resource_deleted(struct verifier_call *call)
{
    BOOLEAN is_one = check_deleted(call, MADE_RESOURCE);
    verifier_unmade(MADE_RESOURCE, call->arguments[0]);
    return is_one;
}
