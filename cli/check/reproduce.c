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

enum { MOST_TRIES = 200 };

struct reduction {
    const struct case_target *target;
    const struct found *found;
    struct case_result *result;
    struct lines lines;
    bool *keep;
    unsigned tries;
};

static bool still_found(struct reduction *reduction)
{
    char *script = lines_join(&reduction->lines, reduction->keep);
    bool matches;

    reduction->tries++;
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
        for (size_t first = 0; first < reduction->lines.count && reduction->tries < MOST_TRIES;
             first += size)
            (void)leave_out(reduction, first, size);
}

static bool is_setting(const char *line)
{
    return strncmp(line, "open ", 5) == 0 || strncmp(line, "guard ", 6) == 0;
}

/* Keeps lines from first on to the one where it happened, and before them what opens and sets. */
static bool try_tail(struct reduction *reduction, size_t first, size_t last)
{
    bool *keep = reduction->keep, *before = memory_allocate(reduction->lines.count + 1);
    bool has_open = false;

    memcpy(before, keep, reduction->lines.count);
    memset(keep, false, reduction->lines.count);
    for (size_t i = first; i <= last; i++)
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
static void keep_tail(struct reduction *reduction, size_t last)
{
    for (size_t count = 1; count <= last; count *= 4)
        if (try_tail(reduction, last + 1 - count, last))
            return;
}

void reproduce_minimise(const struct case_target *target, struct found *found,
                        struct case_result *result)
{
    struct reduction reduction = {.target = target, .found = found, .result = result};

    lines_read(&reduction.lines, found->script);
    size_t count = reduction.lines.count;
    reduction.keep = memory_allocate(count + 1);
    memset(reduction.keep, true, count);
    if (still_found(&reduction)) {
        if (found->line && found->line < count)
            (void)leave_out(&reduction, found->line, count - found->line);
        if (found->line && found->line <= count)
            keep_tail(&reduction, found->line - 1);
        reduce(&reduction);
    }
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
