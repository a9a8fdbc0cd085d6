#include "cli/check/reproduce.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/check/lines.h"
#include "cli/command.h"
#include "cli/memory.h"

enum { MOST_TRIES = 200, FEW_TRIES = 8 };

struct reduction {
    const struct case_target *target;
    const struct found *found;
    struct budget *budget;
    struct case_result *result;
    struct lines lines;
    bool *keep;
    unsigned tries; /* that are left */
};

static bool still_found(struct reduction *reduction)
{
    if (reduction->tries == 0 || !budget_allows(reduction->budget, "shortening scripts"))
        return false;
    char *script = lines_join(&reduction->lines, reduction->keep);
    bool matches;

    reduction->tries--;
    matches = case_run(reduction->target, script, &reduction->found->variant, reduction->result) &&
              findings_match(reduction->found, reduction->result);
    free(script);
    return matches;
}

/* Leaves count lines from first on out, if the finding does not need them. */
static bool leave_out(struct reduction *reduction, size_t first, size_t count)
{
    bool *before = memory_allocate(count);
    bool any = false;

    if (first + count > reduction->lines.count)
        count = reduction->lines.count - first;
    memcpy(before, reduction->keep + first, count);
    for (size_t i = 0; i < count; i++)
        any = any || before[i];
    memset(reduction->keep + first, 0, count);
    bool fine = any && still_found(reduction);
    if (!fine)
        memcpy(reduction->keep + first, before, count);
    free(before);
    return fine;
}

/* Halves, quarters ... single lines, as long as something goes. */
static void reduce(struct reduction *reduction)
{
    for (size_t size = (reduction->lines.count + 1) / 2; size > 0; size /= 2)
        for (size_t first = 0; first < reduction->lines.count && reduction->tries; first += size)
            (void)leave_out(reduction, first, size);
}

static bool is_setting(const char *line)
{
    return strncmp(line, "open ", 5) == 0 || strncmp(line, "guard ", 6) == 0;
}

/* Keeps the lines from first to before end, and in front of them what opens and sets. */
static bool try_range(struct reduction *reduction, size_t first, size_t end)
{
    bool *keep = reduction->keep, *before = memory_allocate(reduction->lines.count + 1);
    bool has_open = false;

    memcpy(before, keep, reduction->lines.count);
    memset(keep, false, reduction->lines.count);
    for (size_t i = first; i < end; i++)
        keep[i] = true;
    for (size_t i = first; i-- > 0;) {
        bool opens = strncmp(reduction->lines.lines[i], "open ", 5) == 0;
        keep[i] = is_setting(reduction->lines.lines[i]) && !(opens && has_open);
        has_open = has_open || opens;
    }
    bool fine = still_found(reduction);
    if (!fine)
        memcpy(keep, before, reduction->lines.count);
    free(before);
    return fine;
}

/* Most mistakes need the last few calls only: that is tried before anything is searched. */
static bool keep_tail(struct reduction *reduction, size_t end)
{
    for (size_t count = 1; count <= end; count *= 4)
        if (try_range(reduction, end - count, end))
            return true;
    return false;
}

/* What shows at the unload came from one call as a rule. False: nothing is known to show it. */
static bool narrow(struct reduction *reduction)
{
    size_t first = 0, end = reduction->lines.count;

    if (!still_found(reduction))
        return false;
    while (end - first > 1) {
        size_t middle = first + (end - first) / 2;
        if (try_range(reduction, first, middle))
            end = middle;
        else if (try_range(reduction, middle, end))
            first = middle;
        else
            break;
    }
    return true;
}

static bool has_few_tries(const struct found *found)
{
    static const char end[] = "stuck"; /* the rules that cost seconds each time */
    const char *rule = found->finding.rule.identifier;
    size_t length = strlen(rule), wanted = sizeof end - 1;

    return length >= wanted && strcmp(rule + length - wanted, end) == 0;
}

void reproduce_minimise(const struct case_target *target, struct found *found,
                        struct budget *budget, struct case_result *result)
{
    struct reduction reduction = {.target = target,
                                  .found = found,
                                  .budget = budget,
                                  .result = result,
                                  .tries = has_few_tries(found) ? FEW_TRIES : MOST_TRIES};

    lines_read(&reduction.lines, found->script);
    size_t count = reduction.lines.count;
    reduction.keep = memory_allocate(count + 1);
    memset(reduction.keep, true, count);
    if ((found->line && found->line <= count && keep_tail(&reduction, found->line)) ||
        narrow(&reduction))
        reduce(&reduction);
    char *script = lines_join(&reduction.lines, reduction.keep);
    free(found->script);
    found->script = script;
    free(reduction.keep);
    lines_free(&reduction.lines);
}

static void write_heading(FILE *file, const struct case_target *target, const struct found *found)
{
    const struct sb_finding *finding = &found->finding;

    fprintf(file, "# %s: %s\n# %s\n", finding->rule.identifier, finding->rule.title,
            finding->message);
    if (finding->module[0])
        fprintf(file, "# at %s+0x%" PRIx64 " %s\n", finding->module, finding->offset,
                finding->function);
    fprintf(file, "# sysbuf check");
    if (found->variant.fail_site)
        fprintf(file, " --fail-site 0x%" PRIx64, found->variant.fail_site);
    if (found->variant.seed)
        fprintf(file, " --replay %s", found->variant.seed);
    fprintf(file, " %s THIS_FILE\n", target->drivers[0]);
}

bool reproduce_write(const struct case_target *target, struct found *found, unsigned number,
                     const char *folder)
{
    char name[4096];

    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        command_fail("%s cannot be made: %s", folder, strerror(errno));
        return false;
    }
    snprintf(name, sizeof name, "%s/%u-%s.script", folder, number, found->finding.rule.identifier);
    FILE *file = fopen(name, "we");
    if (!file) {
        command_fail("%s cannot be written: %s", name, strerror(errno));
        return false;
    }
    write_heading(file, target, found);
    fputs(found->script, file);
    bool fine = !ferror(file);
    if (fclose(file) != 0 || !fine) {
        command_fail("%s cannot be written: %s", name, strerror(errno));
        return false;
    }
    found->reproducer = memory_copy_text(name);
    return true;
}
