/* Calls of a user who is no administrator: what a driver does on behalf of one with the kernel's
 * rights, and names of files and numbers of processes to do it with. */
#include <inttypes.h>

#include "cli/check/parts.h"

static const char phase[] = "an ordinary user";

static void add_calls(const struct workload *workload, struct lines *body,
                      const struct entrance *entrance)
{
    static const char *const contents[] = {
        "fill 64 0x41",
        "u64 0x41414141 zeros 56",
        "utf16 \"\\\\??\\\\C:\\\\sysbuf.txt\"",
        "utf16 \"\\\\??\\\\C:\\\\sysbuf.txt\" zeros 600",
        "text \"\\\\??\\\\C:\\\\sysbuf.txt\" zeros 600",
        "text \"sysbuf.txt\" zeros 600",
    };

    for (size_t i = 0; i < entrance->good.count; i++)
        lines_add(body, "%s", entrance->good.lines[i]);
    for (size_t i = 0; !entrance->is_read && i < sizeof contents / sizeof *contents; i++)
        lines_add(body, entrance->is_write ? "%s %s" : "%s in %s out 256", entrance->call,
                  contents[i]);
    for (uint32_t i = 0; !entrance->is_read && !entrance->is_write && i < workload->number_count;
         i++)
        lines_add(body, "%s in u%u 0x%" PRIx64 " fill 60 0x41 out 256", entrance->call,
                  workload->numbers[i].size * 8u, workload->numbers[i].value);
}

void part_ordinary(struct workload *workload, struct device *device)
{
    struct lines prologue = {0}, body = {0};

    progress_show(workload->progress, phase, device->open);
    lines_add(&prologue, "as user");
    lines_add(&prologue, "%s", device->open);
    for (size_t i = 0; i < device->entrance_count; i++)
        add_calls(workload, &body, &device->entrances[i]);
    workload_sample(workload, phase, &prologue, &body, NULL, NULL);
    lines_free(&prologue);
    lines_free(&body);
}
