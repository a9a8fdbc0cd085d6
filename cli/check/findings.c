#include "cli/check/findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/exit_codes.h"
#include "cli/memory.h"
#include "cli/names.h"
#include "cli/run/session.h"

/* What no rule of the host has: how a case ended. */
static const struct sb_rule bug_check_rule = {
    .identifier = "bug-check",
    .title = "The driver stopped the machine",
    .windows = "A blue screen with this bug check.",
    .document = "https://learn.microsoft.com/windows-hardware/drivers/debugger/"
                "bug-check-code-reference2",
};
static const struct sb_rule stuck_rule = {
    .identifier = "stuck",
    .title = "A call never came back from the driver",
    .windows = "The calling thread, and with it its process, cannot be ended.",
    .document = "https://learn.microsoft.com/windows-hardware/drivers/kernel/"
                "introduction-to-canceling-irps",
};
static const struct sb_rule deadlock_rule = {
    .identifier = "deadlock",
    .title = "No thread could go on: each waits for another",
    .windows = "The threads, and whoever waits for them, hang for ever.",
    .document = "https://learn.microsoft.com/windows-hardware/drivers/kernel/"
                "preventing-errors-and-deadlocks-while-using-spin-locks",
};
static const struct sb_rule endless_rule = {
    .identifier = "endless",
    .title = "The driver does not come to an end",
    .windows = "A processor is busy for ever; at DISPATCH_LEVEL the watchdog stops Windows.",
    .document = "https://learn.microsoft.com/windows-hardware/drivers/debugger/"
                "bug-check-0x133-dpc-watchdog-violation",
};
static const struct sb_rule crash_rule = {
    .identifier = "host-crash",
    .title = "The host itself crashed",
    .windows = "Not known: this is a mistake of sysbuf. Please report it with the script.",
    .document = "",
};

void findings_begin(struct findings *findings)
{
    *findings = (struct findings){.last = &findings->first};
}

void findings_end(struct findings *findings)
{
    while (findings->first) {
        struct found *found = findings->first;
        findings->first = found->next;
        free(found->stack);
        free(found->description);
        free(found->script);
        free(found->seed);
        free(found->reproducer);
        free(found);
    }
}

/* A line is one place, though compilers make several instructions of it. */
static bool same_place(const struct sb_finding *one, const struct sb_finding *other)
{
    if (strcmp(one->module, other->module) != 0)
        return false;
    if (one->line > 0 && one->line == other->line &&
        strcmp(one->source_file, other->source_file) == 0)
        return true;
    return one->offset == other->offset;
}

/* Two findings are the same when rule and place are: how often, with which values and after which
 * request does not matter. Where no driver was on the stack the message has to tell. */
static bool same(const struct sb_finding *one, const struct sb_finding *other)
{
    return strcmp(one->rule.identifier, other->rule.identifier) == 0 &&
           one->subject == other->subject && same_place(one, other) &&
           (one->module[0] || strcmp(one->message, other->message) == 0);
}

static bool is_known(const struct findings *findings, const struct sb_finding *finding)
{
    for (const struct found *each = findings->first; each; each = each->next)
        if (same(&each->finding, finding))
            return true;
    return false;
}

static struct found *add(struct findings *findings, const struct sb_finding *finding,
                         const char *stack, const char *script, const struct case_variant *variant,
                         const char *seed, const char *phase)
{
    struct found *found = memory_allocate(sizeof *found);

    found->finding = *finding;
    found->stack = memory_copy_text(stack);
    found->script = memory_copy_text(script);
    found->line = (unsigned)finding->request;
    found->variant = variant ? *variant : (struct case_variant){0};
    found->variant.schedules = 0; /* one is enough now: */
    found->seed = seed ? memory_copy_text(seed) : NULL;
    found->variant.seed = found->seed;
    found->phase = phase;
    *findings->last = found;
    findings->last = &found->next;
    findings->count++;
    return found;
}

