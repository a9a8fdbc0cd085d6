#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/check/lines.h"
#include "cli/check/report.h"
#include "cli/names.h"

static void print_rule(const struct sb_finding *finding, unsigned number)
{
    const struct sb_rule *rule = &finding->rule;
    const char *name = rule->bug_check ? bug_check_name(rule->bug_check) : NULL;

    printf("%u. %s: %s\n", number, rule->identifier, rule->title);
    printf("   %s\n", finding->message);
    if (rule->bug_check)
        printf("   bug check 0x%X %s, parameters 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64
               " 0x%" PRIx64 "\n",
               rule->bug_check, name ? name : "", finding->parameters[0], finding->parameters[1],
               finding->parameters[2], finding->parameters[3]);
}

static void print_place(const struct sb_finding *finding)
{
    if (!finding->module[0]) {
        puts("   at no place in a driver");
        return;
    }
    printf("   at %s+0x%" PRIx64, finding->module, finding->offset);
    if (finding->function[0])
        printf(" in %s", finding->function);
    if (finding->source_file[0])
        printf(" (%s:%d)", finding->source_file, finding->line);
    putchar('\n');
}

/* Each line of a text, moved in. */
static void print_lines(const char *text, const char *margin)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        printf("%s%.*s\n", margin, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void print_stack(const struct found *found)
{
    const char *stack = found->stack[0] ? found->stack : NULL;

    if (!stack && found->description) {
        const char *heading = strstr(found->description, "stack, innermost first:\n");
        stack = heading ? strchr(heading, '\n') + 1 : NULL;
    }
    if (stack) {
        puts("   stack, innermost first:");
        print_lines(stack, "   ");
    }
}

/* Of a long one, which the budget did not suffice to shorten, the lines up to where it happened. */
static void print_script(const struct found *found)
{
    enum { MOST_LINES = 20 };
    struct lines lines = {0};
    size_t end, first;

    lines_read(&lines, found->script);
    end = found->line && found->line < lines.count ? found->line : lines.count;
    first = end > MOST_LINES ? end - MOST_LINES : 0;
    if (lines.count <= MOST_LINES) {
        first = 0;
        end = lines.count;
    }
    if (first)
        printf("     (behind %zu lines that are left out here)\n", first);
    for (size_t i = first; i < end; i++)
        printf("     %s\n", lines.lines[i]);
    lines_free(&lines);
}

static void print_command(const struct found *found)
{
    const struct case_variant *variant = &found->variant;

    if (variant->fail_site)
        printf("   where the allocation fails that is called 0x%" PRIx64 "\n", variant->fail_site);
    if (!found->reproducer)
        return;
    printf("   again: sysbuf check");
    if (variant->fail_site)
        printf(" --fail-site 0x%" PRIx64, variant->fail_site);
    if (variant->seed)
        printf(" --replay %s", variant->seed);
    printf(" DRIVER %s\n", found->reproducer);
}

static void print_finding(const struct found *found, unsigned number)
{
    const struct sb_finding *finding = &found->finding;

    print_rule(finding, number);
    print_place(finding);
    print_stack(found);
    if (found->script[0]) {
        puts("   by:");
        print_script(found);
    } else {
        puts("   by starting and unloading the driver");
    }
    print_command(found);
    printf("   Windows: %s\n", finding->rule.windows);
    if (finding->rule.document[0])
        printf("   see %s\n", finding->rule.document);
    putchar('\n');
}

static void print_left_out(const struct budget *budget)
{
    if (!budget->left_out_count)
        return;
    printf("left out in part, as the %u seconds of --budget were spent: ",
           (unsigned)(budget->total / 1000000000));
    for (unsigned i = 0; i < budget->left_out_count; i++)
        printf("%s%s", i ? ", " : "", budget->left_out[i]);
    putchar('\n');
}

void report_findings(const struct findings *findings, const struct check_summary *summary)
{
    unsigned number = 0;

    for (const struct found *each = findings->first; each; each = each->next)
        print_finding(each, ++number);
    printf("%s: %u finding%s; %u device%s, %u kind%s of call, %u calls on %u machines",
           summary->driver, findings->count, findings->count == 1 ? "" : "s", summary->devices,
           summary->devices == 1 ? "" : "s", summary->entrances, summary->entrances == 1 ? "" : "s",
           summary->calls, summary->machines);
    if (summary->sites)
        printf("; %u allocation site%s failed in turn", summary->sites,
               summary->sites == 1 ? "" : "s");
    if (summary->schedules)
        printf("; %" PRIu64 " schedules of threads", summary->schedules);
    putchar('\n');
    print_left_out(summary->budget);
}
