#include "cli/check/rules.h"

#include <stdio.h>
#include <sysbuf/host.h>

#include "cli/exit_codes.h"
#include "cli/names.h"

static const char *class_name(uint32_t verify)
{
    static const struct {
        uint32_t verify;
        const char *name;
    } classes[] = {
        {SB_VERIFY_POOL, "pool"}, {SB_VERIFY_IRQL, "irql"},   {SB_VERIFY_LOCKS, "locks"},
        {SB_VERIFY_IRP, "irp"},   {SB_VERIFY_REPLY, "reply"}, {SB_VERIFY_OBJECTS, "objects"},
        {SB_VERIFY_MDL, "mdl"},   {SB_VERIFY_USER, "user"},   {SB_VERIFY_UNLOAD, "unload"},
    };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (classes[i].verify == verify)
            return classes[i].name;
    return "other";
}

/* Title and document may be grepped for: a line each. */
static void show(const struct sb_rule *rule)
{
    const char *name = bug_check_name(rule->bug_check);

    printf("%s (%s)\n    %s\n", rule->identifier, class_name(rule->verify), rule->title);
    if (rule->bug_check)
        printf("    bug check 0x%X %s, parameter 1: 0x%X\n", (unsigned)rule->bug_check,
               name ? name : "", (unsigned)rule->bug_check_parameter);
    else
        puts("    no bug check of Windows'");
    printf("    %s\n", rule->document);
}

int rules_show(void)
{
    struct sb_rule rule;

    for (uint32_t i = 0; sb_rule(i, &rule); i++)
        show(&rule);
    return EXIT_FINE;
}