static void locate_stop(struct sb_finding *finding, const struct sb_place *place)
{
    memcpy(finding->module, place->module, sizeof finding->module);
    memcpy(finding->function, place->function, sizeof finding->function);
    memcpy(finding->source_file, place->source_file, sizeof finding->source_file);
    finding->offset = place->offset;
    finding->line = place->line;
}

static void describe_stop(struct sb_finding *finding, const struct case_result *result)
{
    const struct sb_bug_check *stop = &result->bug_check;
    const char *name = bug_check_name(stop->code);
    const char *reason;
    int length = 0;

    finding->rule = stop->code == SB_STOP_DEADLOCK  ? deadlock_rule
                    : stop->code == SB_STOP_ENDLESS ? endless_rule
                                                    : bug_check_rule;
    if (finding->rule.identifier == bug_check_rule.identifier) {
        finding->rule.bug_check = stop->code;
        finding->rule.bug_check_parameter = (uint32_t)stop->parameters[0];
    }
    memcpy(finding->parameters, stop->parameters, sizeof finding->parameters);
    reason = stop_reason(result->stop_description, &length);
    snprintf(finding->message, sizeof finding->message, "bug check %s (0x%08x)%s%.*s",
             name ? name : "", stop->code, reason ? ": " : "", length, reason ? reason : "");
    locate_stop(finding, &stop->driver);
}

/* What Windows stops with when nobody handles a fault. */
static bool is_unhandled_fault(uint32_t code)
{
    static const uint32_t codes[] = {0x0A, 0x1E, 0x3B, 0x50, 0x7E, 0xBE,
                                     0xCC, 0xCD, 0xD1, 0xD5, 0xD6, 0xFC};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

/* A stop that a rule has told of or foreseen, or that followed in the same request from what a rule
 * found, is that rule's finding, not one of its own. */
static bool is_foreseen(const struct case_result *result)
{
    const struct sb_finding *last =
        result->finding_count ? &result->findings[result->finding_count - 1].finding : NULL;

    if (result->bug_check.is_reported)
        return true;
    if (last && last->rule.bug_check && last->request == result->line &&
        is_unhandled_fault(result->bug_check.code))
        return true;
    for (uint32_t i = 0; i < result->finding_count; i++)
        if (result->findings[i].finding.rule.bug_check == result->bug_check.code)
            return true;
    return false;
}

/* What the way in which a case ended says; false: nothing. */
static bool finding_of_end(const struct case_result *result, struct sb_finding *finding)
{
    *finding = (struct sb_finding){.count = 1, .request = result->line};
    switch (result->end) {
    case CASE_STOPPED:
        describe_stop(finding, result);
        return !is_foreseen(result);
    case CASE_STUCK:
        finding->rule = stuck_rule;
        snprintf(finding->message, sizeof finding->message, "%s did not come back",
                 result->line ? "the call" : "the end of the processes or the unload");
        return true;
    case CASE_CRASHED:
        finding->rule = crash_rule;
        snprintf(finding->message, sizeof finding->message, "the host did not survive: %.300s",
                 result->output);
        return true;
    default:
        return false;
    }
}

unsigned findings_take(struct findings *findings, const struct case_result *result,
                       const char *script, const struct case_variant *variant, const char *phase)
{
    const char *seed = result->seed[0] ? result->seed : variant ? variant->seed : NULL;
    unsigned before = findings->count;
    struct sb_finding end;

    for (uint32_t i = 0; i < result->finding_count; i++)
        if (!is_known(findings, &result->findings[i].finding))
            (void)add(findings, &result->findings[i].finding, result->findings[i].stack, script,
                      variant, seed, phase);
    if (finding_of_end(result, &end) && !is_known(findings, &end)) {
        struct found *found = add(findings, &end, "", script, variant, seed, phase);
        if (result->end == CASE_STOPPED)
            found->description = memory_copy_text(result->stop_description);
    }
    return findings->count - before;
}

bool findings_match(const struct found *found, const struct case_result *result)
{
    struct sb_finding end;

    for (uint32_t i = 0; i < result->finding_count; i++)
        if (same(&found->finding, &result->findings[i].finding))
            return true;
    return finding_of_end(result, &end) && same(&found->finding, &end);
}
