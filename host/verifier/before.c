#include "host/verifier/before.h"

#include "host/verifier/deputy.h"
#include "host/verifier/fault_user.h"
#include "host/verifier/lock.h"
#include "host/verifier/made_twice.h"
#include "host/verifier/nonpaged.h"
#include "host/verifier/paged.h"
#include "host/verifier/pool_copy.h"
#include "host/verifier/pool_residents.h"
#include "host/verifier/service_name.h"
#include "host/verifier/sites.h"
#include "host/verifier/stack_guard.h"
#include "host/verifier/watch.h"

/* What a call that fails for want of resources returns. */
#define SHORT     ((uint32_t)STATUS_INSUFFICIENT_RESOURCES)
#define NO_MEMORY ((uint32_t)STATUS_NO_MEMORY)
#define INVALID   ((uint32_t)STATUS_INVALID_PARAMETER) /* no room in a table of fixed size */
#define RAISES    UINT64_MAX                           /* STATUS_INSUFFICIENT_RESOURCES */

struct before {
    const char *name;
    BOOLEAN (*check)(struct verifier_call *call); /* may be NULL */
    BOOLEAN is_site;
    BOOLEAN (*may_fail)(const uint64_t *arguments);
    uint64_t result;
};

static const struct before all_checks[] = {
#define ENTRY(text, ...)        {.name = text, __VA_ARGS__},
#define BEFORE_AS(text, before) ENTRY(text, .check = before)
#define BEFORE(routine, before) ENTRY(#routine, .check = before)
#define BEFORE_SITE(routine, before, failure) \
    ENTRY(#routine, .check = before, .is_site = TRUE, .result = failure)
#define SITE_IF(routine, failure, may) \
    ENTRY(#routine, .is_site = TRUE, .may_fail = may, .result = failure)
#define SITE(routine, failure) SITE_IF(routine, failure, NULL)
#include "host/verifier/before_list.h"
};
enum { BEFORE_COUNT = RTL_NUMBER_OF(all_checks) };

/* The next check of the same routine, where checks count from 1; 0: none. Constants of the process,
 * set while drivers are bound, always to the same. */
static USHORT following[BEFORE_COUNT];

static BOOLEAN site_allows(const struct before *before, struct verifier_call *call)
{
    if (before->may_fail && !before->may_fail(call->arguments))
        return TRUE;
    if (!verifier_site_fails(before->name, call->caller))
        return TRUE;
    if (before->result == RAISES)
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    call->result = before->result;
    return FALSE;
}

static BOOLEAN allows(const struct before *before, struct verifier_call *call)
{
    if (before->is_site && !site_allows(before, call))
        return FALSE;
    return !before->check || before->check(call);
}

static BOOLEAN same_text(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static ULONG find(const char *name, ULONG after)
{
    for (ULONG i = after; i < BEFORE_COUNT; i++)
        if (same_text(all_checks[i].name, name))
            return i + 1;
    return 0;
}

ULONG verifier_first_check(const char *name)
{
    ULONG first = find(name, 0);
    for (ULONG check = first, next; check; check = next) {
        next = find(name, check);
        __atomic_store_n(&following[check - 1], (USHORT)next, __ATOMIC_RELAXED);
    }
    return first;
}

BOOLEAN verifier_before(ULONG first, struct verifier_call *call)
{
    for (ULONG check = first; check; check = following[check - 1])
        if (!allows(&all_checks[check - 1], call))
            return FALSE;
    return TRUE;
}
