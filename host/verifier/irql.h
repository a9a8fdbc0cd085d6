/* At which IRQL a driver calls what, by irql_list.h; IRQLs in sentences. */
#ifndef SYSBUF_HOST_VERIFIER_IRQL_H
#define SYSBUF_HOST_VERIFIER_IRQL_H

#include "host/verifier/rules.h"
#include "host/nt.h"

struct verifier_call;

struct irql_limit {
    const char *name;
    enum verifier_rule rule;
    KIRQL minimum, maximum;
    /* NULL, or whether a call outside the limits is a mistake. */
    BOOLEAN (*applies)(const struct verifier_call *call);
};

/* The limits of a routine; NULL: none. */
const struct irql_limit *verifier_irql_limit(const char *name);
/* A call outside the limits: reports it where it is a mistake. */
void verifier_irql_wrong(const struct irql_limit *limit, const struct verifier_call *call);

const char *verifier_irql_name(KIRQL irql);

#endif
