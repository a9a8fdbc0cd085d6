/* sysbuf check: a driver with all rules on, by a script or by a workload of its own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/check/options.h"
#include "cli/check/report.h"
#include "cli/check/reproduce.h"
#include "cli/check/resources.h"
#include "cli/check/workload.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/memory.h"

/* Of the budget, in percent: when each stage must have ended. */
enum { WORKLOAD_SHARE = 70, RESOURCES_SHARE = 85 };

struct check {
    struct check_options options;
    struct findings findings;
    struct budget budget;
    struct progress progress;
    struct case_result *result;
    struct workload workload;
    struct resources resources;
    char *script; /* the text; NULL: the workload */
    unsigned machines, calls;
};

/* ---- by a script ---- */
static int read_script(struct check *check)
{
    const char *path = check->options.script;
    bool is_input = path && strcmp(path, "-") == 0;
    struct file_contents text;
    const char *reason;

    check->options.target.script_name = is_input ? "standard input" : path ? path : "";
    check->options.target.script_path = is_input ? NULL : path;
    if (!path)
        return EXIT_FINE;
    if (is_input ? !file_read_standard_input(&text, &reason) : !file_read(path, &text, &reason))
        return command_fail("%s: %s", path, reason);
    check->script = memory_allocate(text.length + 1);
    memcpy(check->script, text.bytes, text.length);
    free(text.bytes);
    return EXIT_FINE;
}

/* What kept a case from being played at all. */
static int fail_case(const struct check *check)
{
    progress_end(&check->progress);
    fputs(check->result->output, stderr);
    return EXIT_UNUSABLE;
}

static bool is_unusable(const struct check *check)
{
    return check->result->end == CASE_UNUSABLE ||
           (check->result->end == CASE_NOT_STARTED && check->findings.count == 0);
}

static int check_script(struct check *check)
{
    progress_show(&check->progress, "playing", check->options.target.script_name);
    if (!case_run(&check->options.target, check->script, &check->options.variant, check->result))
        return command_fail("Linux starts no more processes");
    check->machines++;
    findings_take(&check->findings, check->result, check->script, &check->options.variant,
                  "script");
    return is_unusable(check) ? fail_case(check) : EXIT_FINE;
}

/* What threads that the script starts do is not the same each time, and a call that does not come
 * back is not waited for again. */
static bool can_look_again(const struct check *check)
{
    return !strstr(check->script, "async") && check->result->end != CASE_STUCK;
}

/* The same script where memory is laid out and filled in another way. */
static void look_again(struct check *check)
{
    const struct case_variant variant = {.has_underruns = true, .is_compared = true};

    progress_show(&check->progress, "playing again", check->options.target.script_name);
    if (!case_run(&check->options.target, check->script, &variant, check->result))
        return;
    check->machines++;
    findings_take(&check->findings, check->result, check->script, &variant, "a second look");
}

/* The same script under other schedules of the machine's threads. */
static void try_schedules(struct check *check)
{
    struct case_variant variant = {.schedules = check->options.schedules,
                                   .preemptions = check->options.preemptions};

    progress_show(&check->progress, "trying schedules", "");
    if (!case_run(&check->options.target, check->script, &variant, check->result))
        return;
    check->machines++;
    check->workload.schedules_tried += check->result->schedules;
    findings_take(&check->findings, check->result, check->script, &variant, "schedules");
}

/* ---- without one ---- */
static int check_driver(struct check *check)
{
    struct workload *workload = &check->workload;

    workload->target = &check->options.target;
    workload->findings = &check->findings;
    workload->result = check->result;
    workload->budget = &check->budget;
    workload->progress = &check->progress;
    workload->schedules = check->options.schedules;
    workload->preemptions = check->options.preemptions;
    progress_show(&check->progress, "starting", check->options.target.drivers[0]);
    if (!workload_discover(workload) && is_unusable(check))
        return fail_case(check);
    workload_run(workload);
    return EXIT_FINE;
}

/* ---- low resources: by the script, or by one call of each kind ---- */
static char *summary_script(const struct workload *workload)
{
    struct lines lines = {0};

    for (size_t i = 0; i < workload->device_count; i++) {
        const struct device *device = &workload->devices[i];
        lines_add(&lines, "%s", device->open);
        for (size_t k = 0; k < device->entrance_count; k++)
            if (device->entrances[k].good.count)
                lines_add(&lines, "%s", device->entrances[k].good.lines[0]);
        lines_add(&lines, "close d");
    }
    char *script = lines_join(&lines, NULL);
    lines_free(&lines);
    return script;
}

