/*
 * Some of the calls once more, on machines that show what the others hide. Pool blocks begin at a
 * page without access, where elsewhere they end at one; and unwritten memory holds one thing or
 * another by turns, so that a reply that lets it through, as it is or computed with, differs.
 */
#include "cli/check/parts.h"

static const char phase[] = "a second look";

void part_second_look(struct workload *workload, const struct device *device,
                      const struct entrance *entrance)
{
    static const struct case_variant variant = {.has_underruns = true, .is_compared = true};
    struct lines prologue = {0}, body = {0};

    progress_show(workload->progress, phase, entrance->call);
    part_begin(&prologue, device);
    for (size_t i = 0; i < entrance->good.count; i++)
        lines_add(&body, "%s", entrance->good.lines[i]);
    for (size_t i = 0; i < ANSWERED && entrance->answered[i]; i++)
        lines_add(&body, "%s", entrance->answered[i]);
    part_add_boundaries(&body, entrance);
    workload->variant = &variant;
    workload_sample(workload, phase, &prologue, &body, NULL, NULL);
    workload->variant = NULL;
    lines_free(&prologue);
    lines_free(&body);
}
