#include <sysbuf/host.h>

#include "host/nt.h"
#include "host/verifier/rules.h"

static const struct verifier_rule_description rules[] = {
#define RULE(name, identifier, class, bug_check, parameter, title, windows, document) \
    {identifier, class, bug_check, parameter, title, windows, document},
#include "host/verifier/rules_list.h"
#undef RULE
};

const struct verifier_rule_description *verifier_describe_rule(enum verifier_rule rule)
{
    return &rules[rule];
}

bool sb_rule(uint32_t index, struct sb_rule *rule)
{
    if (index >= VERIFIER_RULE_COUNT)
        return false;
    *rule = (struct sb_rule){rules[index].identifier, rules[index].class, rules[index].bug_check,
                             rules[index].parameter,  rules[index].title, rules[index].windows,
                             rules[index].document};
    return true;
}