static void try_low_resources(struct check *check)
{
    struct resources *resources = &check->resources;
    char *script =
        check->script ? memory_copy_text(check->script) : summary_script(&check->workload);

    resources->target = &check->options.target;
    resources->findings = &check->findings;
    resources->result = check->result;
    resources->budget = &check->budget;
    resources->progress = &check->progress;
    resources_try(resources, script);
    free(script);
}

/* ---- what was found ---- */
static char *reproducer_folder(const struct check *check)
{
    const char *path = check->options.target.drivers[0];
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    char *folder;

    if (check->options.reproducers)
        return memory_copy_text(check->options.reproducers);
    if (asprintf(&folder, "%.*s.findings", (int)strcspn(name, "."), name) < 0)
        return NULL;
    return folder;
}

static bool reproduce_all(struct check *check)
{
    char *folder = reproducer_folder(check);
    unsigned number = 0;
    bool fine = folder != NULL;

    for (struct found *each = check->findings.first; each && fine; each = each->next) {
        progress_show(&check->progress, "shortening the script of", each->finding.rule.identifier);
        if (budget_allows(&check->budget, "shortening scripts"))
            reproduce_minimise(&check->options.target, each, &check->budget, check->result);
        if (check->options.writes_reproducers)
            fine = reproduce_write(&check->options.target, each, ++number, folder);
    }
    free(folder);
    return fine;
}

static unsigned count_entrances(const struct workload *workload)
{
    unsigned count = 0;

    for (size_t i = 0; i < workload->device_count; i++)
        count += (unsigned)workload->devices[i].entrance_count;
    return count;
}

static int report_all(struct check *check)
{
    struct check_summary summary = {
        .driver = check->options.target.drivers[0],
        .devices = (unsigned)check->workload.device_count,
        .entrances = count_entrances(&check->workload),
        .calls = check->workload.calls,
        .machines = check->machines + check->workload.cases + check->resources.cases,
        .sites = (unsigned)check->resources.tried,
        .schedules = check->workload.schedules_tried,
        .budget = &check->budget,
    };
    bool fine = true;

    progress_end(&check->progress);
    if (!check->options.is_quiet || check->findings.count)
        report_findings(&check->findings, &summary);
    for (int i = 0; i < check->options.report_count; i++)
        fine = report_write(check->options.reports[i], &check->findings, &summary) && fine;
    return !fine ? EXIT_UNUSABLE : check->findings.count ? EXIT_FINDINGS : EXIT_FINE;
}

/* One variant alone is asked for. */
static bool is_replay(const struct check *check)
{
    return check->options.variant.fail_site || check->options.variant.seed;
}

static int run(struct check *check)
{
    int code = read_script(check);

    if (code != EXIT_FINE)
        return code;
    budget_stage(&check->budget, WORKLOAD_SHARE);
    code = check->script ? check_script(check) : check_driver(check);
    if (code != EXIT_FINE)
        return code;
    budget_stage(&check->budget, RESOURCES_SHARE);
    if (check->script && !is_replay(check) && can_look_again(check))
        look_again(check);
    if (check->script && check->options.schedules && !is_replay(check))
        try_schedules(check);
    if (check->options.tries_low_resources && !is_replay(check))
        try_low_resources(check);
    budget_stage(&check->budget, 100);
    if (!reproduce_all(check))
        return EXIT_UNUSABLE;
    return report_all(check);
}

int check_command(int count, char **arguments)
{
    struct check check = {0};
    bool is_answered;
    int code = check_options_read(count, arguments, &check.options, &is_answered);

    if (code != EXIT_FINE || is_answered)
        return code;
    findings_begin(&check.findings);
    budget_begin(&check.budget, check.options.budget);
    check.progress = (struct progress){.is_shown = isatty(STDERR_FILENO) && !check.options.is_quiet,
                                       .budget = &check.budget,
                                       .findings = &check.findings};
    check.result = case_result_create();
    if (!check.result)
        return command_fail("there is no memory for results: %s", strerror(errno));
    code = run(&check);
    workload_free(&check.workload);
    resources_free(&check.resources);
    findings_end(&check.findings);
    free(check.script);
    case_result_free(check.result);
    return code;
}
