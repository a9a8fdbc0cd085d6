/* The limits of IRQLs, and what is said of calls outside them. */
#include <sysbuf/host.h>

#include "host/ke/thread.h"
#include "host/verifier/before.h"
#include "host/verifier/irql.h"
#include "host/verifier/state.h"

/* ---- what depends on the arguments ---- */
static BOOLEAN waits(const void *timeout)
{
    const LARGE_INTEGER *interval = timeout;
    PKTHREAD thread = &current_thread()->Tcb;
    if (thread->wait_next && thread->wait_next_irql < DISPATCH_LEVEL)
        return FALSE; /* KeSetEvent with Wait=TRUE raised the IRQL for this wait */
    return !interval || interval->QuadPart != 0 || KeGetCurrentIrql() > DISPATCH_LEVEL;
}

static BOOLEAN single_wait_blocks(const struct verifier_call *call)
{
    return waits((const void *)call->arguments[4]);
}

static BOOLEAN multiple_wait_blocks(const struct verifier_call *call)
{
    return waits((const void *)call->arguments[6]);
}

static BOOLEAN locks_user_pages(const struct verifier_call *call)
{
    return (UCHAR)call->arguments[1] != KernelMode || KeGetCurrentIrql() > DISPATCH_LEVEL;
}

/* %ws, %wc, %wZ, %ls, %lc, %S, %C convert characters by pageable tables. */
static BOOLEAN has_unicode(const char *format)
{
    for (; *format; format++) {
        if (*format != '%')
            continue;
        do
            format++;
        while ((*format >= '0' && *format <= '9') || *format == '-' || *format == '.' ||
               *format == '*' || *format == '+' || *format == ' ' || *format == '#');
        BOOLEAN wide = *format == 'w' || *format == 'l';
        format += wide;
        if (*format == 'S' || *format == 'C' ||
            (wide && (*format == 's' || *format == 'c' || *format == 'Z')))
            return TRUE;
        if (!*format)
            return FALSE;
    }
    return FALSE;
}

static BOOLEAN first_has_unicode(const struct verifier_call *call)
{
    return has_unicode((const char *)call->arguments[0]);
}

static BOOLEAN third_has_unicode(const struct verifier_call *call)
{
    return has_unicode((const char *)call->arguments[2]);
}

static const struct irql_limit limits[] = {
#define IRQL(rule, name, minimum, maximum, applies) {name, rule, minimum, maximum, applies},
#include "host/verifier/irql_list.h"
#undef IRQL
};

static BOOLEAN matches(const char *pattern, const char *name)
{
    while (*pattern && *pattern == *name) {
        pattern++;
        name++;
    }
    return *pattern == '*' || *pattern == *name;
}

const struct irql_limit *verifier_irql_limit(const char *name)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(limits); i++)
        if (matches(limits[i].name, name))
            return &limits[i];
    return NULL;
}

/* ---- reporting ---- */
const char *verifier_irql_name(KIRQL irql)
{
    switch (irql) {
    case PASSIVE_LEVEL:
        return "PASSIVE_LEVEL";
    case APC_LEVEL:
        return "APC_LEVEL";
    case DISPATCH_LEVEL:
        return "DISPATCH_LEVEL";
    default:
        return irql > HIGH_LEVEL ? "no IRQL" : "a device's IRQL";
    }
}

void verifier_irql_wrong(const struct irql_limit *limit, const struct verifier_call *call)
{
    KIRQL irql = KeGetCurrentIrql();
    ULONG_PTR parameters[3] = {irql, (ULONG_PTR)call->caller};

    if (!verifier_checks(SB_VERIFY_IRQL) || (limit->applies && !limit->applies(call)))
        return;
    if (irql < limit->minimum)
        verifier_report(limit->rule, call->caller, parameters,
                        "%s was called at %s (%u); it needs %s", call->routine,
                        verifier_irql_name(irql), irql, verifier_irql_name(limit->minimum));
    else
        verifier_report(limit->rule, call->caller, parameters,
                        "%s was called at %s (%u); %s is the highest at which it may be",
                        call->routine, verifier_irql_name(irql), irql,
                        verifier_irql_name(limit->maximum));
}
