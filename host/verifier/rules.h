/*
 * The rules, in Microsoft's terms: what Driver Verifier, the kernel's own checks or the DDI rules
 * call the mistake, so that a driver's author can look it up. One row a rule; a rule of the host
 * alone has bug check 0.
 *
 * RULE(name, identifier, class, bug check, parameter 1, title, what Windows would do, document)
 * class: SB_VERIFY_* of include/sysbuf/host.h that turns the rule on.
 */
#ifndef SYSBUF_HOST_VERIFIER_RULES_H
#define SYSBUF_HOST_VERIFIER_RULES_H

#define VERIFIER_DOCUMENTS "https://learn.microsoft.com/windows-hardware/drivers/"
#define BUG_CHECK_DOCUMENT VERIFIER_DOCUMENTS "debugger/bug-check-"
#define DOCUMENT_C4        BUG_CHECK_DOCUMENT "0xc4--driver-verifier-detected-violation"
#define DOCUMENT_C9        BUG_CHECK_DOCUMENT "0xc9--driver-verifier-iomanager-violation"

/* One file a group of rules, each a list of RULE rows. */
enum verifier_rule {
#define RULE(name, identifier, class, bug_check, parameter, title, windows, document) name,
#include "host/verifier/rules_list.h"
#undef RULE
    VERIFIER_RULE_COUNT
};

struct verifier_rule_description {
    const char *identifier; /* kebab-case, stable: reports and tests name it */
    unsigned class;
    unsigned bug_check;
    unsigned parameter;
    const char *title;
    const char *windows;
    const char *document;
};

const struct verifier_rule_description *verifier_describe_rule(enum verifier_rule rule);

#endif
